"""The waits between attempts."""

import itertools
from datetime import timedelta

import pytest

from infra.local.functions_host.retries import RetryPolicy
from infra.local.functions_host.worker_protocol import protos


def exponential(count: int, minimum_s: int, maximum_s: int) -> RetryPolicy:
    return RetryPolicy.from_options(
        protos.RpcRetryOptions(
            max_retry_count=count,
            retry_strategy="exponential_backoff",
            minimum_interval=timedelta(seconds=minimum_s),
            maximum_interval=timedelta(seconds=maximum_s),
        )
    )


def test_a_fixed_delay_stays_and_ends() -> None:
    delay = timedelta(seconds=2)
    options = protos.RpcRetryOptions(max_retry_count=3, retry_strategy="fixed_delay", delay_interval=delay)
    assert list(RetryPolicy.from_options(options).delays()) == [2.0, 2.0, 2.0]


@pytest.mark.observed("events: the first wait is the minimum, later ones grow by chance up to the maximum")
def test_exponential_delays_grow_between_their_bounds() -> None:
    first, second, third, *rest = exponential(10, 1, 20).delays()
    assert first == 1
    assert 1.8 <= second <= 2.2
    assert 2.6 <= third <= 3.4
    assert rest[-1] == 20


def test_retries_without_end_never_overflow() -> None:
    delays = list(itertools.islice(exponential(-1, 1, 30).delays(), 5000))
    assert delays[-1] == 30
