"""Keys go where the SDKs' own resolvers send them: as the Python one hashes, and as the others take the remainder."""

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
def test_the_partition_is_the_sdk_s_but_for_the_sign_of_the_remainder(key: str, partitions: int) -> None:
    resolver = PartitionResolver([str(index) for index in range(partitions)])  # type: ignore[no-untyped-call]
    theirs = int(resolver.get_partition_id_by_partition_key(key))  # type: ignore[no-untyped-call]
    assert partition_of(key, partitions) in (theirs, (-theirs) % partitions)


@pytest.mark.parametrize("key", ["k0", "k5", "k9"])
def test_keys_with_a_negative_hash_go_where_net_and_javascript_send_them(key: str) -> None:
    assert partition_of(key, 4) == 1


def test_keys_beyond_ascii_have_a_partition() -> None:
    assert partition_of("Maß", 4) in range(4)
