"""A model version in memory, ready to answer."""

from dataclasses import dataclass

from services.scoring.model.golden import GoldenRows
from services.scoring.model.statistics import VersionStatistics
from services.scoring.protocol.layout import Layout, is_slim, layout_of
from services.scoring.protocol.response import ResponseEncoder
from shared.events import PackageRef
from shared.packages import Signature
from shared.ports.models.inference import InferenceSession


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """Compared by identity: loading the same package again makes another version. `model_bytes` is its file's size."""

    package: PackageRef
    signature: Signature
    session: InferenceSession
    layout: Layout
    encoder: ResponseEncoder
    statistics: VersionStatistics
    golden: GoldenRows
    is_slim: bool  # nothing of it is too wide to be captured
    model_bytes: int = 0
    is_alone: bool = False  # its requests never share a run

    @classmethod
    def of(
        cls, package: PackageRef, signature: Signature, session: InferenceSession, statistics: VersionStatistics,
        golden: GoldenRows, model_bytes: int = 0, is_alone: bool = False,
    ) -> "Version":  # fmt: skip
        """`statistics` go on counting when a package is loaded again."""
        model = package.model
        headers = (("sluice-model-version", model.version), ("sluice-model-digest", package.digest))
        return cls(
            package=package,
            signature=signature,
            session=session,
            layout=layout_of(session.inputs, signature),
            encoder=ResponseEncoder(model.name, model.version, session.outputs, headers),
            statistics=statistics,
            golden=golden,
            model_bytes=model_bytes,
            is_alone=is_alone,
            is_slim=all(map(is_slim, (*session.inputs, *session.outputs))),
        )

    def prove(self, generation: int) -> None:
        """Score the golden rows anew, and report it from now on. Raises `Refused` when they come out differently."""
        self.statistics.golden = self.golden.prove(self.session, generation)

    @property
    def name(self) -> str:
        return self.package.model.name

    @property
    def number(self) -> str:
        return self.package.model.version
