"""Which Azure ML workspaces are ours."""

from collections.abc import Iterable

from shared.ports import Refused


def refuse_foreign(workspace: str, known: Iterable[str]) -> None:
    """Raise `Refused` unless it is among the resource ids in `known`; case and slashes at the ends do not count."""
    if canonical_id(workspace) not in {canonical_id(each) for each in known}:
        raise Refused(f"workspace {workspace} is not one of ours")


def canonical_id(workspace: str) -> str:
    return workspace.strip("/").lower()
