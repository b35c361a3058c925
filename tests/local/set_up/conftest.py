"""Fixtures of set-up: a fresh clone, a machine with Node, a package index."""

from pathlib import Path

import pytest

from tests.local.set_up import clones


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What set-up reads of a fresh clone."""
    return clones.fresh_clone(tmp_path / "clone")


@pytest.fixture
def with_uv(clone: Path) -> Path:
    """A clone that has uv already."""
    return clones.with_uv(clone)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The tools of a machine with Node and npm."""
    return clones.tools(tmp_path / "tools")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A package index."""
    return clones.package_index(tmp_path / "index")
