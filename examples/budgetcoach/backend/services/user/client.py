"""Who a request comes from, for counting: the address that the edge saw and the gateway passed on."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Annotated

from fastapi import Depends, Request


def network_of(address: str) -> str:
    """The address, or the /64 of an IPv6 one: whoever has one has all of them. "unknown" for what is none."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ip_network((found, 64), strict=False))
    return str(found)


async def _client(request: Request) -> str:
    # The gateway sets X-Real-IP anew on every request: what a client sends under that name never gets here.
    peer = request.client.host if request.client else ""
    return network_of(request.headers.get("x-real-ip", peer))


Client = Annotated[str, Depends(_client)]
"""A route parameter of this type is the client of the request, as it is counted."""
