"""The decisions of promotion: from approval to live in canary steps, by what the instances report."""

from services.promotion.policy.ending import decide_not_performed
from services.promotion.policy.starting import LOOK, decide_granted
from services.promotion.policy.state import Approved, Live, Promotion, Serving
from services.promotion.policy.watching import decide_answer, decide_look

__all__ = [
    "LOOK",
    "Approved",
    "Live",
    "Promotion",
    "Serving",
    "decide_answer",
    "decide_granted",
    "decide_look",
    "decide_not_performed",
]
