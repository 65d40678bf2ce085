"""The directory from spreadsheets: its sheets, polygons, and the checks on them."""
