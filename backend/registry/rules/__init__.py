"""The registry's rules: pure functions over plain structs."""
