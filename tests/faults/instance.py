"""A scoring instance as control sees it: counts that only grow, and a proof of every switch."""

import hashlib
from collections import Counter

from shared.events import GoldenProof, ServingReported, VersionReport
from shared.ports import Manifest, Route
from tests.faults.endpoints import SECOND_SHARE, Endpoint
from tests.faults.trained_on import as_predicted_in_training

# What each version is asked between two reports: a canary step is sure of itself after one of them.
REQUESTS = 5000
_OUTPUTS = hashlib.sha256(b"answers to the golden rows").hexdigest()


class Instance:
    """Follows every manifest at once. The second version fails half of its requests from its second step on."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._reports: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._predicted = as_predicted_in_training(endpoint.package)

    def report(self, manifest: Manifest) -> ServingReported:
        versions = tuple(self._serve(route, manifest.generation) for route in manifest.routes)
        return ServingReported(
            endpoint=manifest.endpoint, instance="instance-1", generation=manifest.generation, versions=versions
        )

    def _serve(self, route: Route, generation: int) -> VersionReport:
        digest = route.package.digest
        self._reports[digest] += 1
        if route.package == self._endpoint.successor and route.share >= SECOND_SHARE:
            self._failed[digest] += REQUESTS // 2
        asked, failed = REQUESTS * self._reports[digest], self._failed[digest]
        return VersionReport(
            package=route.package,
            requests=asked,
            rows=asked,
            errors={"model": failed},
            latency_us={"1000": asked - failed},
            predictions=tuple(self._reports[digest] * count for count in self._predicted),
            golden=GoldenProof(generation=generation, rows=50, distance=0.0, outputs=_OUTPUTS),
        )
