"""What is missing on the machine is named with a remedy that does not lead back to the same sentence."""

from pathlib import Path

import pytest

from tests.local.set_up.clones import set_up, tool

OFFERS = "printf 'nodejs:\\n  Installed: (none)\\n  Candidate: {}\\n'"


def test_without_node_it_says_where_to_get_it(clone: Path, tmp_path: Path) -> None:
    done = set_up(clone, tmp_path / "nothing")
    assert done.returncode == 1
    assert "node is missing: Node 20 or newer is needed" in done.stderr
    assert "nvm install 22" in done.stderr


def test_an_old_node_is_refused_with_both_versions(clone: Path, tmp_path: Path) -> None:
    done = set_up(clone, tool(tmp_path / "tools", "node", "echo v16.20.1"))
    assert done.returncode == 1
    assert "Node v16.20.1 is too old: 20 or newer is needed" in done.stderr


@pytest.mark.parametrize("installed", ["echo v18.19.0", None])
def test_the_package_of_an_old_distribution_is_never_the_advice(
    clone: Path, tmp_path: Path, installed: str | None
) -> None:
    tools = tool(tmp_path / "tools", "apt-cache", OFFERS.format("18.20.4+dfsg-1~deb12u1"))
    if installed:
        tool(tools, "node", installed)
    done = set_up(clone, tools)
    assert "Your distribution's (18.20.4+dfsg-1~deb12u1) is too old" in done.stderr
    assert "apt install" not in done.stderr
    assert all(source in done.stderr for source in ("nvm install 22", "NodeSource", "nodejs.org"))


def test_the_package_of_a_distribution_that_is_new_enough_is(clone: Path, tmp_path: Path) -> None:
    done = set_up(clone, tool(tmp_path / "tools", "apt-cache", OFFERS.format("20.19.2+dfsg-1")))
    assert "sudo apt install nodejs npm" in done.stderr
    assert "too old" not in done.stderr


def test_without_npm_it_says_so(clone: Path, tmp_path: Path) -> None:
    done = set_up(clone, tool(tmp_path / "tools", "node", "echo v22.1.0"))
    assert "npm, which belongs to Node, is missing" in done.stderr


def test_without_a_package_index_it_says_what_to_check(clone: Path, machine: Path) -> None:
    done = set_up(clone, machine)
    assert done.returncode == 1
    assert "the Python package index cannot be reached" in done.stderr
