"""The mailbox by HTTP: as JSON for tests, as a plain page for people."""

from __future__ import annotations

from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from coachlib.app import runtime_of
from services.mailbox.box import Mail, Mailbox

router = APIRouter()

_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222}
article{border-top:1px solid #ccc;padding:1rem 0}h2{font-size:1.1rem;margin:0}
pre{white-space:pre-wrap;font:inherit;margin:.5rem 0 0}small{color:#555}</style></head><body><h1>Mailbox</h1>
"""


@router.get("/messages")
async def messages(request: Request, to: str | None = None) -> dict[str, Any]:
    """The newest 200 e-mails, newest first; with `to` only those to an address."""
    return {"items": _mailbox(request).mails(to)}


@router.get("/", response_class=HTMLResponse)
async def page(request: Request) -> str:
    """The same to read."""
    mails = _mailbox(request).mails()
    return _HEAD + ("".join(map(_article, mails)) or "<p>No e-mail yet.</p>") + "</body></html>"


def _article(mail: Mail) -> str:
    when = mail.received_at.isoformat(sep=" ", timespec="seconds")
    head = f"<h2>{escape(mail.subject)}</h2><small>{when} to {escape(', '.join(mail.to))}</small>"
    return f"<article>{head}<pre>{escape(mail.text)}</pre></article>"


def _mailbox(request: Request) -> Mailbox:
    mailbox: Mailbox = runtime_of(request).resources["mailbox"]
    return mailbox
