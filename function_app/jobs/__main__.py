"""`python -m function_app.jobs staging|performance|batch --request <digest>`: runs one job.

The request is evidence under its digest, and so is the report that the job leaves; the report's digest is written to
`reports/<job>`. `SLUICE_STORAGE` is a connection string or the account's blob URL; the job's name is `--job`, or what
Azure ML put into `AZUREML_RUN_ID`.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping

from pydantic import BaseModel, ValidationError

from function_app.jobs.storage import JobStorage
from shared.adapters.azure.storage.account import storage_clients
from shared.events import canonical
from shared.packages import BatchRequestBody, NotAPackage, PerformanceRequestBody, StagingRequestBody
from shared.ports import Refused, Unavailable


# Each imports what it alone needs: all of it together takes longer to import than most joins take to run.
async def _staging(body: bytes, storage: JobStorage) -> BaseModel:
    from function_app.jobs.staging.suite import run_suite

    return await run_suite(StagingRequestBody.model_validate_json(body), storage)


async def _performance(body: bytes, storage: JobStorage) -> BaseModel:
    from function_app.jobs.performance import measure_performance

    return await measure_performance(PerformanceRequestBody.model_validate_json(body), storage)


async def _batch(body: bytes, storage: JobStorage) -> BaseModel:
    from function_app.jobs.batch.scoring import score_file

    return await score_file(BatchRequestBody.model_validate_json(body), storage)


JOBS: Mapping[str, Callable[[bytes, JobStorage], Awaitable[BaseModel]]] = {
    "staging": _staging,
    "performance": _performance,
    "batch": _batch,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m function_app.jobs", description=__doc__)
    parser.add_argument("kind", choices=sorted(JOBS))
    parser.add_argument("--request", required=True, help="digest of the request among the evidence")
    parser.add_argument("--job", default=os.environ.get("AZUREML_RUN_ID"), help="name of this job")
    arguments = parser.parse_args()
    address = os.environ.get("SLUICE_STORAGE")
    if not address:
        parser.error("SLUICE_STORAGE: a connection string or a blob URL is required")
    if not arguments.job:
        parser.error("--job: a name is required where AZUREML_RUN_ID is not set")
    try:
        print(asyncio.run(run(arguments.kind, arguments.request, arguments.job, address)))
    except (Refused, Unavailable, NotAPackage, ValidationError) as error:
        sys.exit(f"{arguments.kind}: {type(error).__name__}: {error}")


async def run(kind: str, request: str, job: str, address: str) -> str:
    """The report as canonical JSON, after it was kept. Raises what the ports raise."""
    clients = storage_clients(address)
    try:
        storage = JobStorage(clients.blobs)
        report = await JOBS[kind](await storage.evidence.read(request), storage)
        body = canonical(report.model_dump(mode="json"))
        await storage.keep_report(job, body)
        return body.decode()
    finally:
        await clients.close()


if __name__ == "__main__":
    main()
