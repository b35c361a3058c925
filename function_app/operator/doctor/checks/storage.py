"""Are all tables and containers there, and may operators read those that are for them?"""

import asyncio
from collections.abc import Sequence

from function_app.operator.doctor.check import Check
from function_app.operator.doctor.expected import CONTAINERS, TABLES
from function_app.operator.doctor.finding import Finding, broken, ok
from function_app.operator.doctor.patient import Patient
from shared.ports import Access

_DEPLOY = "deploy the templates once more: infra/azure/deploy.sh (locally: make up)"
_ROLES = {"table": "Storage Table Data Reader", "container": "Storage Blob Data Reader"}


async def look(patient: Patient) -> Sequence[Finding]:
    tables = await asyncio.gather(*map(patient.store.table, TABLES))
    containers = await asyncio.gather(*map(patient.store.container, CONTAINERS))
    found = [
        *(_told("table", *each) for each in zip(TABLES.items(), tables, strict=True)),
        *(_told("container", *each) for each in zip(CONTAINERS.items(), containers, strict=True)),
    ]
    wrong = [finding for finding in found if finding]
    unseen = [*tables, *containers].count("forbidden")
    hidden = f"; {unseen} are not for operators to see" if unseen else ""
    return wrong or [ok(f"{len(tables)} tables and {len(containers)} containers{hidden}")]


def _told(kind: str, what: tuple[str, bool], access: Access) -> Finding | None:
    name, is_ours = what
    if access == "missing":
        return broken(f"{kind} {name} is not there", _DEPLOY)
    if access == "forbidden" and is_ours:
        return broken(f"{kind} {name} may not be read", f"give this identity role {_ROLES[kind]} on it")
    return None


check = Check("storage", "each table and container of the product: is it there, may operators read it", look)
