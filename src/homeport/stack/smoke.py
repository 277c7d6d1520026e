"""Smoke: a request of homeport.yaml, with what must come back."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from homeport.stack.part import Part
from homeport.stack.words import (
    AnyText,
    Domain,
    Duration,
    FieldName,
    HeaderName,
    HeaderValue,
    Name,
    OneLine,
    RequestPath,
    Statuses,
)

REPEATABLE = ("GET", "HEAD")


class Smoke(Part):
    """A request and the answer that is expected. New containers are asked before a visitor is sent to them, and the
    edge afterwards; GET and HEAD are also asked during the whole release, and counted. Redirects are not followed.
    """

    short = "path"
    short_example = "smoke: [/health]"

    path: RequestPath = Field(
        description="What is asked, as a visitor would.", examples=["/api/v1/status?deep=1"]
    )
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = Field(
        "GET",
        description="GET and HEAD change nothing and are repeated; any other is asked once, after the switch.",
        examples=["POST"],
    )
    send: dict[HeaderName, HeaderValue] = Field(
        {},
        description="Headers that are sent with it; never a secret.",
        examples=["{Accept: application/json}"],
    )
    body: OneLine = Field(
        "",
        description="A body that is sent with it, as application/json where `send` says nothing else.",
        examples=["""'{"email": "nobody@example.com", "password": "wrong"}'"""],
    )
    status: Statuses = Field((200,), description="The status, or several that are good.", examples=["401"])
    contains: OneLine = Field("", description="A text in the body.", examples=["AI Budget Coach"])
    fields: dict[FieldName, AnyText] = Field(
        {},
        description="Fields of a JSON body and their values; a number counts the items of a list from 0.",
        examples=["{status: ready, checks.0.name: database}"],
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        {},
        description="Headers of the answer, and a text in the value of each. Asked through the edge only.",
        examples=["{Content-Type: text/html}"],
    )
    within: Duration = Field(
        5.0, gt=0, le=60, description="Longest time until the whole answer is there.", examples=["2s"]
    )
    alias: Domain | None = Field(
        None,
        description="Ask under this one of the environment's `aliases`, not under its domain.",
        examples=["www.example.com"],
    )
    only: tuple[Name, ...] = Field(
        (), description="Environments it is asked in; all by default.", examples=["[production]"]
    )

    @property
    def repeatable(self) -> bool:
        """Whether asking it again changes nothing (RFC 9110, 9.2.1)."""
        return self.method in REPEATABLE

    @property
    def name(self) -> str:
        """`GET /health`, for people."""
        return f"{self.method} {self.alias or ''}{self.path}"

    def runs_in(self, environment: str) -> bool:
        return not self.only or environment in self.only
