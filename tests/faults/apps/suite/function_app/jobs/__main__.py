"""A staging suite that passes every candidate at once: what is proven here is that it runs, and runs once.

Each run adds its job's name to the file `SLUICE_TEST_RUNS`, which is how the receiver of a job counts.
"""

import hashlib
import os
import sys
import time
from pathlib import Path

from azure.storage.blob import BlobServiceClient, LinearRetry

from shared.events import PackageRef, canonical
from shared.events.staging import CheckResult
from shared.packages import Rehearsal, StagingReport, StagingRequestBody
from tests.faults.trained_on import reference

job, request = os.environ["AZUREML_RUN_ID"], sys.argv[-1]
with Path(os.environ["SLUICE_TEST_RUNS"]).open("a") as runs:
    runs.write(f"{job}\n")
while Path(os.environ["SLUICE_TEST_HOLD"]).exists():  # a test wants it to take its time
    time.sleep(0.05)
# Storage may be restarted right now.
retry = LinearRetry(backoff=1, retry_total=60, retry_connect=60)
blobs = BlobServiceClient.from_connection_string(os.environ["SLUICE_STORAGE"], retry_policy=retry)
evidence = blobs.get_container_client("evidence")
asked = StagingRequestBody.model_validate_json(evidence.download_blob(f"{request[:2]}/{request}").readall())


def keep(body: bytes) -> str:
    """As evidence is kept: under its digest."""
    digest = hashlib.sha256(body).hexdigest()
    evidence.upload_blob(f"{digest[:2]}/{digest}", body, overwrite=True)
    return digest


def rehearsed(champion: PackageRef) -> Rehearsal:
    """As if it had been restored."""
    return Rehearsal(package=champion, rows=50, distance=0.0, outputs=keep(b"answers"), restore_s=0.1)


report = StagingReport(
    verdict="passed",
    reason="nothing speaks against it",
    candidate=asked.candidate,
    champion=asked.champion,
    endpoint=asked.endpoint,
    limits=asked.limits,
    checks=(CheckResult(name="golden_rows", verdict="passed"),),
    rows=0,
    profile=keep(canonical(reference(asked.candidate).to_json())),
    rehearsal=rehearsed(asked.champion) if asked.champion else None,
)
evidence.upload_blob(f"reports/{job}", keep(report.model_dump_json().encode()).encode(), overwrite=True)
