"""A service that reads what the budget service reads and writes down what has reached it."""
