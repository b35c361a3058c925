"""Azure ML has no ETags: azure-ai-ml 1.35.2 knows none in any model or request, so the last writer wins, unseen."""

from typing import Any

import pytest
from azure.ai.ml.entities import ManagedOnlineEndpoint, Model

from tests.local.azure_ml.emulator_process import EmulatorProcess

pytestmark = pytest.mark.azure_untested


def test_of_two_who_read_the_same_the_later_undoes_the_other(connect: Any, server: EmulatorProcess, name: str) -> None:
    first, second = connect(server), connect(server)
    first.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key")).result()
    seen = [ml.online_endpoints.get(name) for ml in (first, second)]
    for ml, endpoint, tag in zip((first, second), seen, ("first", "second"), strict=True):
        endpoint.tags = {tag: "was here"}
        ml.online_endpoints.begin_create_or_update(endpoint).result()
    assert first.online_endpoints.get(name).tags == {"second": "was here"}


def test_no_answer_has_an_etag_and_no_request_a_condition(connect: Any, server: EmulatorProcess, name: str) -> None:
    answers: list[Any] = []
    ml = connect(server, raw_response_hook=lambda response: answers.append(response.http_response))
    path = "azureml://datastores/workspaceblobstore/paths/p/"
    ml.models.create_or_update(Model(name=name, version="1", path=path, type="custom_model"))
    ml.models.get(name, "1")
    ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key")).result()
    ml.online_endpoints.get(name)
    assert {answer.request.method for answer in answers} >= {"GET", "PUT"}
    assert not [answer for answer in answers if "etag" in {header.lower() for header in answer.headers}]
    conditions = {"if-match", "if-none-match"}
    assert not [answer for answer in answers if conditions & {header.lower() for header in answer.request.headers}]
