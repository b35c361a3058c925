"""Requests and reports of jobs are evidence: they survive JSON, and a wrong one is refused."""

import re
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from shared.events import EndpointRef, ModelRef, PackageRef, Window
from shared.packages import PerformanceRequestBody, StagingRequestBody, SuiteLimits

WORKSPACE = "/subscriptions/s/resourcegroups/r/providers/microsoft.machinelearningservices/workspaces/w"
PACKAGE = PackageRef(model=ModelRef(workspace=WORKSPACE, name="flights", version="1"), digest="0" * 64)
ENDPOINT = EndpointRef(workspace=WORKSPACE, name="flights")


def test_a_staging_request_survives_json() -> None:
    request = StagingRequestBody(candidate=PACKAGE, endpoint=ENDPOINT, limits=SuiteLimits(least_rows=7))
    assert StagingRequestBody.model_validate_json(request.model_dump_json()) == request


def test_a_performance_request_survives_json() -> None:
    window = Window(start=datetime(2013, 3, 1, tzinfo=UTC), end=datetime(2013, 4, 1, tzinfo=UTC))
    request = PerformanceRequestBody(endpoint=ENDPOINT, package=PACKAGE, window=window)
    assert PerformanceRequestBody.model_validate_json(request.model_dump_json()) == request


def test_a_limit_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="least_row"):
        SuiteLimits.model_validate({"least_row": 7})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("quality.null_rate_rize", "is no check: did you mean quality.null_rate_rise?"),
        ("graph.runs", "cannot be left out"),
        ("nonsense", "is no check"),
    ],
)
def test_a_check_that_is_left_out_is_one(name: str, said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        SuiteLimits(left_out={name: "because"})


def test_a_check_is_left_out_by_its_name_or_by_its_family_and_with_a_reason() -> None:
    limits = SuiteLimits(left_out={"bias": "no people", "tests.test_x.test_y": "flaky"})
    assert limits.reason_to_leave_out("bias.label_rate.side") == "no people"
    assert limits.reason_to_leave_out("tests.test_x.test_y") == "flaky"
    assert limits.reason_to_leave_out("tests.test_x.test_z") is None
    with pytest.raises(ValidationError):
        SuiteLimits(left_out={"bias": ""})
