"""Accounts: registration, log-in, tokens, profile."""
