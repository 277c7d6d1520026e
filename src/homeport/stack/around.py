"""The parts that run nothing: who is told, where images travel, where secrets come from."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from homeport.stack.part import Part
from homeport.stack.words import Flag, Identifier, OneLine, RegistryName


class Notify(Part):
    """Who is told of releases, by whoever runs homeport. An address is a secret: its value is a Slack webhook,
    `mailtos://USER:PASSWORD@example.com?to=ops@example.com`, any other URL of Apprise, or an https address that
    takes JSON.
    """

    to: tuple[Identifier, ...] = Field(
        description="Names of the secrets that hold the addresses.", examples=["[slack_webhook, ops_mail]"]
    )
    events: tuple[Literal["start", "success", "failure", "rollback"], ...] = Field(
        (), description="Of what; of everything by default.", examples=["[failure, rollback]"]
    )


class Registry(Part):
    """Where built images go on their way to a host, which pulls them by digest. Without a registry the layers that
    the host lacks travel over ssh, and nothing else is needed.
    """

    short = "server"
    short_example = "registry: ghcr.io/acme"

    server: RegistryName = Field(
        description="Its host, and the path that the names of the images begin with: SERVER/STACK-SERVICE.",
        examples=["ghcr.io/acme"],
    )
    user: OneLine = Field("", description="Who logs in, here and on the host.", examples=["deployer"])
    password: Identifier | None = Field(
        None,
        description="The secret that holds the password or token. It is used for that moment and kept nowhere; "
        "without one, whoever runs homeport and the host must be logged in already.",
        examples=["registry_token"],
    )


class SecretKind(Part):
    """Where a secret's value comes from."""

    short = "generate"
    short_example = "jwt_key: generate"

    generate: Flag = Field(False, description="Made by homeport: 32 random bytes, nobody must choose.")
    ask: OneLine = Field(
        "",
        description="What to ask the operator for, when it is set by hand.",
        examples=["API key of the mail provider"],
    )

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        """`generate`."""
        if text != "generate":
            raise ValueError(
                'write `generate`, or {ask: "what to ask for"}; a value has no place in this file'
            )
        return {"generate": True}
