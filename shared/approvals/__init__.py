"""What a person is asked, and who may still say what about it."""

from shared.approvals.approval import Approval, ApprovalStatus, Delegation, Escalation, HeldAction, Say, Seat
from shared.approvals.exhibits import Exhibit, Exhibits
