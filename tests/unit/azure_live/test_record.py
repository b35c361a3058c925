"""A record knows what is left, whatever moment the run ended at."""

from pathlib import Path

from tests.azure_live.record import Record


def test_what_was_made_and_not_removed_is_left(tmp_path: Path) -> None:
    record = Record(tmp_path / "new" / "run.jsonl")
    record.begin({"storage": "acc"})
    with record.path.open("a") as file:
        file.write('{"what": "makes", "kind": "table", "name": "a"}\n{"what": "makes", "kind": "job", "name": "a"}\n')
        file.write('{"what": "removed", "kind": "table", "name": "a"}\n{"what": "makes", "kind": "tab')
    assert record.places == {"storage": "acc"}
    assert record.made() == [("table", "a"), ("job", "a")]
    assert record.left() == [("job", "a")]


def test_a_record_whose_first_line_was_cut_off_is_of_nowhere_and_nothing(tmp_path: Path) -> None:
    record = Record(tmp_path / "run.jsonl")
    record.path.write_text('{"pla')
    assert (record.places, record.left()) == ({}, [])
