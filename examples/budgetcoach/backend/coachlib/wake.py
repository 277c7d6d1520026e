"""Wakes the outbox relay when an event was committed, so that it need not wait for its next look."""

from __future__ import annotations

import asyncio

outbox_wake = asyncio.Event()
