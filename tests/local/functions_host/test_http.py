"""HTTP functions through the command line and a real socket."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.local.functions_host.http.front import server
from infra.local.functions_host.http.messages import Reply, Request
from tests.local.functions_host.conftest import StartHost
from tests.local.functions_host.running_host import RunningHost
from tests.support.eventually import eventually

FORGED = [("X-MS-CLIENT-PRINCIPAL", "Zm9yZ2Vk"), ("X-Ms-Client-Principal-Id", "root"), ("x-ms-token-aad-id-token", "t")]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    settings = {"AzureWebJobs.switched_off.Disabled": "true", "HOLD": "/nowhere"}
    host = RunningHost("web", tmp_path_factory.mktemp("web"), settings)
    yield host.start()
    host.end()


def echoed(web: RunningHost, target: str, **call: object) -> dict[str, Any]:
    status, _, body = web.call("POST", target, **call)  # type: ignore[arg-type]
    assert status == 201
    return json.loads(body)  # type: ignore[no-any-return]


def test_an_http_app_needs_no_storage_and_lists_its_enabled_functions(web: RunningHost) -> None:
    assert web.ready["pid"] == web.process.pid  # type: ignore[union-attr]
    assert web.ready["name"] == "web"
    assert "echo" in web.ready["functions"]
    assert "switched_off" not in web.ready["functions"]


def test_a_connection_outlives_those_that_clients_keep_for_their_next_request() -> None:
    """Else a client meets one that closes: aiohttp, for one, takes a connection again for 15 seconds."""

    async def never(request: Request) -> Reply:
        raise AssertionError(request)

    assert server(never).config.timeout_keep_alive > 15


@pytest.mark.observed("http: query names are joined without regard to case, empty values dropped")
def test_empty_query_values_are_dropped_and_repeated_ones_joined(web: RunningHost) -> None:
    assert echoed(web, "/api/echo/x?a=1&b=&a=2&c=%20d")["query"] == {"a": "1,2", "c": " d"}
    assert echoed(web, "/api/echo/a?x=1&x=2&y=&z&X=3")["query"] == {"x": "1,2,3"}


@pytest.mark.observed("http: repeated request headers are joined with a comma and no blank")
def test_header_names_are_lower_case_and_repeated_headers_joined(web: RunningHost) -> None:
    headers = echoed(web, "/api/echo/x", headers=[("X-Twice", "1"), ("x-twice", "2")])["headers"]
    assert headers["x-twice"] == "1,2"
    assert all(name == name.lower() for name in headers)


def test_route_parameters_are_texts_and_optional_ones_may_be_absent(web: RunningHost) -> None:
    assert echoed(web, "/api/echo/x/7")["route"] == {"kind": "x", "id": "7"}
    assert echoed(web, "/API/Echo/x")["route"] == {"kind": "x"}


@pytest.mark.observed("http: the address has its path decoded and escaped anew, its query as sent")
def test_the_url_is_the_whole_address(web: RunningHost) -> None:
    here = f"127.0.0.1:{web.ready['port']}"
    assert echoed(web, "/api/echo/x?q=1")["url"] == f"http://{here}/api/echo/x?q=1"
    # The path is decoded and escaped anew, the query stays as it was sent; the scheme is the front end's.
    behind_a_front = [("X-Forwarded-Proto", "https")]
    assert echoed(web, "/api/echo/%41?q=%41", headers=behind_a_front)["url"] == f"https://{here}/api/echo/A?q=%41"


@pytest.mark.observed("http: a chunked body does not arrive")
def test_a_body_with_a_length_arrives_and_a_chunked_one_does_not(web: RunningHost) -> None:
    assert echoed(web, "/api/echo/x", body=b"hello")["body"] == "hello"
    chunked = echoed_chunked(web, b"5\r\nhello\r\n0\r\n\r\n")
    assert chunked["body"] == ""


def echoed_chunked(web: RunningHost, raw: bytes) -> dict[str, str]:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", web.ready["port"], timeout=120)
    connection.putrequest("POST", "/api/echo/x")
    connection.putheader("transfer-encoding", "chunked")
    connection.endheaders()
    connection.send(raw)
    answer: dict[str, str] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


@pytest.mark.parametrize("target", ["/api/echo/7", "/api/echo/x/y", "/api/nowhere", "/echo/x", "/api/switched_off"])
def test_no_route_no_function(web: RunningHost, target: str) -> None:
    assert web.call("GET", target)[0] == 404


@pytest.mark.observed("http: a method that a function does not take is not found, with and without a key")
@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_another_method_finds_nothing_and_asks_for_no_key(web: RunningHost, method: str) -> None:
    assert web.call(method, "/api/guarded")[0] == 404


@pytest.mark.observed("http: an exception, nothing and a number are a 500 without a body")
@pytest.mark.parametrize("function", ["raises", "nothing", "number"])
def test_a_failing_function_answers_500_and_says_nothing(web: RunningHost, function: str) -> None:
    status, _, body = web.call("GET", f"/api/{function}")
    assert (status, body) == (500, b"")


def test_failures_are_in_the_log(web: RunningHost) -> None:
    web.call("GET", "/api/raises")
    eventually(lambda: "function raises failed" in web.log.read_text())


@pytest.mark.observed("http: a function over its time is answered 500 and, if it does not end, its process ended")
def test_a_function_that_ends_after_its_time_has_failed_and_nothing_more(web: RunningHost) -> None:
    assert web.call("GET", "/api/overdue")[0] == 500
    assert "exceeded functionTimeout" in web.log.read_text()
    assert web.call("GET", "/api/answers/empty")[0] == 200


@pytest.mark.observed("http: a function over its time is answered 500 and, if it does not end, its process ended")
def test_a_function_that_never_ends_takes_the_process_with_it(start_host: StartHost) -> None:
    host = start_host("web", arguments=["--timeout-grace-seconds", "0.2"]).start()
    status, _, body = host.call("GET", "/api/hangs")
    assert (status, body) == (500, b""), "the caller is answered before the end"
    assert host.wait() == 4
    assert "a function has not ended by its time-out" in host.log.read_text()


def test_cookies_stay_apart_and_bytes_stay_bytes(web: RunningHost) -> None:
    status, headers, body = web.call("GET", "/api/cookies")
    assert (status, body) == (200, b"\x00\xff")
    assert [value.split(";")[0] for name, value in headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert ("content-type", "application/octet-stream") in headers


@pytest.mark.observed(
    "http: without its key a function answers 401, empty and without a challenge",
    "http: a function's, the host's and the master key are good in header and query",
    "http: a key header decides, even empty, and the first of two",
)
def test_keys_are_generated_and_asked_for(web: RunningHost) -> None:
    keys = json.loads(web.keys.read_text())
    assert web.keys.stat().st_mode & 0o077 == 0
    good = [keys["functions"]["guarded"]["default"], keys["host"]["default"], keys["master"]]
    for key in good:
        assert web.call("POST", "/api/guarded", headers=[("x-functions-key", key)])[0] == 200
        assert web.call("POST", f"/api/guarded?code={key}")[0] == 200
        assert web.call("POST", f"/api/guarded?CODE={key}")[0] == 200
    for bad in ([], [("x-functions-key", "wrong")], [("x-functions-key", keys["functions"]["echo"]["default"])]):
        status, headers, body = web.call("POST", "/api/guarded", headers=bad)
        assert (status, body) == (401, b"")
        assert "www-authenticate" not in dict(headers)
    # The header wins, even when it is empty and the query's key is good; of two headers the first counts.
    for header in ("wrong", ""):
        assert web.call("POST", f"/api/guarded?code={good[0]}", headers=[("x-functions-key", header)])[0] == 401
    twice = [("x-functions-key", "wrong"), ("x-functions-key", good[0])]
    assert web.call("POST", "/api/guarded", headers=twice)[0] == 401
    assert web.call("POST", "/api/guarded", headers=twice[::-1])[0] == 200


def test_the_admin_level_takes_the_master_key_only(web: RunningHost) -> None:
    keys = json.loads(web.keys.read_text())
    assert web.call("GET", "/api/masters_only", headers=[("x-functions-key", keys["master"])])[0] == 200
    assert web.call("GET", "/api/masters_only", headers=[("x-functions-key", keys["host"]["default"])])[0] == 401


@pytest.mark.observed("http: a principal from outside goes through")
def test_a_principal_from_outside_never_arrives(web: RunningHost) -> None:
    headers = echoed(web, "/api/echo/x", headers=FORGED)["headers"]
    assert not [name for name in headers if name.startswith("x-ms-")]
    assert echoed(web, "/api/echo/x")["auth_enabled"] is None
    assert web.call("GET", "/.auth/login")[0] == 404


@pytest.mark.observed(
    "http: admin endpoints answer 401 with a challenge, 403 to lesser keys, 404 where nothing is",
    "http: ping wants no key",
    "http: functions, keys, configuration and drain are told to the master",
    "http: the status has its fields, and does not say what functions there are",
    "http: any function can be run by hand, 202, and an unknown one not",
)
def test_admin_endpoints_want_the_master_key(web: RunningHost) -> None:
    keys = json.loads(web.keys.read_text())
    master = [("x-functions-key", keys["master"])]
    assert web.call("GET", "/admin/host/ping")[0] == 200
    status, headers, _ = web.call("GET", "/admin/host/status")
    assert (status, dict(headers)["www-authenticate"]) == (401, "Bearer")
    for lesser in (keys["host"]["default"], keys["functions"]["guarded"]["default"]):
        assert web.call("GET", "/admin/host/status", headers=[("x-functions-key", lesser)])[0] == 403
    for given in ([], master):
        assert web.call("GET", "/admin/nope", headers=given)[0] == 404
        assert web.call("HEAD", "/admin/host/status", headers=given)[0] == 404
    status_document = json.loads(web.call("GET", "/admin/host/status", headers=master)[2])
    assert status_document["state"] == "Running"
    assert {"id", "version", "instanceId", "computerName", "processUptime"} <= set(status_document)
    assert json.loads(web.call("GET", "/admin/host/config", headers=master)[2])["functionTimeout"] == "PT1S"
    assert json.loads(web.call("GET", "/admin/host/drain/status", headers=master)[2])["state"] == "Disabled"
    assert web.call("POST", "/admin/host/drain", headers=master)[0] == 202
    assert json.loads(web.call("GET", "/admin/host/drain/status", headers=master)[2])["state"] == "Completed"
    assert web.call("POST", "/admin/functions/nobody", body=b"{}", headers=master)[0] == 404
    by_hand = json.dumps({"input": "by hand"}).encode()
    assert web.call("POST", "/admin/functions/held", body=by_hand, headers=master)[0] == 202
    eventually(lambda: [call["body"] for call in web.recorded("held")] == ["by hand"])


@pytest.mark.observed("http: functions, keys, configuration and drain are told to the master")
def test_admin_lists_functions_and_keys(web: RunningHost) -> None:
    keys = json.loads(web.keys.read_text())
    master = [("x-functions-key", keys["master"])]
    functions = {each["name"]: each for each in json.loads(web.call("GET", "/admin/functions", headers=master)[2])}
    assert functions["switched_off"]["isDisabled"] is True
    (trigger,) = [each for each in functions["seg"]["config"]["bindings"] if each["type"] == "httpTrigger"]
    assert (trigger["route"], functions["seg"]["isDisabled"]) == ("seg/{one}/tail", False)
    for path, expected in (("host", keys["host"]), ("functions/GUARDED", keys["functions"]["guarded"])):
        listed = json.loads(web.call("GET", f"/admin/{path}/keys", headers=master)[2])["keys"]
        assert {each["name"]: each["value"] for each in listed} == expected
    assert web.call("GET", "/admin/functions/nobody/keys", headers=master)[0] == 404


@pytest.fixture
def hold(tmp_path: Path) -> Path:
    """While this file exists, function `held` waits."""
    path = tmp_path / "hold"
    path.touch()
    return path


def held_host(start_host: StartHost, hold: Path) -> RunningHost:
    return start_host("web", {"HOLD": str(hold), "AzureFunctionsJobHost__functionTimeout": "00:10:00"}).start()


@pytest.mark.observed("http: a host that ends takes no connection, answers what is under way, and ends")
def test_a_request_under_way_is_answered_before_the_host_ends(start_host: StartHost, hold: Path) -> None:
    host = held_host(start_host, hold)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(host.call, "GET", "/api/held")
        eventually(lambda: host.recorded("held"))
        assert host.process is not None
        host.process.terminate()
        eventually(lambda: not host.takes_connections())
        assert not answer.done()
        hold.unlink()
        assert answer.result()[2] == b"released"
        assert host.wait() == 0


@pytest.mark.observed("http: a function runs on when its caller goes away")
def test_a_function_runs_to_its_end_when_its_caller_goes_away(start_host: StartHost, hold: Path) -> None:
    host = held_host(start_host, hold)
    with socket.create_connection(("127.0.0.1", host.ready["port"])) as caller:
        caller.sendall(b"GET /api/held HTTP/1.1\r\nHost: h\r\n\r\n")
        eventually(lambda: host.recorded("held"))
    master = [("x-functions-key", json.loads(host.keys.read_text())["master"])]

    def under_way() -> int:
        answer = json.loads(host.call("GET", "/admin/host/drain/status", headers=master)[2])
        return int(answer["outstandingInvocations"])

    assert under_way() == 1
    hold.unlink()
    eventually(lambda: under_way() == 0)
