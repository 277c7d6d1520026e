"""Throw-away hosts behind ssh, and what must hold on them."""
