"""Keys of table rows: readable where they can be, and always within Azure's alphabet and length."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote

from azure.data.tables import EdmType, EntityProperty

from shared.events import Entity

# A key holds 1 KiB of UTF-16, row key and partition key each.
_LONGEST = 400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# An idle look asks each of them, every time.
BUCKETS = 2


@lru_cache(maxsize=1024)
def escaped(text: str) -> str:
    """`text` for a key: only letters, digits and `-._~=`; a very long one ends in its digest instead of its tail."""
    key = quote(text, safe="").replace("%", "=")
    return key if len(key) <= _LONGEST else f"{key[:_LONGEST]}={digest_of(text)}"


def unescaped(key: str) -> str:
    """What `escaped` made a key of, unless that was too long."""
    return unquote(key.replace("=", "%"))


@lru_cache(maxsize=1024)
def chain_key(service: str, entity: Entity) -> str:
    """Partition of a chain: `<service>|<entity>`."""
    key = f"{service}|{entity.table_key}"
    return key if len(key) <= _LONGEST else f"{key[:_LONGEST]}={digest_of(key)}"


def digest_of(*parts: str) -> str:
    """32 hex digits that stand for these texts."""
    return sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def bucket(digest: str) -> str:
    """Spreads rows that are read by time over a few partitions."""
    return f"bucket-{int(digest[:8], 16) % BUCKETS}"


def moment_key(moment: datetime) -> str:
    """Microseconds since 1970 in 19 digits, so that keys sort by time."""
    return order_key((moment - _EPOCH) // _EPOCH.resolution)


def order_key(number: int) -> str:
    return f"{max(number, 0):019d}"


def int64(value: int) -> EntityProperty:
    """Table storage takes a plain Python int for 32 bits only."""
    return EntityProperty(value, EdmType.INT64)


def number(row: Mapping[str, Any], name: str) -> int:
    """An int64 column; 0 where it was never written."""
    value = row.get(name, 0)
    return int(value.value if isinstance(value, EntityProperty) else value)
