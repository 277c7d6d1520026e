"""The coach: insights, forecast and chat over a projection of the transactions."""
