"""One file a command: flags in, one call, text out."""
