"""The case of each test."""

import pytest

from tests.unit.services.approval_pages.case import Case


@pytest.fixture
def case() -> Case:
    return Case()
