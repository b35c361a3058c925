"""Approval pages, the gateway's half of approvals (box 7, R041, N9): the link finds, the person decides.

Shows: the approval with its evidence to a signed-in person who holds the link. A GET never decides anything.
Emits: `ApprovalDecided` to hub `decisions`, proven with the link's token; control checks it again before it counts.
Reads: the approval, and the staging report under its digest. It can settle nothing by itself.
"""

from services.approval_pages.answer import Answer, message
from services.approval_pages.csrf import FormGuard
from services.approval_pages.decisions import submit
from services.approval_pages.desk import Desk, Link, LinkVerifier
from services.approval_pages.forms import form_of
from services.approval_pages.pages import not_to_be_had, page
from services.approval_pages.person import Person, signed_in
