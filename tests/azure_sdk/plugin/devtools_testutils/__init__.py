"""Stands for the package of this name, which Microsoft does not publish: what its live tests take from it.

Nothing is recorded and nothing played back here, so that whatever cleans recordings does nothing.
"""

from typing import Any

import pytest

from .cases import AzureRecordedTestCase
from .counting import ResponseCallback, RetryCounter
from .preparing import (
    EnvironmentVariableLoader,
    EnvironmentVariableOptions,
    PowerShellPreparer,
    recorded_by_proxy,
)
from .signing_in import FakeTokenCredential, get_credential

__all__ = [
    "AzureRecordedTestCase",
    "EnvironmentVariableLoader",
    "EnvironmentVariableOptions",
    "FakeTokenCredential",
    "PowerShellPreparer",
    "ResponseCallback",
    "RetryCounter",
    "add_body_key_sanitizer",
    "add_body_regex_sanitizer",
    "add_general_regex_sanitizer",
    "add_header_regex_sanitizer",
    "add_oauth_response_sanitizer",
    "add_uri_regex_sanitizer",
    "get_credential",
    "get_region_override",
    "is_live",
    "recorded_by_proxy",
    "remove_batch_sanitizers",
    "set_custom_default_matcher",
    "test_proxy",
]


@pytest.fixture(scope="session")
def test_proxy() -> None:
    """There is none."""


def is_live() -> bool:
    """Always: a service answers."""
    return True


def get_region_override(default: str) -> str:
    """The region: none here."""
    return default


def _not_recorded(*_: Any, **__: Any) -> None:
    """Nothing to clean."""


add_body_key_sanitizer = add_body_regex_sanitizer = add_general_regex_sanitizer = _not_recorded
add_header_regex_sanitizer = add_oauth_response_sanitizer = add_uri_regex_sanitizer = _not_recorded
remove_batch_sanitizers = set_custom_default_matcher = _not_recorded
