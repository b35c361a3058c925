"""Connect to public addresses only: what a name resolves to is checked, and then exactly that is connected to."""

import asyncio
import socket
from ipaddress import IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

_NAT64 = IPv6Network("64:ff9b::/96")


class NotPublic(OSError):
    """The name leads into a private, loopback, link-local or otherwise special network."""


def is_public(address: str) -> bool:
    """Looks through IPv6 addresses that merely wrap an IPv4 one."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64 or ip.teredo is not None:
            return False
        return is_public(str(inner)) if inner is not None else ip.is_global and not ip.is_multicast
    return ip.is_global and not ip.is_multicast


class PublicResolver(AbstractResolver):
    """One address that is not public spoils the whole name. `allow_private` switches the check off."""

    def __init__(self, allow_private: bool = False) -> None:
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if not self._allow_private and not all(map(is_public, addresses)):
            raise NotPublic(f"{host} is not a public address")
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=entry[0], proto=entry[2], flags=socket.AI_NUMERICHOST
            )
            for entry, address in zip(found, addresses, strict=True)
        ]

    async def close(self) -> None:
        """Nothing is kept open."""
