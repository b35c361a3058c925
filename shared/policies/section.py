"""A section of the policy document: limits under one name, declared where they are used.

A class registers itself by being defined, so a document knows the sections of what is imported; `services.deciding()`
imports those of all services. A section that nobody declared is an error in a document.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(gt=0)]
type Scenario = Literal["classical", "cv", "nlp"]
# R063, R072: whatever a document says.
NEVER_BY_ITSELF: tuple[Scenario, ...] = ("cv", "nlp")
BECAUSE_OF_THE_SCENARIO = "models of computer vision and language are never retrained by themselves (R063, R072)"
_VERSIONED = re.compile(r"^[^:@/\s]+[:@][^:@/\s]+$")


def _has_version(name: str) -> str:
    if not _VERSIONED.fullmatch(name):
        raise ValueError("`name:version` is required")
    return name


# Azure ML takes a job's component or environment by version, or by label (`name@latest`); a bare name says neither.
VersionedName = Annotated[str, AfterValidator(_has_version), Field(json_schema_extra={"pattern": _VERSIONED.pattern})]


@dataclass(frozen=True, slots=True)
class Rule:
    """What no layer of a document may override: in these scenarios, `field` is none of `forbidden`.

    Where the built-in limits or the document's `defaults` say one of them, which hold for every scenario, it is
    `instead`; a narrower layer that says one is refused.
    """

    field: str
    scenarios: tuple[Scenario, ...]
    forbidden: tuple[str, ...]
    instead: str
    because: str


@dataclass(frozen=True, slots=True)
class Need:
    """Limits that need `what` (`captures`, `ledger`, ...) kept for so many seconds, as their `field` says."""

    what: str
    seconds: float
    field: str


class Part(BaseModel):
    """What lies within a section; unknown fields are refused by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _yes_is_no_number(cls, value: Any, info: Any) -> Any:
        """YAML reads `yes` as true, which pydantic would take for 1."""
        if isinstance(value, bool) and cls.model_fields[info.field_name].annotation is not bool:
            raise ValueError(f"{str(value).lower()} is not a value of this field")
        return value


class Section(Part):
    """`class DriftLimits(Section, name="drift")` declares section `drift` of every layer of a document.

    One that is `undivided` holds for everything alike: `defaults` alone may say something of it.
    """

    section: ClassVar[str] = ""
    undivided: ClassVar[bool] = False
    rules: ClassVar[tuple[Rule, ...]] = ()

    def __init_subclass__(cls, *, name: str = "", **kwargs: Any) -> None:
        """Raises `TypeError` when two classes claim one name; without a name it is the base of several."""
        super().__init_subclass__(**kwargs)
        if not name:
            return
        other = _declared.setdefault(name, cls)
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"{cls.__qualname__} and {other.__qualname__} have one name: {name}")
        cls.section = name

    def impossible(self, other: Callable[[type["Section"]], "Section"]) -> Iterable[tuple[str, str]]:
        """Fields whose value can never come to anything beside the `other` sections of the same scope, and why."""
        return ()

    @classmethod
    def names_services(cls, layer: Mapping[str, Any]) -> Iterable[tuple[tuple[str, ...], str]]:
        """Where what a layer says of this section names a service, and which: the document's check looks for it."""
        return ()

    def needs(self) -> Iterable[Need]:
        """What has to be kept for these limits to work: the document's check holds it against section `retention`."""
        return ()


_declared: dict[str, type[Section]] = {}


def sections() -> Mapping[str, type[Section]]:
    """All that were declared, by name, in the order of names."""
    return dict(sorted(_declared.items()))
