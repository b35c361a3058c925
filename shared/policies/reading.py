"""Reading a policy document: the whole of it holds, or nothing starts with it."""

from collections.abc import Mapping, Sequence

from shared.events.workspaces import Workspace
from shared.policies.checking import check
from shared.policies.document import InvalidPolicy, PolicyDocument


def read_policy(
    text: str, inventory: Sequence[Workspace], services: Mapping[str, bool], name: str = "policy"
) -> PolicyDocument:
    """Raises `InvalidPolicy` with a line for each thing that is wrong; `name` is the file's."""
    document, findings = check(text, inventory, services)
    if document is None or findings:
        raise InvalidPolicy("\n".join(f"{name}:{finding}" for finding in findings))
    return document
