"""The hubs, read from the official emulator's `Config.json`; a mistake is reported with the field that holds it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

DEFAULT_GROUP = "$Default"
_MOST_PARTITIONS, _MOST_GROUPS = 32, 20
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,254}[A-Za-z0-9])?")


class ConfigError(ValueError):
    """The message names the field, such as `UserConfig.NamespaceConfig[0].Entities[2].PartitionCount`."""


@dataclass(frozen=True)
class HubConfig:
    """One hub; `groups` holds `$Default` too."""

    name: str
    partitions: int
    groups: tuple[str, ...]


def load_config(path: Path) -> list[HubConfig]:
    """Read the hubs of the first namespace, the only one that the emulator knows too."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    return parse_config(document)


def parse_config(document: object) -> list[HubConfig]:
    """The same, from parsed JSON."""
    namespaces = _list(_field(_field(document, "", "UserConfig"), "UserConfig", "NamespaceConfig"), "NamespaceConfig")
    where = "UserConfig.NamespaceConfig[0]"
    if len(namespaces) != 1:
        raise ConfigError(f"UserConfig.NamespaceConfig: one namespace is expected, not {len(namespaces)}")
    entities = _list(_field(namespaces[0], where, "Entities"), f"{where}.Entities")
    hubs = [parse_hub(entity, f"{where}.Entities[{index}]") for index, entity in enumerate(entities)]
    _refuse_twins([hub.name for hub in hubs], f"{where}.Entities", "Name")
    if not hubs:
        raise ConfigError(f"{where}.Entities: at least one hub is needed")
    return hubs


def parse_hub(entity: object, where: str) -> HubConfig:
    """One entity."""
    name = _name(entity, where)
    if name == DEFAULT_GROUP:
        raise ConfigError(f"{where}.Name: {DEFAULT_GROUP} is a consumer group, not a hub")
    partitions = _partitions(_field(entity, where, "PartitionCount"), f"{where}.PartitionCount")
    listed = entity.get("ConsumerGroups") if isinstance(entity, dict) else None
    entries = _list(listed or [], f"{where}.ConsumerGroups")
    groups = [_name(entry, f"{where}.ConsumerGroups[{index}]") for index, entry in enumerate(entries)]
    _refuse_twins(groups, f"{where}.ConsumerGroups", "Name")
    named = [group for group in groups if group != DEFAULT_GROUP]
    if len(named) + 1 > _MOST_GROUPS:
        raise ConfigError(f"{where}.ConsumerGroups: {len(named) + 1} with {DEFAULT_GROUP}, at most {_MOST_GROUPS}")
    return HubConfig(name, partitions, (DEFAULT_GROUP, *named))


def _name(entity: object, where: str) -> str:
    name = _field(entity, where, "Name")
    if isinstance(name, str) and name.lower() == DEFAULT_GROUP.lower():
        return DEFAULT_GROUP
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(f"{where}.Name: letters, digits, '.', '_' and '-' are allowed, not {name!r}")
    return name


def _partitions(value: object, where: str) -> int:
    # The official samples write the number as a string.
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_PARTITIONS:
        raise ConfigError(f"{where}: 1 to {_MOST_PARTITIONS} is expected, not {value!r}")
    return int(text)


def _field(holder: object, where: str, name: str) -> object:
    path = f"{where}.{name}".lstrip(".")
    if not isinstance(holder, dict) or holder.get(name) is None:
        raise ConfigError(f"{path} is missing")
    return holder[name]


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise ConfigError(f"{where}: a list is expected")
    return value


def _refuse_twins(names: list[str], where: str, field: str) -> None:
    lowered = [name.lower() for name in names]
    for index, name in enumerate(lowered):
        if name in lowered[:index]:
            raise ConfigError(f"{where}[{index}].{field}: {names[index]!r} is there already")
