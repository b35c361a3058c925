"""Where Microsoft's asynchronous tests look for it."""

from .preparing import recorded_by_proxy_async

__all__ = ["recorded_by_proxy_async"]
