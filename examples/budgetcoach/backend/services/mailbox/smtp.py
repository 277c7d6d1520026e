"""The SMTP listener, in the event loop of the service."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosmtpd.smtp import SMTP

from coachlib.runtime import Runtime
from services.mailbox.box import Mailbox

_LARGEST = 5 * 1024 * 1024


@asynccontextmanager
async def listen(runtime: Runtime) -> AsyncIterator[None]:
    """Take e-mails on SMTP_LISTEN_PORT (2525); the mailbox is `runtime.resources["mailbox"]`."""
    mailbox = runtime.resources["mailbox"] = Mailbox()
    port = int(runtime.settings.number("SMTP_LISTEN_PORT", 2525))

    def protocol() -> SMTP:
        return SMTP(mailbox, hostname="mailbox", data_size_limit=_LARGEST, enable_SMTPUTF8=True)

    server = await asyncio.get_running_loop().create_server(protocol, "0.0.0.0", port)  # noqa: S104
    try:
        yield
    finally:
        server.close()
