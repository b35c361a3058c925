"""Who may do what, as the design's table says it: this file is the expectation, the topology is what is tried.

Blobs: `r`ead, `c`reate, over`w`rite, `l`ist, `d`elete. Tables: `r`ead, `w`rite, `d`elete.
"""

from infra.local import topology

SENDS = {
    "azure-ml": {"inbound"},
    "gateway": {"inbound", "decisions"},
    "control": {"events", "dead-letter"},
    "operators": {"decisions"},
    "scoring": {"predictions"},
    "truth": {"labels"},
}
RECEIVES = {
    "control": {"inbound", "events", "decisions", "predictions", "labels"},
    "operators": {"inbound", "events", "decisions", "predictions", "labels", "dead-letter"},
}

BLOBS: dict[str, dict[str, str]] = {
    "control": dict.fromkeys(topology.CONTAINERS, "rcwld"),
    "gateway": {"evidence": "rl"},
    "scoring": {"models": "rl", "serving": "rl", "captures": "c"},
    "jobs": {
        "captures": "rl", "labels": "rl", "models": "rl", "evidence": "rcwl", "batch-in": "rl", "batch-out": "rcwl",
    },
    "operators": {"evidence": "rl", "letters": "rl", "models": "rl", "serving": "rl", "seals": "rl", "archive": "rl"},
    "submitters": {"batch-in": "rcwl", "batch-out": "rl"},
}  # fmt: skip
TABLES: dict[str, dict[str, str]] = {
    "control": dict.fromkeys(topology.TABLES, "rwd"),
    "gateway": {"approvals": "r", "ledger": "r"},
    "operators": {"ledger": "r"},
    "menders": {"positions": "rw", "folds": "rw"},
}

# Locally an app's key to storage is an account SAS, which names services and letters, but no container and no table,
# and a connection string carries one of them. In Azure role assignments on containers and tables are the narrower rule.
WIDER = "an account SAS cannot name containers or tables; role assignments in Azure do"


def blobs(owner: str, container: str) -> set[str]:
    return set(BLOBS.get(owner, {}).get(container, ""))


def tables(owner: str, table: str) -> set[str]:
    return set(TABLES.get(owner, {}).get(table, ""))


def is_wider(owner: str, service: str, wanted: set[str]) -> bool:
    """Whether the owner's SAS must allow more here than the design does."""
    grant = topology.STORAGE_GRANTS[owner]
    if service not in grant.services:
        return False
    letters = {"b": {"r": "r", "c": "c", "w": "w", "l": "l", "d": "d"}, "t": {"r": "r", "w": "au", "d": "d"}}[service]
    return {right for right, needed in letters.items() if set(needed) & set(grant.permissions)} != wanted
