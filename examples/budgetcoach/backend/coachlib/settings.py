"""Reads what the runtime contract gives: plain settings from the environment, secrets from files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class SettingsError(RuntimeError):
    """A setting or a secret that the service needs is missing; the message names it."""


@dataclass(frozen=True)
class Settings:
    """The environment of a service. A secret is read from its file at each use: rotation needs no restart."""

    service: str
    version: str = "dev"
    environment: str = "local"
    port: int = 8000
    public_url: str = ""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Build from `env` (default: the process environment); raises SettingsError without SERVICE_NAME."""
        env = dict(os.environ) if env is None else env
        if not env.get("SERVICE_NAME"):
            raise SettingsError("SERVICE_NAME is not set")
        return cls(
            service=env["SERVICE_NAME"],
            version=env.get("SERVICE_VERSION") or "dev",
            environment=env.get("ENVIRONMENT") or "local",
            port=int(env.get("PORT") or 8000),
            public_url=env.get("PUBLIC_URL", ""),
            env=env,
        )

    def text(self, name: str, default: str = "") -> str:
        """The variable `name`, or `default` when it is unset or empty."""
        return self.env.get(name) or default

    def number(self, name: str, default: float) -> float:
        """The variable `name` as a number; raises SettingsError when it is not one."""
        value = self.text(name)
        try:
            return float(value) if value else default
        except ValueError as error:
            raise SettingsError(f"{name} is not a number") from error

    def secret(self, name: str) -> str:
        """The content of secret `name` (for example "jwt_key"), from the file that JWT_KEY_FILE names."""
        value = self.optional_secret(name)
        if value is None:
            raise SettingsError(f"secret {name}: {self.secret_path(name)} is missing or empty")
        return value

    def optional_secret(self, name: str) -> str | None:
        """As `secret`, but None when there is no such file or it is empty."""
        try:
            return self.secret_path(name).read_text(encoding="utf-8").strip() or None
        except OSError:
            return None

    def secret_path(self, name: str) -> Path:
        """Where secret `name` lives: NAME_FILE of the environment, else /run/secrets/name."""
        return Path(self.text(f"{name.upper()}_FILE", f"/run/secrets/{name}"))
