"""Storage signed in as in Azure: over https, under Azure's names, with tokens of an identity endpoint and no key."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.azurite import REPOSITORY

pytestmark = pytest.mark.local_only
# Transactions, queries, versions and leases of tables and blobs; and the reader that uses no SDK.
CHOSEN = ("positions", "ledger_ends", "evidence", "blob_readers")


def test_all_adapters_of_storage_work_with_a_token(tmp_path: Path) -> None:
    suites = [f"tests/contract/test_{name}.py" for name in CHOSEN]
    command = [sys.executable, "-m", "tests.azure_live", "--by-identity", "--folder", str(tmp_path), *suites]
    ended = subprocess.run(command, env=os.environ, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    rows = {line.split()[0]: line.split()[1:] for line in ended.stdout.splitlines() if line.startswith("test_")}
    assert rows.keys() == {f"test_{name}" for name in CHOSEN}
    assert all(int(passed) > 0 and (failed, skipped) == ("0", "0") for passed, failed, skipped in rows.values())
