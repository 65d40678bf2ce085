"""Spreadsheets in and out: what a sheet must hold is declared once, as a struct."""
