"""Where Microsoft's asynchronous tests look for it."""

from .signing_in import AsyncFakeCredential

__all__ = ["AsyncFakeCredential"]
