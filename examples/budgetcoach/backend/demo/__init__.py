"""A demo account with a year of made-up data, made through the public API like a user would."""
