"""Pure analysis of a book: trends, anomalies, savings, subscriptions and the forecast. No effects."""
