"""Operations that take their time: what the real client does meanwhile, and when it is throttled while it polls.

Those that are not waited for are begun on `slow_server`: their pollers go on, and would take the faults of others.
"""

from typing import Any

import pytest
from azure.ai.ml.entities import ManagedOnlineEndpoint
from azure.core.exceptions import HttpResponseError, ResourceExistsError

from tests.local.azure_ml.emulator_process import EmulatorProcess
from tests.support.eventually import eventually

pytestmark = pytest.mark.azure_untested


def _slow(server: EmulatorProcess, name: str, seconds: float) -> None:
    fault = {"match": {"method": "PUT", "path_regex": name}, "lro_s": seconds, "times": 1}
    server.admin("POST", "/admin/faults", [fault])


def _begin(ml: Any, name: str, **changes: Any) -> Any:
    return ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, auth_mode="key", **changes))


def test_a_slow_one_is_seen_on_its_way_and_refuses_another(
    connect: Any, slow_server: EmulatorProcess, name: str
) -> None:
    ml = connect(slow_server)
    _slow(slow_server, name, 600)
    _begin(ml, name)
    assert ml.online_endpoints.get(name).provisioning_state == "Creating"
    with pytest.raises(ResourceExistsError):
        _begin(ml, name)


def test_the_client_waits_for_its_end(ml: Any, server: EmulatorProcess, name: str) -> None:
    """On a server whose operations are done at once otherwise."""
    _slow(server, name, 1)
    poller = _begin(ml, name, tags={"made": "slowly"})
    assert not poller.done()
    assert poller.result().tags == {"made": "slowly"}
    assert ml.online_endpoints.get(name).provisioning_state == "Succeeded"


def test_the_answer_says_how_to_wait(connect: Any, slow_server: EmulatorProcess, name: str) -> None:
    """The headers that azure-ai-ml 1.35.2 reads of an operation that was begun."""
    answers: list[Any] = []
    ml = connect(slow_server, raw_response_hook=lambda response: answers.append(response.http_response))
    _slow(slow_server, name, 600)
    _begin(ml, name)
    (begun,) = [answer for answer in answers if answer.request.method == "PUT"]
    assert begun.status_code == 201
    read = ("Azure-AsyncOperation", "Location", "Retry-After", "x-ms-async-operation-timeout")
    assert [bool(begun.headers.get(header)) for header in read] == [True] * 4


def test_polling_that_is_throttled_waits_and_goes_on(connect: Any, server: EmulatorProcess, name: str) -> None:
    ml = connect(server, retry_total=3)
    _slow(server, name, 0.5)
    throttled = {"match": {"path_regex": "mfeOperationsStatus"}, "status": 429, "retry_after": 1, "times": 2}
    server.admin("POST", "/admin/faults", [throttled])
    assert _begin(ml, name).result().name == name
    assert server.admin("GET", "/admin/faults")[-1]["times"] == 0


def test_polling_without_retries_is_ended_by_one_refusal_and_the_change_still_happens(
    ml: Any, server: EmulatorProcess, name: str
) -> None:
    _slow(server, name, 0.5)
    server.admin("POST", "/admin/faults", [{"match": {"path_regex": "mfeOperationsStatus"}, "status": 429, "times": 1}])
    with pytest.raises(HttpResponseError) as refused:
        _begin(ml, name).result()
    assert refused.value.status_code == 429
    eventually(lambda: ml.online_endpoints.get(name).provisioning_state == "Succeeded")


def test_a_slow_one_goes_on_after_a_restart(connect: Any, slow_server: EmulatorProcess, name: str) -> None:
    _slow(slow_server, name, 1)
    _begin(connect(slow_server), name)
    slow_server.end()
    slow_server.start()
    ml = connect(slow_server)
    eventually(lambda: ml.online_endpoints.get(name).provisioning_state == "Succeeded")
