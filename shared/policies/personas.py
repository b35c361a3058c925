"""The twelve personas of the architecture (R085), and the audiences that a policy maps onto them."""

from dataclasses import dataclass
from typing import Literal

# R085, in the order of its table. A person decides; a process never does.
type Person = Literal[
    "data-scientist",
    "data-analyst",
    "model-tester",
    "business-stakeholder",
    "project-lead",
    "product-owner",
    "platform-support",
    "model-end-user",
]
type Process = Literal["ci-cd-process", "aml-workspace", "monitoring-process", "data-governance-process"]
type Persona = Person | Process
# R014 and R023 name a team that is no persona of the table.
type AudienceName = Literal["data-engineer", "infrastructure"]
type Audience = Person | AudienceName


@dataclass(frozen=True, slots=True)
class PersonaFacts:
    """A row of the table. `kind` is its column Type: a model's end user may be either."""

    title: str
    kind: Literal["person", "process", "either"]
    project_specific: bool


PERSONAS: dict[Persona, PersonaFacts] = {
    "data-scientist": PersonaFacts("Data scientist / ML engineer", "person", True),
    "data-analyst": PersonaFacts("Data analyst", "person", True),
    "model-tester": PersonaFacts("Model tester", "person", True),
    "business-stakeholder": PersonaFacts("Business stakeholders", "person", True),
    "project-lead": PersonaFacts("Project lead (data science lead)", "person", True),
    "product-owner": PersonaFacts("Project/product owner (business owner)", "person", True),
    "platform-support": PersonaFacts("Platform technical support", "person", False),
    "model-end-user": PersonaFacts("Model end user", "either", True),
    "ci-cd-process": PersonaFacts("CI/CD processes", "process", False),
    "aml-workspace": PersonaFacts("AML workspace", "process", False),
    "monitoring-process": PersonaFacts("Monitoring processes", "process", False),
    "data-governance-process": PersonaFacts("Data governance processes", "process", False),
}
