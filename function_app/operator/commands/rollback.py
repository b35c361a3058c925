"""`sluice rollback ENDPOINT`: put back what served before. An event to hub `decisions`; control does it, or says no."""

from typing import Annotated

import typer

from function_app.operator.connections import AsJson, RunDir, settings
from function_app.operator.ordering.orders import order, stated
from function_app.operator.ordering.places import endpoint as endpoint_at
from function_app.operator.ordering.sending import EXITS, Force, Wait, Way, Who, Why, Within, give, who
from shared.events import RollbackCompleted, RollbackFailed, RollbackOrdered, RollbackSuperseded

Where = Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its name, or workspace|endpoint|name.")]
EXAMPLE = f"Example: sluice rollback flights --reason 'every flight is called late'. {EXITS}"
_ENDS = (RollbackCompleted.type, RollbackFailed.type, RollbackSuperseded.type)


def rollback(
    endpoint: Where, reason: Why, operator: Who = "", force: Force = False, wait: Wait = None, timeout: Within = 180,
    as_json: AsJson = False, run_dir: RunDir = None,
) -> None:  # fmt: skip
    """Put back the version that served before the newest one; of a canary, the one that still has a share.

    It is done when every live instance has proved it; that is waited for. No mode of the policy holds it, only a
    pause does.
    """
    way = Way(run_dir, force, wait, timeout, as_json)
    command = stated(RollbackOrdered, endpoint=endpoint_at(endpoint, way), operator=who(operator), reason=reason)
    give(order(command, settings(run_dir), "rollback", _ENDS), way)
