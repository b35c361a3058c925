"""What the evidence of an approval says, shown by kind: each file of `kinds` shows one, and what none knows is legible.

A new kind is one new file there with a `renderer`; nothing names them.
"""

from services.approval_pages.evidence.reading import EvidenceView, Unshowable, evidence_of

__all__ = ["EvidenceView", "Unshowable", "evidence_of"]
