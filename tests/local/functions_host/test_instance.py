"""Instances of an app on one machine."""

from pathlib import Path

import pytest

from infra.local.functions_host.instance import claim_instance


@pytest.mark.observed("timers: after a kill they start when the old lease has expired")
def test_two_living_instances_differ_and_a_dead_one_is_succeeded(tmp_path: Path) -> None:
    first, second = claim_instance(tmp_path, "app"), claim_instance(tmp_path, "app")
    name = first.id_for("fold")
    assert len({name, second.id_for("fold"), first.id_for("other")}) == 3
    first.lock.close()
    assert claim_instance(tmp_path, "app").id_for("fold") == name
