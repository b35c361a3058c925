"""What can be named: what the policy in force lists and what the ledger has decided about."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from function_app.operator.connections import Store
from function_app.operator.console import clean
from function_app.operator.ledger.reading import all_heads
from function_app.operator.running import Unknown
from services import deciding
from shared.events import Entity
from shared.events.brakes import ALL
from shared.ports import Refused

_LISTED = 8


@dataclass(frozen=True, slots=True)
class Names:
    """`listed` are the endpoints of the policy in force; `chains` what a service has decided about."""

    listed: frozenset[str]
    chains: frozenset[tuple[str, Entity]]

    @property
    def entities(self) -> set[Entity]:
        return {entity for _, entity in self.chains}

    @property
    def endpoints(self) -> set[str]:
        return {*self.listed, *(entity.name for entity in self.entities if entity.kind == "endpoint")}

    @property
    def services(self) -> set[str]:
        """Those of this build, and those that have decided."""
        return {*services_of_this_build(), *(name for name, _ in self.chains)}


def services_of_this_build() -> set[str]:
    """And their lanes: a dead letter may name either."""
    found = deciding().values()
    return {*(service.name for service in found), *(service.lane for service in found)}


async def known(store: Store) -> Names:
    """Raises `Unavailable` or `Refused`."""
    heads, broken = await all_heads(store.ledger)
    if broken:
        raise Refused(f"a head of the ledger cannot be read ({broken}); see `sluice ledger verify`")
    return Names(await _listed(store), frozenset((service, entity) for service, entity, _ in heads))


async def _listed(store: Store) -> frozenset[str]:
    """None where control has not run yet, or where what it keeps is of another kind than this build's."""
    last = await store.policies.last()
    try:
        document = json.loads(await store.evidence.read(last.digest)) if last else {}
        return frozenset(map(str.lower, document.get("endpoints", {})))
    except (Refused, ValueError, AttributeError, TypeError):
        return frozenset()


def check_scope(scope: str, names: Names) -> None:
    """Everything, an endpoint of the policy, or what was decided about. Raises `Unknown` with what there is."""
    if scope == ALL:
        return
    entity = Entity.parse(scope)
    if entity.kind == "endpoint":
        check_name("endpoint", entity.name, names.endpoints)
    if entity.kind == "endpoint" and entity.name in names.listed:
        return
    alike = {each for each in names.entities if each.kind == entity.kind}
    check_name(entity.kind, entity.name, {each.name for each in alike})
    if entity not in alike:
        places = (each.workspace for each in alike if each.name == entity.name)
        raise Unknown(
            f"{entity.kind} {clean(entity.name)} is not in {clean(entity.workspace)}; it is in {_list(places)}"
        )


def check_name(kind: str, name: str, there: Iterable[str]) -> None:
    """Raises `Unknown` with what there is, and what was likely meant."""
    names = {each.lower(): each for each in there}
    if name.lower() not in names:
        raise Unknown(f"no {kind} {clean(name)}{_instead(name, sorted(map(clean, names.values())))}")


def _instead(name: str, there: Sequence[str]) -> str:
    if not there:
        return "; there is none"
    close = get_close_matches(name, there, n=2)
    meant = f". Did you mean {' or '.join(close)}?" if close else ""
    return f"; there {'is' if len(there) == 1 else 'are'} {_list(there)}{meant}"


def _list(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:_LISTED]) + (f" and {len(found) - _LISTED} more" if len(found) > _LISTED else "")
