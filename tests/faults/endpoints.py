"""One endpoint and its model's versions: the first is to serve, the second to be taken back, the third no package."""

import functools
from dataclasses import dataclass

from shared.events import EndpointRef, ModelRef, PackageRef
from shared.packages import digest
from tests.local.azure_ml.emulator_process import GROUP, SUBSCRIPTION
from tests.support.onnx_models import package_files

# Shares of the second version, by canary step: it passes the first, and fails requests in the second.
FIRST_SHARE, SECOND_SHARE = 10.0, 50.0

type Routes = tuple[tuple[str, float], ...]
"""Digests and shares."""


def workspace(stage: str) -> str:
    group = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}"
    return f"{group}/providers/microsoft.machinelearningservices/workspaces/{stage}"


@functools.cache
def _base_package() -> dict[str, bytes]:
    return package_files()


@dataclass
class Endpoint:
    """How far its story has come, as far as the world around control takes part in it."""

    number: int
    first_is_live: bool = False
    second_is_registered: bool = False
    done: bool = False
    blocks: int = 0

    def model_version(self, version: str) -> ModelRef:
        return ModelRef(workspace=workspace("development"), name=f"model-{self.number}", version=version)

    def files(self, version: str) -> dict[str, bytes]:
        return {**_base_package(), "environment.yml": f"name: {self.number}-{version}\n".encode()}

    def _package(self, version: str) -> PackageRef:
        return PackageRef(model=self.model_version(version), digest=digest(self.files(version)))

    @property
    def model(self) -> ModelRef:
        return self.model_version("1")

    @functools.cached_property
    def package(self) -> PackageRef:
        return self._package("1")

    @functools.cached_property
    def successor(self) -> PackageRef:
        return self._package("2")

    @property
    def ref(self) -> EndpointRef:
        return EndpointRef(workspace=workspace("production"), name=f"endpoint-{self.number}")

    @property
    def course(self) -> tuple[Routes, ...]:
        """What serves, generation by generation: promoted at once, two canary steps of the second, its rollback."""
        first, second = self.package.digest, self.successor.digest
        steps = [((first, 100 - share), (second, share)) for share in (FIRST_SHARE, SECOND_SHARE)]
        return (((first, 100.0),), *steps, ((first, 100.0),))
