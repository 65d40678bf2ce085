"""The catalogue from spreadsheets: its sheets, flows, and the checks on them."""
