"""`python -m function_app.scoring.serve.prepare FOLDER DIGEST`: check the package in a folder and make it ready.

Run by the server for every package that is new to it, so that what checking needs is not in the server's memory.
"""

import argparse
import os
import resource
import sys
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from services.scoring.model.loading import prepare
from services.scoring.model.prepared import REFUSED, write_prepared
from shared.adapters.onnx import OnnxRuntime
from shared.packages import read_files
from shared.ports import Refused

# Requests come first: this runs beside the server, often on the same core.
_NICER = 10
# Of address space, much of which is never touched: libraries, and the model as a file, as parsed and as optimised.
_LEAST_MEMORY, _MEMORY_PER_BYTE = 8 << 30, 8


def main() -> int:
    parser = argparse.ArgumentParser("prepare", description="Check a model package and replace it by what serves.")
    parser.add_argument("folder", type=Path, help="holds the package's files")
    parser.add_argument("digest", help="what the package's digest must be")
    options = parser.parse_args()
    os.nice(_NICER)
    folder: Path = options.folder.resolve()
    files = read_files(folder)
    # What a graph asks for beyond this is no fault of the machine, and another attempt would not help it.
    bound = _LEAST_MEMORY + _MEMORY_PER_BYTE * sum(map(len, files.values()))
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    # What a graph names by a relative path is not there, should it ever pass the check.
    with TemporaryDirectory(prefix="sluice-empty-") as empty, chdir(empty):
        try:
            write_prepared(folder, prepare(options.digest, files, OnnxRuntime(threads=1)))
        except Refused as refused:
            sys.stderr.write(str(refused))
            return REFUSED
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    # Everything is on disk. An ordinary end meets threads that pyarrow is still starting, and aborts: on a busy machine
    # one time in three.
    os._exit(code)
