"""What an earlier build wrote: it asked people about endpoints alone."""

import json
from pathlib import Path

import pytest

from shared.events import EndpointRef, decode
from tests.unit.shared.events.examples import files

BEFORE = [path for path in files() if path.parent.name == "1" and '"endpoint"' in path.read_text()]
WITH_A_SCOPE = [path for path in BEFORE if (path.parent.parent / "2").is_dir()]


@pytest.mark.parametrize("path", WITH_A_SCOPE, ids=lambda path: path.parent.parent.name)
def test_a_question_about_an_endpoint_is_in_that_endpoints_scope(path: Path) -> None:
    written = EndpointRef.model_validate(json.loads(path.read_text())["data"]["endpoint"])
    assert decode(path.read_bytes()).data.scope == str(written.entity)


def test_there_are_seven_of_them() -> None:
    assert len(WITH_A_SCOPE) == 7
