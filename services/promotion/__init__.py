"""An approved package becomes what serves, and is called live only when every live instance says so (box 7, R041).

Reacts to ApprovalGranted, DeadlineReached, ActionFailed, ActionSuperseded. Folds ServingReported and ModelLoadFailed.
Emits PromotionStarted, PromotionCompleted, PromotionAborted. Does: swaps the serving manifest.
"""

from services.promotion.reactions import service

__all__ = ["service"]
