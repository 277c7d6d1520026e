"""homeport: from docker compose on a laptop to production on your own server."""

__version__ = "0.1.0"
