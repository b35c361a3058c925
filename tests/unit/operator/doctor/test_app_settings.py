"""An app's settings come as the Functions tools keep them or as Azure lists them; anything else is named."""

import json
from pathlib import Path

import pytest

from function_app.operator.doctor.app_settings import read_file, read_functions
from shared.settings.operator import NoSettings


def test_both_forms_are_read(tmp_path: Path) -> None:
    local, listed = tmp_path / "local.json", tmp_path / "listed.json"
    local.write_text(json.dumps({"IsEncrypted": False, "Values": {"TICK": "x"}}))
    listed.write_text(json.dumps([{"name": "TICK", "slotSetting": False, "value": "x"}]))
    assert (read_file("control", local).values, read_file("control", local).listed) == ({"TICK": "x"}, False)
    assert (read_file("control", listed).values, read_file("control", listed).listed) == ({"TICK": "x"}, True)
    assert "x" not in repr(read_file("control", local)).replace("AppSettings", "")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"Values": 3}'])
def test_another_file_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text(text)
    with pytest.raises(NoSettings, match=r"settings of control: .*some.json"):
        read_file("control", path)


def test_a_missing_file_and_an_unknown_app_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoSettings, match="No such file"):
        read_file("gateway", tmp_path / "nothing.json")
    with pytest.raises(NoSettings, match="contral: there is no such app"):
        read_file("contral", tmp_path / "nothing.json")


@pytest.mark.parametrize("is_flat", [True, False])
def test_the_list_of_functions_that_azure_prints_is_read(is_flat: bool, tmp_path: Path) -> None:
    """Some versions of `az` lay the properties beside the name, some below."""
    path, off = tmp_path / "functions.json", {"isDisabled": True}
    listed: list[dict[str, object]] = [{"name": "sluice-a1b2c3-control/clock"}]
    listed.append({"name": "sluice-a1b2c3-control/tell", **(off if is_flat else {"properties": off})})
    path.write_text(json.dumps(listed))
    assert read_functions("control", path) == {"clock": True, "tell": False}


@pytest.mark.parametrize("text", ["", "[1]", '[{"id": "x"}]'])
def test_another_file_than_a_list_of_functions_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text(text)
    with pytest.raises(NoSettings, match=r"functions of control: .*some.json"):
        read_functions("control", path)
    with pytest.raises(NoSettings, match="No such file"):
        read_functions("gateway", tmp_path / "nothing.json")
    with pytest.raises(NoSettings, match="contral: there is no such app"):
        read_functions("contral", path)
