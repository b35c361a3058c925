"""The OpenAPI document is true: what it says is there, and what is answered is as it says."""

import json
from typing import Any

import aiohttp
import jsonschema

from tests.integration.scoring.conftest import MakeApp
from tests.support.onnx_models import sample_rows, tensors


def schema(operation: Any, status: int) -> Any:
    return operation["responses"][str(status)]["content"]["application/json"]["schema"]


async def test_every_path_of_the_document_answers_as_it_says(make_app: MakeApp, session: aiohttp.ClientSession) -> None:
    app = make_app()
    await app.serve(await app.adopt())
    await app.start()
    await app.serves(session, "1")
    async with session.get(f"{app.url}/openapi.json") as response:
        document = json.loads(await response.read())
    right, row = tensors(sample_rows(3)), {"rows": sample_rows(2)}
    infers = 0
    for path, operations in document["paths"].items():
        if "get" in operations:
            async with session.get(app.url + path) as response:
                jsonschema.validate(json.loads(await response.read()), schema(operations["get"], response.status))
            continue
        infers += 1
        operation = operations["post"]
        accepted = operation["requestBody"]["content"]["application/json"]["schema"]
        for body in (right, row):
            jsonschema.validate(body, accepted)
            status, answer, _ = await app.ask(session, body, path)
            assert status == 200
            jsonschema.validate(answer, schema(operation, status))
        mistakes: list[dict[str, Any]] = [{}, {"inputs": right["inputs"][:1]}, {"rows": [{"colour": 1}]}, {"rows": [7]}]
        for wrong in mistakes:
            assert not jsonschema.Draft202012Validator(accepted).is_valid(wrong)
            status, answer, _ = await app.ask(session, wrong, path)
            jsonschema.validate(answer, schema(operation, status))
            assert status == 400
    assert infers == 2
