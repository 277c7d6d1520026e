"""The inbox of each user, and e-mails about what matters."""
