"""The listening socket: bound before anything is loaded, and closed without losing whoever has just come."""

import asyncio
import ctypes
import socket
import struct
import sys
from contextlib import suppress

_SO_ATTACH_FILTER = 26
_DROP = struct.pack("HBBI", 0x06, 0, 0, 0)  # BPF_RET | BPF_K, 0: no byte of the packet passes


def listening_socket(host: str, port: int, shared: bool) -> socket.socket:
    """Bound, not yet listening; `shared` lets several processes have the same port."""
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    found.bind((host, port))
    return found


async def stop_listening(listener: asyncio.Server, bound: socket.socket) -> None:
    """Closing resets connections that wait to be accepted: first, nobody may come any more, and the rest is taken.

    Whoever tries meanwhile tries again, as TCP does, and finds another process or nobody.
    """
    if sys.platform == "linux":
        code = ctypes.create_string_buffer(_DROP)
        program = struct.pack("HL", len(_DROP) // 8, ctypes.addressof(code))
        with suppress(OSError):  # a sandbox may know no filters; its load balancer has learnt of the end by now
            bound.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        await asyncio.sleep(0.05)
    listener.close()
