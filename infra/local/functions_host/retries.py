"""Retry policies: extra attempts of the same invocation, in memory, as the real host makes them."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.local.functions_host.worker_protocol import protos

FOREVER = -1


@dataclass(frozen=True)
class RetryPolicy:
    """Up to `max_retry_count` extra attempts (-1: without end); delays in seconds. Equal bounds mean a fixed delay."""

    max_retry_count: int
    minimum_s: float
    maximum_s: float
    exponential: bool

    @staticmethod
    def from_options(options: Any) -> "RetryPolicy":
        """`options` is an `RpcRetryOptions`, as the worker describes what the function declares."""
        if options.retry_strategy == protos.RpcRetryOptions.fixed_delay:
            delay = options.delay_interval.ToTimedelta().total_seconds()
            return RetryPolicy(options.max_retry_count, delay, delay, exponential=False)
        bounds = (options.minimum_interval, options.maximum_interval)
        minimum, maximum = (bound.ToTimedelta().total_seconds() for bound in bounds)
        return RetryPolicy(options.max_retry_count, minimum, maximum, exponential=True)

    def delays(self) -> Iterator[float]:
        """The wait before each extra attempt, in seconds."""
        counts = itertools.count(1) if self.max_retry_count == FOREVER else range(1, self.max_retry_count + 1)
        return (self._delay(count) for count in counts)

    def _delay(self, count: int) -> float:
        if not self.exponential or count == 1:
            return min(self.minimum_s, self.maximum_s)
        # 2**60 minimums exceed every maximum; a larger exponent would overflow on a retry without end.
        growth = 2.0 ** min(count - 2, 60)
        return min(self.minimum_s * (1 + random.uniform(0.8, 1.2) * growth), self.maximum_s)


NO_RETRY = RetryPolicy(0, 0.0, 0.0, exponential=False)
