"""`sluice ledger` and `sluice explain` on a real table, before and after somebody wrote into it (N2)."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import UpdateMode

from shared.adapters.azure.storage.ledger_rows import decision_key
from tests.integration.operator.conftest import Account, sluice


def decision(account: Account, event_id: str) -> dict[str, Any]:
    """The row of a decision, to be altered and written back."""
    return next(iter(account.table.query_entities("RowKey eq @key", parameters={"key": decision_key(event_id)})))


def write(account: Account, row: dict[str, Any]) -> None:
    account.table.update_entity(row, UpdateMode.REPLACE)


def chain_of(account: Account, service: str) -> list[dict[str, Any]]:
    """The decisions of the longest chain of this service, by position."""
    rows = [row for row in account.table.list_entities() if row.get("service") == service and "position" in row]
    chain = Counter(row["PartitionKey"] for row in rows).most_common(1)[0][0]
    return sorted((row for row in rows if row["PartitionKey"] == chain), key=lambda row: int(row["position"].value))


def problems(account: Account) -> list[dict[str, Any]]:
    result = sluice("ledger", "verify", "--json")
    assert result.exit_code == 1, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["problems"]
    assert "BROKEN" in sluice("ledger", "verify").stdout
    return found


def test_decisions_are_shown_with_effects_and_policy(account: Account) -> None:
    life = account.live()
    result = sluice("ledger", "show", "--last", "100")
    assert result.exit_code == 0, result.output
    assert "promotion.completed\N{NO-BREAK SPACE}✓" in result.stdout
    assert "cdcdcdcd" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 140
    shown = json.loads(sluice("ledger", "show", "--service", "promotion", "--json").stdout)
    assert len(shown) == 5
    assert shown[-1]["effects"][-1] == {"kind": "publish", "name": "promotion.completed", "outcome": "performed"}
    assert (
        json.loads(sluice("ledger", "show", "--entity", "FLIGHTS:2", "--json").stdout)[0]["event_id"]
        == life.registered.id
    )
    assert len(json.loads(sluice("ledger", "show", "--last", "3", "--json").stdout)) == 3


def test_an_empty_ledger_says_so(account: Account) -> None:
    result = sluice("ledger", "show")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing was decided yet" in result.stderr
    assert sluice("ledger", "verify").exit_code == 0


def test_an_entry_is_shown_whole(account: Account) -> None:
    life = account.live()
    (entry,) = json.loads(sluice("ledger", "entry", life.requested.id[:8], "--json").stdout)
    assert entry["event"]["data"]["model_name"] == "flights"
    assert (entry["service"], entry["settled"]) == ("retraining", True)
    text = sluice("ledger", "entry", life.requested.id).stdout
    assert "intact" in text
    assert "\x1b" not in text
    assert sluice("ledger", "entry", "ffffffffffff").exit_code == 1


def test_an_untouched_ledger_holds_with_and_without_a_seal(account: Account) -> None:
    account.live()
    result = sluice("ledger", "verify")
    assert result.exit_code == 0, result.output
    assert "There is no seal yet" in result.stdout
    account.seal()
    result = sluice("ledger", "verify")
    assert result.exit_code == 0, result.output
    assert "0 of 13 entries came after it" in result.stdout.replace("\n", " ")


def test_a_flipped_byte_names_its_event(account: Account) -> None:
    life = account.live()
    row = decision(account, life.requested.id)
    write(account, {**row, "event": row["event"].replace(b"flights", b"freight")})
    (problem,) = problems(account)
    assert (problem["service"], problem["event_id"]) == ("retraining", life.requested.id)


@pytest.mark.parametrize("column", ["event", "facts", "state", "effects"])
def test_a_column_that_is_no_json_any_more_is_named(account: Account, column: str) -> None:
    life = account.live()
    write(account, {**decision(account, life.requested.id), column: b'{"inline":'})
    (problem,) = problems(account)
    assert (problem["service"], problem["position"]) == ("retraining", 0)
    assert "cannot be read" in problem["what"]


def test_two_rows_that_were_swapped_are_named_at_the_first(account: Account) -> None:
    account.live()
    rows = chain_of(account, "promotion")
    for one, other in ((rows[1], rows[2]), (rows[2], rows[1])):
        write(account, {**other, "PartitionKey": one["PartitionKey"], "RowKey": one["RowKey"]})
    (problem,) = problems(account)
    assert (problem["service"], problem["position"]) == ("promotion", 1)


def test_a_dropped_row_names_the_gap(account: Account) -> None:
    account.live()
    account.table.delete_entity(chain_of(account, "promotion")[2])
    (problem,) = problems(account)
    assert (problem["service"], problem["position"]) == ("promotion", 2)
    assert "is missing" in problem["what"]


def test_an_altered_head_is_found(account: Account) -> None:
    account.live()
    chain = chain_of(account, "promotion")[0]["PartitionKey"]
    write(account, {**account.table.get_entity(chain, "head"), "state": b'{"inline":{"seen":0}}'})
    (problem,) = problems(account)
    assert "the head has another state" in problem["what"]


def test_a_head_that_cannot_be_read_is_found(account: Account) -> None:
    account.live()
    chain = chain_of(account, "promotion")[0]["PartitionKey"]
    write(account, {**account.table.get_entity(chain, "head"), "state": b"no"})
    assert "a head cannot be read" in problems(account)[-1]["what"]
    assert sluice("ledger", "show").exit_code == 1


def test_a_cut_with_a_fitting_head_is_found_by_the_seal_alone(account: Account) -> None:
    account.live()
    account.seal()
    *_, before, last = chain_of(account, "promotion")
    account.table.delete_entity(last)
    head = account.table.get_entity(last["PartitionKey"], "head")
    write(account, {**head, "length": last["position"], "hash": before["hash"], "state": before["state"]})
    (problem,) = problems(account)
    assert "the end was cut off" in problem["what"]
    for seal in account.seals.list_blob_names():
        account.seals.delete_blob(seal)
    result = sluice("ledger", "verify")
    assert result.exit_code == 0
    assert "could cut entries" in result.stdout.replace("\n", " ")


def test_why_it_is_live_is_told_and_drawn(account: Account, tmp_path: Path) -> None:
    life = account.live()
    result = sluice("explain", "flights", "--svg", str(tmp_path / "why.svg"))
    assert result.exit_code == 0, result.output
    assert "Why flights:2 is live on flights" in result.stdout
    assert (tmp_path / "why.svg").read_text().startswith("<svg")
    told = json.loads(sluice("explain", "flights", "--json").stdout)
    assert told["subject"] == life.live.id
    assert sluice("explain", "nowhere").exit_code == 1


def test_a_missing_link_is_exit_code_1_and_named(account: Account) -> None:
    life = account.live()
    account.table.delete_entity(decision(account, life.registered.id))
    result = sluice("explain", "flights")
    assert result.exit_code == 1
    assert "a link is missing" in result.stderr
    assert life.registered.id in result.stderr.replace("\n", "")


def test_what_was_archived_is_explained_and_verified_and_shown_when_asked_for(account: Account) -> None:
    life = account.live()
    account.seal()
    before = json.loads(sluice("ledger", "show", "--last", "999", "--json").stdout)
    told = json.loads(sluice("explain", "flights", "--json").stdout)
    account.archive_all()
    left_out = sluice("ledger", "show")
    assert f"{len(before)} earlier decisions are in the archive: --archived shows them" in " ".join(
        left_out.stderr.split()
    )
    assert json.loads(sluice("ledger", "show", "--last", "999", "--archived", "--json").stdout) == before
    assert json.loads(sluice("explain", "flights", "--json").stdout) == told
    assert "intact" in sluice("ledger", "entry", life.registered.id).stdout
    verdict = json.loads(sluice("ledger", "verify", "--json").stdout)
    assert (verdict["holds"], verdict["entries"], verdict["archived"]) == (True, len(before), len(before))
    assert f"({len(before)} of them archived)" in sluice("ledger", "verify").stdout
