"""A real SMTP server for local use: it takes every e-mail and shows it, and sends nothing on."""
