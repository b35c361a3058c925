"""An approved package becomes what serves, step by step, and is called live when every live instance says so (box 7).

Reacts to ApprovalGranted, DeadlineReached, ActionApproved, ActionDeclined, ActionFailed, ActionSuperseded.
Emits PromotionStarted or PromotionRefused, PromotionStepped, ActionProposed (an inconclusive step is a person's to
decide), PromotionCompleted, or PromotionAborted with RollbackRequested. Reads: the live instances.
Does: swaps the serving manifest forward. The way back is not its business.
"""

from services.promotion.reactions import service

__all__ = ["service"]
