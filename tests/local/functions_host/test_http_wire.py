"""HTTP as the real host was seen to speak it: each row is an observation, sent over a socket byte by byte."""

import json
import socket
from collections.abc import Iterator
from http.client import HTTPResponse

import pytest

from tests.local.functions_host.running_host import RunningHost

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
    host = RunningHost("web", tmp_path_factory.mktemp("wire"), {"AzureFunctionsJobHost__functionTimeout": "00:10:00"})
    yield host.start()
    host.end()


def raw(web: RunningHost, request: bytes) -> tuple[int, dict[str, str], bytes]:
    with socket.create_connection(("127.0.0.1", web.ready["port"]), timeout=120) as connection:
        connection.sendall(request)
        response = HTTPResponse(connection)
        response.begin()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


@pytest.mark.observed(
    "http: of two routes that match, that of the name that sorts first wins",
    "http: an escaped slash stays one in a parameter, and in a catch-all",
    "http: what is no UTF-8 stays escaped",
    "http: dot segments are followed before routing, also escaped ones",
    "http: a doubled slash matches nothing, one at the end does not count, nor does case",
)
@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/api/ow/lit", ["a_param", {"a": "lit"}]),
        ("/api/ov/lit", ["y_lit", {}]),
        ("/api/seg/a%2Fb/tail", ["seg", {"one": "a%2Fb"}]),
        ("/api/seg/a%252Fb%25/tail", ["seg", {"one": "a%2Fb%"}]),
        ("/api/seg/%FF/tail", ["seg", {"one": "%FF"}]),
        ("/api/rest/a%2Fb/c", ["rest", {"all": "a%2Fb/c"}]),
        ("/api/ow/../ov/x", ["z_param", {"a": "x"}]),
        ("/API/OW/Lit/", ["a_param", {"a": "Lit"}]),
    ],
)
def test_paths(web: RunningHost, path: str, answer: object) -> None:
    status, _, body = web.call("GET", path)
    assert (status, json.loads(body)) == (200, answer)


@pytest.mark.observed(
    "http: a doubled slash matches nothing, one at the end does not count, nor does case",
    "http: dot segments are followed before routing, also escaped ones",
)
@pytest.mark.parametrize("path", ["//api/ow/lit", "/api/ow/lit//", "/api/seg/%2e%2e/tail", "/api//ow/lit"])
def test_paths_that_lead_nowhere(web: RunningHost, path: str) -> None:
    assert web.call("GET", path)[0] == 404


@pytest.mark.observed(
    "http: headers that cannot be sent are a 500 without a body", "http: statuses below 100 and above 599 go through"
)
@pytest.mark.parametrize("kind", ["no-latin", "split", "bad-name", "far-location", "odd-status"])
def test_what_no_header_or_status_may_be_is_an_error_and_an_empty_one(web: RunningHost, kind: str) -> None:
    status, headers, body = web.call("GET", f"/api/answers/{kind}")
    assert (status, body) == (500, b"")
    assert "set-cookie" not in dict(headers)


@pytest.mark.observed("http: 204 and 304 have neither body nor length, and keep their type")
@pytest.mark.parametrize(("kind", "status"), [("no-content", 204), ("not-modified", 304)])
def test_an_answer_without_content_has_no_body_and_no_length(web: RunningHost, kind: str, status: int) -> None:
    request = f"GET /api/answers/{kind} HTTP/1.1\r\nHost: h\r\n\r\nGET /api/answers/empty HTTP/1.1\r\nHost: h\r\n\r\n"
    with socket.create_connection(("127.0.0.1", web.ready["port"]), timeout=120) as connection:
        connection.sendall(request.encode())
        received = b""
        while received.count(b"\r\n\r\n") < 2:
            received += connection.recv(65536)
    first, _, rest = received.partition(b"\r\n\r\n")
    assert first.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"content-length" not in first.lower()
    assert b"content-type: text/plain; charset=utf-8" in first
    assert rest.startswith(b"HTTP/1.1 200"), "the next answer follows at once"


@pytest.mark.observed("http: bodies are sent in chunks, empty ones with length 0, a stated length as it is")
def test_a_body_is_sent_in_chunks_and_an_empty_one_has_the_length_0(web: RunningHost) -> None:
    chunked = dict(web.call("GET", "/api/answers/no-type")[1])
    assert chunked["transfer-encoding"] == "chunked"
    assert "content-length" not in chunked
    assert chunked["content-type"] == "text/plain; charset=utf-8"
    assert dict(web.call("GET", "/api/answers/empty")[1])["content-length"] == "0"


@pytest.mark.observed("http: bodies are sent in chunks, empty ones with length 0, a stated length as it is")
def test_a_length_that_the_function_states_is_sent(web: RunningHost) -> None:
    status, headers, body = web.call("GET", "/api/answers/own-length")
    assert (status, dict(headers)["content-length"], body) == (200, "4", b"body")


@pytest.mark.observed("http: the type is text/plain; charset=utf-8 unless one is given, then that, nonsense too")
@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("answers/no-type", "text/plain; charset=utf-8"),
        ("sized", "text/plain; charset=utf-8"),
        ("cookies", "application/octet-stream"),
        ("answers/nonsense-type", "what is this"),
    ],
)
def test_the_type_of_an_answer(web: RunningHost, path: str, sent: str) -> None:
    assert dict(web.call("GET", f"/api/{path}")[1])["content-type"] == sent


@pytest.mark.observed("http: of a response header that is set twice the last one is sent")
def test_of_a_header_that_is_set_more_than_once_the_last_one_is_sent(web: RunningHost) -> None:
    headers = web.call("GET", "/api/twice")[1]
    assert [value for name, value in headers if name == "x-n"] == ["3"]


@pytest.mark.observed("http: a function without methods takes all of them, and HEAD gets no body")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"])
def test_a_function_without_methods_takes_all_that_http_knows(web: RunningHost, method: str) -> None:
    status, _, body = web.call(method, "/api/ow/lit")
    assert (status, body) == (200, b"" if method == "HEAD" else b'["a_param", {"a": "lit"}]')


@pytest.mark.observed("http: cookies are taken apart and written anew, values percent-encoded")
def test_cookies_are_rewritten(web: RunningHost) -> None:
    given = ["s=YWJj/+==; Path=/; HttpOnly; Secure; SameSite=Strict", "t=1"]
    headers = web.call("POST", "/api/sets_cookies", body=json.dumps(given).encode())[1]
    assert [value for name, value in headers if name == "set-cookie"] == [
        "s=YWJj%2F%2B%3D%3D; domain=; path=/; secure; samesite=strict; httponly",
        "t=1; domain=; path=",
    ]


@pytest.mark.observed("http: a body of 100 MiB arrives, one byte more is a 500, and nothing runs")
def test_a_body_over_the_limit_is_an_error_and_runs_nothing(web: RunningHost) -> None:
    head = "POST /api/held HTTP/1.1\r\nHost: h\r\nContent-Length: 104857601\r\n\r\n"
    status, headers, body = raw(web, head.encode())
    assert (status, body, headers["connection"]) == (500, b"", "close")
    assert web.recorded("held") == []


@pytest.mark.observed("http: a body of 100 MiB arrives, one byte more is a 500, and nothing runs")
def test_a_body_at_the_limit_arrives(web: RunningHost) -> None:
    assert web.call("POST", "/api/sized", body=bytes(104857600))[2] == b"104857600"


@pytest.mark.observed("http: a chunked body does not arrive")
def test_a_chunked_body_of_any_size_does_not_arrive(web: RunningHost) -> None:
    head = b"POST /api/echo/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    for chunks in (b"5\r\nhello\r\n0\r\n\r\n", b"100000\r\n" + b"x" * 0x100000 + b"\r\n"):
        status, _, body = raw(web, head + chunks)
        assert (status, json.loads(body)["body"]) == (201, "")


@pytest.mark.observed("http: broken chunks run the function without a body")
def test_broken_chunks_are_a_bad_request(web: RunningHost) -> None:
    head = b"POST /api/sized HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert raw(web, head + b"no length\r\nhello\r\n")[0] == 400


def test_a_caller_that_goes_away_in_the_middle_of_its_body_runs_nothing(web: RunningHost) -> None:
    with socket.create_connection(("127.0.0.1", web.ready["port"])) as connection:
        connection.sendall(b"POST /api/held HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert web.recorded("held") == []


@pytest.mark.observed(
    "http: a host that is missing, doubled or malformed is refused",
    "http: headers over 32 KiB or over 100 are 431, a request line over 8 KiB 414",
    "http: any word is a method",
)
@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: ex[ample\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: é\r\n", 400),
        ("GET / HTTP/1.1\r\nHost:\r\n", 500),
        ("GET / HTTP/1.1\r\nHost: a:99999\r\n", 500),
        ("GET / HTTP/1.0\r\n", 500),
        ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n", 200),
        (f"GET /{'x' * 8200} HTTP/1.1\r\nHost: h\r\n", 414),
        (f"GET / HTTP/1.1\r\nHost: h\r\nX: {'x' * 33000}\r\n", 431),
        ("GET / HTTP/1.1\r\nHost: h\r\n" + "X: 1\r\n" * 100, 431),
        ("GET /%00 HTTP/1.1\r\nHost: h\r\n", 400),
        ("FOO / HTTP/1.1\r\nHost: h\r\n", 400),
    ],
)
def test_requests_that_the_server_refuses(web: RunningHost, head: str, status: int) -> None:
    assert raw(web, f"{head}\r\n".encode("latin-1"))[0] == status


@pytest.mark.observed("http: the root answers 200, whatever is the matter")
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_the_root_says_that_all_is_well_whatever_is_the_matter(web: RunningHost, method: str) -> None:
    status, headers, _ = web.call(method, "/")
    assert (status, dict(headers)["content-type"]) == (200, "text/html; charset=utf-8")


def test_a_trace_goes_on_in_a_span_of_the_host(web: RunningHost) -> None:
    headers = [("traceparent", CALLER), ("tracestate", "vendor=1")]
    parent, state = json.loads(web.call("POST", "/api/echo/x", headers=headers)[2])["trace"]
    version, trace, span, flags = parent.split("-")
    assert (version, trace, flags, state) == ("00", *CALLER.split("-")[1::2], "vendor=1")
    assert span != CALLER.split("-")[2]


@pytest.mark.parametrize(
    "given", [[], [("traceparent", "nonsense")], [("traceparent", f"00-{'0' * 32}-{'1' * 16}-01")]]
)
def test_a_request_without_a_trace_begins_one(web: RunningHost, given: list[tuple[str, str]]) -> None:
    parent, state = json.loads(web.call("POST", "/api/echo/x", headers=given)[2])["trace"]
    version, trace, span, _ = parent.split("-")
    assert (version, len(trace), len(span), state) == ("00", 32, 16, "")
    assert int(trace, 16)
