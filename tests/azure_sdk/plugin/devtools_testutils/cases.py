"""Bases of Microsoft's test classes."""

import hashlib
import os
import time
from typing import Any

from .signing_in import get_credential


class AzureRecordedTestCase:
    """Names of its own for each test, and somebody to sign in as."""

    is_live = in_recording = True

    @property
    def qualified_test_name(self) -> str:
        """Of the test that runs."""
        return os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]

    def is_playback(self) -> bool:
        return False

    def get_resource_name(self, prefix: str) -> str:
        """The same each time within a test."""
        return prefix + hashlib.sha256(self.qualified_test_name.encode()).hexdigest()[:8]

    create_random_name = get_resource_name

    def get_settings_value(self, key: str) -> str:
        return os.environ["AZURE_" + key]

    def get_credential(self, _client: Any, **options: Any) -> Any:
        return get_credential(**options)

    def generate_sas(self, sign: Any, *args: Any, **kwargs: Any) -> Any:
        return sign(*args, **kwargs)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
