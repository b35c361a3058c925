"""`make test-azure` through its variables: it tests there and nowhere else, and nothing is left, however it ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient

from tests.azure_live.stand_ins import stand_ins
from tests.contract.live import PREFIX
from tests.support.azurite import REPOSITORY, Azurite
from tests.support.eventually import eventually

pytestmark = pytest.mark.local_only
COMMAND = [sys.executable, "-m", "tests.azure_live", "--folder"]
CHOSEN = (
    "tests/contract/test_evidence.py::test_a_body_is_found_by_its_sha_256",
    "tests/contract/test_positions.py::test_of_racing_moves_one_wins",
    "tests/contract/test_hub_survey.py::test_a_hub_has_partitions_and_an_epoch",
    "tests/contract/test_models.py::test_a_registered_output_is_a_model_with_its_tags",
    "tests/local/eventhubs/conformance/test_management.py",
)
# A test that says what it made, and ends by no means of its own.
ENDLESS = """
import asyncio, os, pathlib, signal
from tests.contract.conftest import account

async def test_it(account):
    await account.container("left")
    pathlib.Path({made!r}).write_text(await account.table("left"))
    {then}
"""


def left(storage: str) -> list[str]:
    tables = TableServiceClient.from_connection_string(storage).list_tables()
    containers = BlobServiceClient.from_connection_string(storage).list_containers(name_starts_with=PREFIX)
    return [*(table.name for table in tables if table.name.startswith(PREFIX)), *(each.name for each in containers)]


@pytest.fixture
def variables(tmp_path: Path) -> Iterator[dict[str, str]]:
    with stand_ins(tmp_path) as variables:
        yield variables


def test_the_suites_run_on_what_the_variables_name_and_leave_nothing(variables: dict[str, str], tmp_path: Path) -> None:
    command = [*COMMAND, str(tmp_path / "records"), *CHOSEN]
    ended = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, cwd=REPOSITORY)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = {line.split()[0]: line.split()[1:] for line in ended.stdout.splitlines() if line.startswith("test_")}
    assert rows.keys() == {"test_evidence", "test_positions", "test_hub_survey", "test_models", "test_management"}
    assert all(int(passed) > 0 and (failed, skipped) == ("0", "0") for passed, failed, skipped in rows.values())
    assert "1 tables, 3 containers, 1 jobs, 1 models; removed: 6 of 6" in ended.stdout
    assert left(variables["SLUICE_TEST_STORAGE"]) == []
    operator = variables["IDENTITY_ENDPOINT"].removesuffix("/identity/token")
    assert requests.get(f"{operator}/admin/jobs", timeout=60).json() == []
    assert list((tmp_path / "records").iterdir()) == []


@pytest.mark.parametrize(
    ("then", "heard", "code"),
    [("os.kill(os.getpid(), signal.SIGKILL)", None, 1), ("await asyncio.Event().wait()", signal.SIGINT, 130)],
)
def test_what_was_made_goes_also_when_the_tests_die_or_are_stopped(
    azurite: Azurite, tmp_path: Path, then: str, heard: signal.Signals | None, code: int
) -> None:
    test, made = tmp_path / "test_endless.py", tmp_path / "made"
    test.write_text(ENDLESS.format(made=str(made), then=then))
    variables = os.environ | {"SLUICE_TEST_STORAGE": azurite.connection_string}
    command = [*COMMAND, str(tmp_path / "records"), str(test)]
    run = subprocess.Popen(command, env=variables, start_new_session=True, cwd=REPOSITORY)
    eventually(lambda: made.exists() and made.read_text())
    if heard is not None:
        os.killpg(run.pid, heard)
    assert run.wait(timeout=180) == code
    assert left(azurite.connection_string) == []


def test_what_a_killed_run_left_goes_with_the_next(azurite: Azurite, tmp_path: Path) -> None:
    test, made = tmp_path / "test_endless.py", tmp_path / "made"
    test.write_text(ENDLESS.format(made=str(made), then="await asyncio.Event().wait()"))
    variables = os.environ | {"SLUICE_TEST_STORAGE": azurite.connection_string}
    command = [*COMMAND, str(tmp_path / "records")]
    run = subprocess.Popen([*command, str(test)], env=variables, start_new_session=True, cwd=REPOSITORY)
    eventually(lambda: made.exists() and made.read_text())
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert made.read_text() in left(azurite.connection_string)
    again = subprocess.run([*command, CHOSEN[1]], env=variables, capture_output=True, text=True, cwd=REPOSITORY)
    assert again.returncode == 0, again.stdout + again.stderr
    assert left(azurite.connection_string) == []


def test_without_variables_it_says_which_and_where_they_are_described(tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_TEST_")}
    ended = subprocess.run([*COMMAND, str(tmp_path)], env=bare, capture_output=True, text=True, cwd=REPOSITORY)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "SLUICE_TEST_STORAGE" in ended.stderr
    assert ended.stderr.count("\n") == 1
