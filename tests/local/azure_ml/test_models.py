"""Models over the real client: registered once, immutable, listed, archived."""

from typing import Any

import pytest
from azure.ai.ml.entities import Model
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from infra.local.azure_ml.arm import PAGE

pytestmark = pytest.mark.azure_untested
PLACE = "azureml://datastores/workspaceblobstore/paths/packages/one/"


def _model(name: str, version: str | None = "1", path: str = PLACE, **more: Any) -> Model:
    return Model(name=name, version=version, path=path, type="custom_model", **more)


def test_a_model_keeps_its_tags_and_gets_a_long_path(ml: Any, name: str) -> None:
    ml.models.create_or_update(_model(name, tags={"sluice-entity": "e1"}, properties={"digest": "d1"}))

    model = ml.models.get(name, "1")

    assert model.tags == {"sluice-entity": "e1"}
    assert model.properties["digest"] == "d1"
    assert model.path.startswith("azureml://subscriptions/")
    assert model.path.endswith("/workspaces/staging/datastores/workspaceblobstore/paths/packages/one/")


def test_an_unknown_model_is_not_found(ml: Any, name: str) -> None:
    with pytest.raises(ResourceNotFoundError) as refused:
        ml.models.get(name, "1")
    assert refused.value.status_code == 404


def test_the_path_of_a_version_never_changes(ml: Any, name: str) -> None:
    ml.models.create_or_update(_model(name))
    ml.models.create_or_update(_model(name, tags={"stage": "approved"}))

    with pytest.raises(HttpResponseError, match="Asset paths cannot be updated"):
        ml.models.create_or_update(_model(name, path=PLACE.replace("one", "two")))

    assert ml.models.get(name, "1").tags == {"stage": "approved"}
    assert ml.models.get(name, "1").path.endswith("/one/")


def test_without_a_version_the_next_number_is_taken(ml: Any, name: str) -> None:
    assert ml.models.create_or_update(_model(name, version=None)).version == "1"
    assert ml.models.create_or_update(_model(name, version=None)).version == "2"


def test_the_latest_version_is_the_newest_not_the_highest(ml: Any, name: str) -> None:
    for version in ("7", "3"):
        ml.models.create_or_update(_model(name, version))
    assert ml.models.get(name, label="latest").version == "3"


def test_versions_and_containers_are_listed_over_pages(ml: Any, name: str) -> None:
    count = PAGE + 2
    for version in range(1, count + 1):
        ml.models.create_or_update(_model(name, str(version)))

    assert [model.version for model in ml.models.list(name)] == [str(number) for number in range(count, 0, -1)]
    assert name in {model.name for model in ml.models.list()}


def test_archived_versions_are_listed_only_when_asked_for(ml: Any, name: str) -> None:
    for version in ("1", "2"):
        ml.models.create_or_update(_model(name, version))
    ml.models.archive(name, version="1")

    assert [model.version for model in ml.models.list(name)] == ["2"]
    assert [model.version for model in ml.models.list(name, list_view_type="ArchivedOnly")] == ["1"]
    ml.models.restore(name, version="1")
    assert len(list(ml.models.list(name))) == 2


def test_archiving_a_whole_model_keeps_what_the_client_does_not_send(ml: Any, name: str) -> None:
    ml.models.create_or_update(_model(name, "4"))
    ml.models.archive(name)

    assert name not in {model.name for model in ml.models.list()}
    assert ml.models.create_or_update(_model(name, version=None)).version == "5"


def test_workspaces_do_not_share_models(ml: Any, connect: Any, server: Any, name: str) -> None:
    ml.models.create_or_update(_model(name))
    with pytest.raises(ResourceNotFoundError):
        connect(server, workspace="production").models.get(name, "1")


def test_a_name_that_is_none_is_refused(ml: Any) -> None:
    with pytest.raises(HttpResponseError) as refused:
        ml.models.create_or_update(_model("a b"))
    assert refused.value.status_code == 400


def test_a_model_of_an_unknown_job_is_refused(ml: Any, name: str) -> None:
    with pytest.raises(ResourceNotFoundError):
        ml.models.create_or_update(_model(name, path=f"azureml://jobs/{name}/outputs/model/paths/"))
