"""Route templates: constraints, optional parts, catch-alls, and which route wins."""

import pytest

from infra.local.functions_host.errors import HostError
from infra.local.functions_host.functions import Function, HttpTrigger
from infra.local.functions_host.http.overlaps import overlapping
from infra.local.functions_host.http.routes import Routes
from infra.local.functions_host.retries import NO_RETRY


def function(name: str, route: str | None) -> Function:
    trigger = HttpTrigger.model_validate({"type": "httpTrigger", "name": "req", "route": route})
    return Function(name, name, trigger, [], NO_RETRY)


def parameters(template: str, path: str) -> dict[str, str] | None:
    found = Routes([function("f", template)], "api").find("GET", f"/api/{path}")
    return None if found is None else found[1]


@pytest.mark.observed(
    "http: the last dot parts name and extension, and a parameter may have a default",
    "http: an escaped slash stays one in a parameter, and in a catch-all",
)
@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("models", "models", {}),
        ("models", "models/", {}),
        ("models", "MODELS", {}),
        ("models/{name}", "models/a b", {"name": "a b"}),
        ("models/{name}", "models", None),
        ("models/{name?}", "models", {}),
        ("models/{version:int}", "models/-7", {"version": "-7"}),
        ("models/{version:int}", "models/99999999999", None),
        ("models/{version:int}", "models/x", None),
        ("models/{version:int?}", "models", {}),
        ("m/{id:guid}", "m/0f8fad5b-d9cb-469f-a165-70867728950e", {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"}),
        ("m/{id:guid}", "m/nope", None),
        ("m/{name:alpha:minlength(2):maxlength(3)}", "m/ab", {"name": "ab"}),
        ("m/{name:alpha:minlength(2):maxlength(3)}", "m/abcd", None),
        ("m/{n:range(1,5)}", "m/5", {"n": "5"}),
        ("m/{n:range(1,5)}", "m/6", None),
        ("m/{day:datetime}", "m/2026-11-23", {"day": "2026-11-23"}),
        ("m/{on:bool}", "m/True", {"on": "True"}),
        ("m/{code:regex(^[a-z]{{2}}$)}", "m/ab", {"code": "ab"}),
        ("m/{code:regex(^[a-z]{{2}}$)}", "m/abc", None),
        ("files/{*path}", "files/a/b/c", {"path": "a/b/c"}),
        ("files/{*path}", "files", {}),
        ("v{major}.{minor}/x", "v1.2/x", {"major": "1", "minor": "2"}),
        ("{name}.{ext}", "a.b.c", {"name": "a.b", "ext": "c"}),
        ("m/{a=5}", "m", {"a": "5"}),
        ("m/{a=5}", "m/6", {"a": "6"}),
        ("seg/{one}/tail", "seg/a%2Fb/tail", {"one": "a%2Fb"}),
    ],
)
def test_matching(template: str, path: str, expected: dict[str, str] | None) -> None:
    assert parameters(template, path) == expected


@pytest.mark.observed("http: of two routes that match, that of the name that sorts first wins")
@pytest.mark.parametrize(
    ("first", "second", "path", "winner"),
    [
        (("a_param", "ow/{a}"), ("b_lit", "ow/lit"), "ow/lit", ("a_param", {"a": "lit"})),
        (("z_param", "ov/{a}"), ("y_lit", "ov/lit"), "ov/lit", ("y_lit", {})),
        (("B_param", "ow/{a}"), ("a_all", "{*rest}"), "ow/lit", ("a_all", {"rest": "ow/lit"})),
    ],
)
def test_the_name_that_sorts_first_wins_however_particular_the_other_route_is(
    first: tuple[str, str], second: tuple[str, str], path: str, winner: tuple[str, dict[str, str]]
) -> None:
    functions = [function(*first), function(*second)]
    for order in (functions, functions[::-1]):
        found = Routes(order, "api").find("GET", f"/api/{path}")
        assert found is not None
        assert (found[0].function.name, found[1]) == winner


def test_a_doubled_slash_is_no_slash_and_one_at_the_end_does_not_count() -> None:
    routes = Routes([function("f", "m/x")], "api")
    assert [routes.find("GET", path) is not None for path in ("/api/m/x", "/api/m/x/")] == [True, True]
    for path in ("//api/m/x", "/api//m/x", "/api/m/x//"):
        assert routes.find("GET", path) is None


@pytest.mark.observed("http: an empty route is the function's name")
def test_an_empty_route_is_the_name() -> None:
    assert Routes([function("Score", "")], "api").find("GET", "/api/score") is not None


@pytest.mark.observed("http: of one route twice, the later function alone is off")
def test_one_route_twice_is_refused() -> None:
    with pytest.raises(HostError, match=r"'g'.*that of function 'f'"):
        Routes([function("f", "m/{x}"), function("g", "M/{x}")], "api")


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("m/{x}", "m/new", True),
        ("m/{x}", "m/{y}/z", False),
        ("m/{x?}", "m", True),
        ("m/{x=1}", "m", True),
        ("m/{*rest}", "m/a/b/c", True),
        ("m/{a}/ready", "m/{b}/infer", False),
        ("m/a", "m/A", True),
        ("v{major}.{minor}", "v1.2", True),
        ("n/{x}", "m/{x}", False),
    ],
)
def test_routes_that_can_match_one_path_are_found(one: str, other: str, overlap: bool) -> None:
    routes = [*Routes([function("f", one)], "api").all, *Routes([function("g", other)], "api").all]
    assert bool(overlapping(routes)) is overlap
    assert bool(overlapping(routes[::-1])) is overlap


def test_routes_of_different_methods_do_not_overlap() -> None:
    trigger = {"type": "httpTrigger", "name": "req", "route": "m"}
    functions = [
        Function(name, name, HttpTrigger.model_validate({**trigger, "methods": [method]}), [], NO_RETRY)
        for name, method in (("get", "GET"), ("post", "POST"))
    ]
    assert overlapping(Routes(functions, "api").all) == []


@pytest.mark.observed("http: the prefix is api by default, and may be empty")
def test_the_route_is_the_name_by_default_and_the_prefix_may_be_empty() -> None:
    assert Routes([function("Score", None)], "api").find("GET", "/api/score") is not None
    assert Routes([function("Score", None)], "").find("GET", "/score") is not None


@pytest.mark.observed(
    "http: a malformed route or an unknown constraint ends the host",
    "http: a route that begins with admin or runtime turns that function off",
)
@pytest.mark.parametrize("template", ["admin/x", "administer", "runtime/x", "m/{x:prime}", "m/{x", "m/{x:range(a,b)}"])
def test_a_bad_route_is_refused_with_its_function(template: str) -> None:
    with pytest.raises(HostError, match="function 'f'"):
        Routes([function("f", template)], "api")
