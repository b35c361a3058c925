"""Keys go where the SDK's own resolver sends them."""

import pytest
from azure.eventhub._buffered_producer._partition_resolver import PartitionResolver, compute_hash
from hypothesis import given
from hypothesis import strategies as st

from infra.local.eventhubs.partitioning import lookup3, partition_of

pytestmark = pytest.mark.local_only
# The SDK hashes code points instead of bytes, so the two agree on ASCII only.
KEYS = st.text(st.characters(codec="ascii"), max_size=60)


@given(KEYS)
def test_the_hash_is_the_sdk_s(key: str) -> None:
    assert lookup3(key.encode()) == compute_hash(key)  # type: ignore[no-untyped-call]


@given(KEYS, st.integers(1, 32))
def test_the_partition_is_the_sdk_s(key: str, partitions: int) -> None:
    resolver = PartitionResolver([str(index) for index in range(partitions)])  # type: ignore[no-untyped-call]
    expected = resolver.get_partition_id_by_partition_key(key)  # type: ignore[no-untyped-call]
    assert str(partition_of(key, partitions)) == expected


def test_keys_beyond_ascii_have_a_partition() -> None:
    assert partition_of("Maß", 4) in range(4)
