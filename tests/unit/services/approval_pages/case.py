"""One approval on a desk, over ports in memory, with real signatures."""

import re
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.approval_pages import Answer, Desk, FormGuard, Person, page, submit
from shared.adapters.memory import MemoryApprovals, MemoryEventPublisher, MemoryEvidence
from shared.adapters.signing.links import Ed25519LinkSigner, Ed25519LinkVerifier
from shared.approvals import Approval
from shared.events import ApprovalDecided, CheckResult, Envelope, PackageRef
from shared.packages import StagingReport, SuiteLimits
from tests.support.builders import NOW, endpoint_ref, package_ref, urlsafe

KEY = Ed25519PrivateKey.generate()
SIGNER = Ed25519LinkSigner(urlsafe(KEY.private_bytes_raw()), "https://gateway.example.com")
LEA = Person("lea@example.com", "Lea Novak", ("model-end-user", "project-lead"))


class Case:
    """One approval on one desk."""

    def __init__(self) -> None:
        self.approvals, self.evidence, self.publisher = MemoryApprovals(), MemoryEvidence(), MemoryEventPublisher()
        self.desk = Desk(
            approvals=self.approvals,
            evidence=self.evidence,
            publisher=self.publisher,
            links=Ed25519LinkVerifier(urlsafe(KEY.public_key().public_bytes_raw())),
            guard=FormGuard(b"k" * 32),
        )
        self.cookies = ""

    async def open(self, **changes: Any) -> Approval:
        evidence = await self.evidence.keep(report())
        approval = Approval(
            id="a-1",
            scope=str(endpoint_ref().entity),
            endpoint=endpoint_ref(),
            candidate=package_ref("2"),
            evidence=evidence,
            title="May <flights:2> serve?",
            summary="It passed.",
            requested_by="dana@example.com",
            personas=("project-lead", "model-tester"),
            opened_at=NOW,
            expires_at=NOW + timedelta(hours=3),
        ).model_copy(update=changes)
        await self.approvals.put(approval)
        return approval

    async def get(self, approval: Approval, person: Person | None = LEA, **query: str) -> Answer:
        shown = await page(
            self.desk,
            approval_id=approval.id,
            query={"token": token(approval), **query},
            person=person,
            cookies=self.cookies,
            now=NOW,
            secure=True,
        )
        self.cookies = shown.headers.get("Set-Cookie", self.cookies).partition(";")[0]
        return shown

    async def post(self, approval: Approval, form: dict[str, str], person: Person | None = LEA) -> Answer:
        return await submit(
            self.desk, approval_id=approval.id, form=form, person=person, cookies=self.cookies, now=NOW, secure=True
        )

    @property
    def decided(self) -> list[Envelope[ApprovalDecided]]:
        return self.publisher.published["decisions"]


def token(approval: Approval) -> str:
    return SIGNER.link(approval.id, approval.expires_at).partition("token=")[2]


def fields(answer: Answer) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', answer.body))


def report(champion: PackageRef | None = None, candidate: PackageRef | None = None, rows: int = 0) -> bytes:
    checks = (
        CheckResult(name="golden_rows", verdict="passed", measured=1.25e-7, limit=1e-4),
        CheckResult(name="bias", verdict="inconclusive", detail="<script>alert(1)</script>"),
        CheckResult(name="latency", verdict="failed", measured=180.0, limit=100.0, unit="ms"),
    )
    body = StagingReport(
        verdict="inconclusive",
        reason="a person decides",
        candidate=candidate or package_ref("2"),
        champion=champion,
        endpoint=endpoint_ref(),
        limits=SuiteLimits(),
        checks=checks,
        rows=rows,
        first_row=NOW if rows else None,
        last_row=NOW if rows else None,
    )
    return body.model_dump_json().encode()
