"""Secrets: an age-encrypted file a person can keep in git, and the files that containers read."""
