"""The rules of evaluation: what a case's ledger lines count for, and how figures are made of it."""
