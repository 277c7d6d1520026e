"""What every service of AI Budget Coach shares: HTTP, logs, database, events, start and stop."""
