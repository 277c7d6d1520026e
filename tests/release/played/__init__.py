"""Whole releases, played: each step of each goes wrong once."""
