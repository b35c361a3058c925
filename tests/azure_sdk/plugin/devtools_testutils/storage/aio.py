"""Where Microsoft's asynchronous tests look for it."""

from . import (
    GenericTestProxyParametrize1,
    GenericTestProxyParametrize2,
    StorageRecordedTestCase,
)

__all__ = ["AsyncStorageRecordedTestCase", "GenericTestProxyParametrize1", "GenericTestProxyParametrize2"]


class AsyncStorageRecordedTestCase(StorageRecordedTestCase):
    """Nothing of it differs."""
