"""How one output value becomes several messages."""

import pytest

from infra.local.functions_host.outputs import contents_of
from infra.local.functions_host.worker_protocol import protos


@pytest.mark.parametrize(
    ("value", "kind", "contents"),
    [
        ("plain", "string", ["plain"]),
        ('{"a": 1}', "string", ['{"a": 1}']),
        ('[{"a": 1}, "text", 2]', "string", ['{"a":1}', "text", "2"]),
        ("[]", "string", []),
        ('"[1]"', "string", ['"[1]"']),
        (b"[1, 2]", "bytes", [b"[1, 2]"]),
        ('["x", "y"]', "json", ["x", "y"]),
        (7, "int", ["7"]),
    ],
)
def test_an_array_is_split_and_all_else_stays_whole(value: object, kind: str, contents: list[object]) -> None:
    assert contents_of(protos.TypedData(**{kind: value})) == contents
