"""The Functions door, by Microsoft's worker library under the local host: our app, and FastAPI by the ASGI bridge."""

import json
import secrets
import sys
from pathlib import Path
from tempfile import mkdtemp

from tests.benchmarks.scoring.environments import HERE, REPOSITORY, WORK
from tests.benchmarks.scoring.servers import Peer

# Made for this run: what the load sends, and what the host is told to admit.
KEY = secrets.token_urlsafe(24)


def scoring_host(name: str, settings: dict[str, str]) -> Peer:
    return _host(name, REPOSITORY / "function_app/scoring", {"INFERENCE_THREADS": "1", **settings})


def bridge_host(name: str, bin_folder: Path, model: Path) -> Peer:
    """Everything but FastAPI itself is what our own app runs on: same host, worker, numpy and ONNX Runtime."""
    (site,) = bin_folder.parent.glob("lib/python3*/site-packages")
    variables = {"BENCH_MODEL": str(model), "BENCH_SITE": str(site), "BENCH_PEERS": str(HERE / "peers")}
    return _host(name, HERE / "peers/functions_fastapi", variables)


def _host(name: str, app: Path, variables: dict[str, str]) -> Peer:
    WORK.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=f"{name}-", dir=WORK))
    keys = folder / "keys.json"
    keys.touch(mode=0o600)
    keys.write_text(json.dumps({"master": secrets.token_urlsafe(24), "host": {"default": KEY}}))
    command = [sys.executable, "-m", "infra.local.functions_host", "--app", str(app), "--name", name]
    command += ["--port", "{port}", "--keys", str(keys), "--path", str(REPOSITORY)]
    return Peer(name, tuple(command), REPOSITORY, {**variables, "PYTHONPATH": str(REPOSITORY)})
