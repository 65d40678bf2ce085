"""A city from spreadsheets: staged, checked whole, previewed, then applied in one transaction."""
