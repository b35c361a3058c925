"""What the own server holds of memory that it has freed."""

import subprocess
import sys

import pytest

# Threads that allocate at the same time, each of which would get an arena of its own; then what glibc says it has.
_ARENAS_OF_BUSY_THREADS = """
import ctypes, sys, tempfile, threading
from function_app.scoring.serve.memory import share_one_arena

if "shared" in sys.argv:
    share_one_arena()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
all_here = threading.Barrier(4)
threads = [threading.Thread(target=lambda: (all_here.wait(), libc.malloc(5000), all_here.wait())) for _ in range(4)]
for each in threads: each.start()
for each in threads: each.join()
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as found:
    stream = ctypes.c_void_p(libc.fopen(found.name.encode(), b"w"))
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(found.read().count(b"<heap nr="))
"""


def arenas(*arguments: str) -> int:
    command = [sys.executable, "-c", _ARENAS_OF_BUSY_THREADS, *arguments]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="arenas are glibc's")
def test_threads_share_one_arena_in_which_what_a_model_left_behind_is_used_again() -> None:
    assert arenas("shared") == 1
    assert arenas() > 1
