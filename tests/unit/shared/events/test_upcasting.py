"""What an earlier build wrote: it asked people about endpoints alone."""

import json
from pathlib import Path

import pytest

from shared.events import EndpointRef, LabelsRecorded, Unreadable, decode
from tests.unit.shared.events.examples import files

BEFORE = [path for path in files() if path.parent.name == "1" and '"endpoint"' in path.read_text()]
WITH_A_SCOPE = [path for path in BEFORE if any('"scope"' in new.read_text() for new in path.parent.parent.glob("2/*"))]


@pytest.mark.parametrize("path", WITH_A_SCOPE, ids=lambda path: path.parent.parent.name)
def test_a_question_about_an_endpoint_is_in_that_endpoints_scope(path: Path) -> None:
    written = EndpointRef.model_validate(json.loads(path.read_text())["data"]["endpoint"])
    assert decode(path.read_bytes()).data.scope == str(written.entity)


def test_there_are_seven_of_them() -> None:
    assert len(WITH_A_SCOPE) == 7


def test_a_label_of_version_1_is_the_same_number() -> None:
    (path,) = [path for path in BEFORE if path.parent.parent.name == "mlops.labels.recorded"]
    assert decode(path.read_bytes()).data == LabelsRecorded.model_validate(json.loads(path.read_text())["data"])


@pytest.mark.parametrize("label", ["", "x" * 257, [], [[1.0]], None, {}])
def test_a_label_is_a_number_or_a_name_or_some_of_them(label: object) -> None:
    path = next(path for path in files() if path.parent.parent.name == "mlops.labels.recorded")
    written = json.loads(path.read_text())
    written["data"] |= {"keys": ["a"], "labels": [label], "observed_at": written["data"]["observed_at"][:1]}
    with pytest.raises(Unreadable, match="labels"):
        decode(json.dumps(written))
