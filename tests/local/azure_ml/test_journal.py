"""The journal: whole records come back in order, a torn one is forgotten, compaction keeps what it is given."""

from pathlib import Path

import pytest

from infra.local.azure_ml.journal import Journal
from infra.local.azure_ml.resources import Resource, Resources

pytestmark = pytest.mark.local_only


def test_a_torn_last_line_is_forgotten(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state.jsonl")
    journal.append("put", {"number": 1})
    with (tmp_path / "state.jsonl").open("ab") as file:
        file.write(b'["put",{"num')
    assert Journal(tmp_path / "state.jsonl").read() == [("put", {"number": 1})]


def test_what_is_written_after_a_compaction_is_read_with_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state.jsonl")
    for number in range(100):
        journal.append("put", {"number": number})
    journal.compact([("put", {"number": 99})])
    journal.append("delete", {"number": 99})
    assert journal.read() == [("put", {"number": 99}), ("delete", {"number": 99})]


def test_resources_come_back_from_their_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state.jsonl")
    before = Resources(journal)
    for name in ("a", "b", "c"):
        before.put(Resource(f"staging/models/{name}", {"properties": {}}, {"secret": name}))
    before.put(Resource("staging/models/b/versions/1", {"properties": {}}))
    before.delete("staging/models/B")

    after = Resources(journal, journal.read())

    assert [item.name for item in after.children("staging/models")] == ["a", "c"]
    assert after.get("staging/models/b/versions/1") is None
    kept = after.get("STAGING/models/c")
    assert kept is not None
    assert kept.meta == {"secret": "c"}
    assert after.put(Resource("staging/models/d", {"properties": {}})).seq > kept.seq
