"""Bases of Microsoft's tests of storage."""

import io
import logging
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

from ..cases import AzureRecordedTestCase  # noqa: TID252 - mypy finds it under no other name

type Progress = Sequence[tuple[int, int | None]]


class StorageRecordedTestCase(AzureRecordedTestCase):
    """Addresses, contents and ways to look at them."""

    sas_token: str
    logger: logging.Logger

    @classmethod
    def setup_class(cls) -> None:
        cls.logger = logging.getLogger("azure.storage")
        signed = generate_account_sas(
            "nobody",
            "bm8ga2V5IGF0IGFsbA==",
            ResourceTypes(object=True),
            AccountSasPermissions(read=True, list=True),
            datetime.now(UTC) + timedelta(days=1),
        )
        cls.sas_token = f"?{signed}"

    def setup_method(self, _: Any) -> None:
        self.enable_logging()

    def enable_logging(self) -> None:
        """Everything that the client has to say."""
        self.logger.setLevel(logging.DEBUG)

    configure_logging = enable_logging

    def account_url(self, account: str, kind: str) -> str:
        return f"https://{account}.{kind}.core.windows.net"

    def connection_string(self, account: str, key: str) -> str:
        return f"DefaultEndpointsProtocol=https;AccountName={account};AccountKey={key};EndpointSuffix=core.windows.net"

    def get_random_bytes(self, size: int) -> bytes:
        return b"a" * size

    def get_random_text_data(self, size: int) -> str:
        """At least this many characters, as many bytes."""
        words = " hello world python"
        return words * math.ceil(size / len(words))

    def get_datetime_variable(self, _variables: dict[str, Any], _name: str, moment: datetime) -> datetime:
        return moment

    def assertNamedItemInContainer(self, items: Iterable[Any], name: str, _: str | None = None) -> None:
        assert name in list(map(_name, items))

    def assertNamedItemNotInContainer(self, items: Iterable[Any], name: str, _: str | None = None) -> None:
        assert name not in list(map(_name, items))

    def assert_upload_progress(self, size: int, chunk: int, progress: Progress, unknown_size: bool = False) -> None:
        """Told once for each chunk; the last may be smaller."""
        assert len(progress) == math.ceil(size / chunk)
        assert {done % chunk for done, _ in progress} <= {0, size % chunk}
        assert {total for _, total in progress} == {None if unknown_size else size}

    def assert_download_progress(self, size: int, chunk: int, first: int, progress: Progress) -> None:
        """Told once for the first piece, and once for each chunk after it."""
        assert len(progress) == 1 + math.ceil(max(0, size - first) / chunk)
        assert all(done for done, _ in progress)
        assert {total for _, total in progress[1:]} <= {size}


class GenericTestProxyParametrize1:
    """A test's parameters are shown to pytest here without its help."""

    def __call__[T](self, test: T) -> T:
        return test


GenericTestProxyParametrize2 = GenericTestProxyParametrize1


def _name(item: Any) -> str:
    if isinstance(item, str):
        return item
    return str(item["name"] if isinstance(item, dict) else item.name)


class LogCaptured:
    """What the client logs meanwhile."""

    def __init__(self, case: StorageRecordedTestCase) -> None:
        self._logger, self._text = case.logger, io.StringIO()
        self._handler = logging.StreamHandler(self._text)

    def __enter__(self) -> io.StringIO:
        self._logger.addHandler(self._handler)
        return self._text

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._logger.removeHandler(self._handler)
