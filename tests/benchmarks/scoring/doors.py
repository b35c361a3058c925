"""The same scorer behind ready-made servers: `python -m tests.benchmarks.scoring.doors uvicorn PORT`, or `granian`.

A folder after the port is one of Python packages that only a peer's environment has. Each server does the least that it
can: the body goes to the scorer, which answers.
"""

import asyncio
import sys
from typing import Any

import uvicorn

from function_app.scoring.serve.wiring import scoring_instance
from services.scoring import Answer, EndOfTurn
from services.scoring.instance.assembly import Instance
from shared.settings.scoring import ScoringSettings

MODEL = "m"


class Door:
    """ASGI and RSGI; what serves is made in the event loop of the process that serves."""

    def __init__(self) -> None:
        self._instance: Instance | None = None
        self._working: list[asyncio.Task[None]] = []

    async def _answer(self, body: bytes) -> Answer:
        if self._instance is None:
            self._instance = scoring_instance(ScoringSettings.read(), EndOfTurn)
            self._working = [asyncio.ensure_future(each.run()) for each in self._instance.backgrounds]
        return await self._instance.scorer.infer(MODEL, None, body)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = await self._answer(body)
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        headers.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        answer = await self._answer(await protocol())
        protocol.response_bytes(answer.status, list(answer.headers), answer.body)


door = Door()


def main() -> None:
    server, port, *packages = sys.argv[1:]
    if server == "uvicorn":
        uvicorn.run(door, port=int(port), loop="uvloop", http="httptools", lifespan="off", log_level="warning",
                    access_log=False)  # fmt: skip
        return
    sys.path.extend(packages)
    from granian import Granian  # type: ignore[import-not-found]  # of the peer's environment

    Granian("tests.benchmarks.scoring.doors:door", port=int(port), interface="rsgi", loop="uvloop", workers=1).serve()


if __name__ == "__main__":
    main()
