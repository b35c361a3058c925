"""Limits as data: one policy document, typed, in layers from what is built in to a single endpoint.

What a service decides by is declared in its own `limits.py`; what several read is in `common`.
"""

from shared.policies.common import GoldenLimits, JobLimits, Mode, Modes, OwnJob, People
from shared.policies.document import EndpointPolicy, InvalidPolicy, PolicyDocument
from shared.policies.personas import Audience, Person, Persona
from shared.policies.reading import read_policy
from shared.policies.retention import Retention
from shared.policies.scope import Scope
from shared.policies.section import (
    BECAUSE_OF_THE_SCENARIO,
    NEVER_BY_ITSELF,
    Need,
    Part,
    Rule,
    Seconds,
    Section,
    Share,
    VersionedName,
)
