"""Budgets: monthly limits a category against a projection of what was spent."""
