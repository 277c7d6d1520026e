"""Transactions: the ledger, its categories, and the import of bank exports."""
