"""Migrations: what is pending, tried on a copy, judged, and then run beside the old code."""
