"""What the C library keeps of the memory that this process has freed."""

import ctypes
import sys

_M_ARENA_MAX = -8  # malloc.h of glibc


def share_one_arena() -> None:
    """To be called before threads start. Elsewhere than on glibc there is nothing to bound.

    Models are loaded by threads of a pool. Each would have an arena of its own and keep there what the largest model
    left behind: with every switch of versions more, though nothing of it is in use.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Let the machine have what is free in whole pages: glibc keeps it, between what is in use, for ever."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
