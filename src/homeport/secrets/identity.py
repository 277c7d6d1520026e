"""The operator's age identity: the private key that opens the secret files, kept outside of every project."""

from __future__ import annotations

import os
from pathlib import Path

from pyrage import x25519

from homeport.errors import SecretError
from homeport.files import write_atomically


def identity_path() -> Path:
    """$HOMEPORT_IDENTITY, or identity.txt in the user's configuration folder (XDG)."""
    given = os.environ.get("HOMEPORT_IDENTITY")
    base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return Path(given) if given else base / "homeport" / "identity.txt"


def load_identity(create: bool = False) -> x25519.Identity:
    """The identity; made (mode 0600) when it is missing and `create` is set."""
    path = identity_path()
    if not path.exists():
        if not create:
            raise SecretError(
                f"{path}: no age identity, so the secrets cannot be read",
                "Run `homeport secrets init ENV` to make one, or copy your team's file there and chmod 600 it.",
            )
        made = x25519.Identity.generate()
        write_atomically(path, f"# public key: {made.to_public()}\n{made}\n", 0o600)
        return made
    if path.stat().st_mode & 0o077:
        raise SecretError(f"{path}: others can read this private key", f"chmod 600 {path}")
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    try:
        return x25519.Identity.from_str(lines[0].strip())
    except Exception as fault:
        raise SecretError(
            f"{path}: not an age identity", "It must hold one line AGE-SECRET-KEY-1..."
        ) from fault
