"""When to go back and to what, and when everybody is known to have."""

from services.rollback.policy.going_back import (
    LOOK,
    decide_granted,
    decide_look,
    decide_not_performed,
    decide_ordered,
    decide_requested,
)
from services.rollback.policy.state import REMEMBERED, Live, Ordered, Rollback, Serving
