"""What the doctor and the deployment expect to run is what the apps declare."""

import pytest

from infra import declared


@pytest.mark.parametrize("app", declared.APPS)
def test_the_functions_that_are_stated_are_those_that_the_app_declares(app: str) -> None:
    found = declared.indexed(app, declared.ROOT / "function_app" / app)
    assert found == declared.expected()[app], "run make declare"
