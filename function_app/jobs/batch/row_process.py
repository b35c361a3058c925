"""`python -m function_app.jobs.batch.row_process FOLDER`: reads strangers' files and scores them, and may die of it.

The files of the model package lie in FOLDER. Both ways go lines of JSON:

    -> (nothing)                                          <- {} when the package is loaded, or {"refused": why}
    -> {"source", "name", "options", "chunk_rows", "first", "into"}
                                                          <- {"rows", "rejected_by"} for each chunk, whose rows lie in
                                                             `into`; the next one is not begun before a line comes
    -> {"source", "chunk_rows", "target"}                 <- {"rows", "rejected"} so far, after each chunk
                                                          <- {"end": true} or {"problem": why} after either

Nothing of the parent's environment is needed or handed down. Whoever asks goes away by closing standard input.
"""

import argparse
import asyncio
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet

from function_app.jobs.batch.counts import REJECTED, SCORED, Counts
from function_app.jobs.model_process import limit_memory
from function_app.jobs.test_deployment import FolderPackage
from services.scoring.files import (
    ChunkScorer,
    FileOptions,
    NotScorable,
    Results,
    open_rows,
    remove_drafts,
    unforeseen,
)
from services.scoring.model.loading import PackageLoader
from services.scoring.model.version import Version
from shared.adapters.onnx import OnnxRuntime
from shared.events import PackageRef
from shared.ports import Refused

type Say = Callable[[dict[str, Any]], None]
type Order = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--package", required=True, help="reference to the package, JSON")
    parser.add_argument("--megabytes", type=int, required=True, help="of address space")
    arguments = parser.parse_args()
    limit_memory(arguments.megabytes)
    say = _answers()
    try:
        loader = PackageLoader(FolderPackage(arguments.folder), OnnxRuntime())
        version = asyncio.run(loader.load(PackageRef.model_validate_json(arguments.package)))
    except Refused as refusal:
        return say({"refused": str(refusal)})
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - the same package would fail the same way in another process
        traceback.print_exc()
        return say({"refused": f"{unforeseen(error)}, as it was loaded; the job's log has the whole of it"})
    say({})
    for line in iter(sys.stdin.readline, ""):
        _obey(json.loads(line), version, say, arguments.megabytes)


def _answers() -> Say:
    """What libraries print goes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(answer: dict[str, Any]) -> None:
        answers.write(f"{json.dumps(answer)}\n")
        answers.flush()

    return say


def _obey(order: Order, version: Version, say: Say, megabytes: int) -> None:
    score = _whole if "target" in order else _chunks
    try:
        for answer in score(order, version):
            say(answer)
        say({"end": True})
    except NotScorable as problem:
        say({"problem": str(problem)})
    except MemoryError:
        say({"problem": f"reading and scoring {order['chunk_rows']} rows of it takes more than {megabytes} MB"})
    except Exception as error:  # noqa: BLE001 - the same file would fail the same way in another process
        traceback.print_exc()
        say({"problem": f"{unforeseen(error)}; the job's log has the whole of it"})


def _chunks(order: Order, version: Version) -> Iterator[dict[str, Any]]:
    into, rows = Path(order["into"]), order["chunk_rows"]
    options = FileOptions.read(order["options"])
    file = open_rows(Path(order["source"]), order["name"], options.text)
    scorer = ChunkScorer(version, file.schema, file.text, options.prefix)
    for index, table in enumerate(file.chunks(rows, order["first"]), start=order["first"]):
        chunk = scorer.score(table, index * rows)
        pyarrow.parquet.write_table(chunk.scored, into / SCORED)
        pyarrow.parquet.write_table(chunk.rejected, into / REJECTED)
        yield asdict(Counts.of(chunk))
        if not sys.stdin.readline():
            sys.exit("nobody takes what was scored")


def _whole(order: Order, version: Version) -> Iterator[dict[str, Any]]:
    file = open_rows(Path(order["source"]))
    scorer, target = ChunkScorer(version, file.schema, file.text), Path(order["target"])
    remove_drafts(target)
    with Results(target, scorer.schema) as results:
        for table in file.chunks(order["chunk_rows"]):
            results.add(scorer.score(table, results.rows))
            yield {"rows": results.rows, "rejected": results.rejected}
        results.keep()


if __name__ == "__main__":
    main()
