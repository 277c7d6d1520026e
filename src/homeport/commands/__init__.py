"""Small functions that return a frozen Command and run nothing."""
