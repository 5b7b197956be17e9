"""Config.json of Event Hubs' emulator."""

import json
from pathlib import Path
from typing import Any

import pytest

from dragoman.app.config import ConfigError
from dragoman.app.eventhubs import load, read
from dragoman.app.topology import rehearse
from dragoman.doors.eventhubs.hubs import hub_settings


def file_of(*hubs: Any, kind: str = "EventHub") -> dict[str, Any]:
    namespace = {"Type": kind, "Name": "emulatorNs1", "Entities": list(hubs)}
    return {"UserConfig": {"NamespaceConfig": [namespace], "LoggingConfig": {"Type": "File"}}}


def test_hubs_with_partitions_and_groups() -> None:
    hub = {"Name": "eh1", "PartitionCount": "2", "ConsumerGroups": [{"Name": "cg1"}, {"Name": "b"}]}
    commands = read(file_of(hub, {"Name": "eh2"}), 7)
    assert [(each.name, each.settings.partitions) for each in commands] == [("eh1", 2), ("eh2", 1)]
    assert commands[0].settings == hub_settings(7, 2, ("cg1", "b"))
    assert commands[1].settings == hub_settings(7, 1, ())
    assert rehearse(commands) == []


def test_a_file_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "Config.json"
    file.write_text(json.dumps(file_of({"Name": "eh1", "PartitionCount": 3})))
    (command,) = load(str(file))
    assert command.settings.partitions == 3


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (None, "file: expected a table"),
        ({"UserConfig": {"NamespaceConfig": {}}}, "NamespaceConfig: expected a list"),
        (file_of(kind="ServiceBus"), "NamespaceConfig: Type: expected EventHub"),
        (file_of({"Name": "a b"}), "'a b' is no name of an event hub"),
        (file_of({"Name": "a", "PartitionCount": 0}), "PartitionCount: 0 is not from 1"),
        (file_of({"Name": "a", "PartitionCount": True}), "PartitionCount: True is not from 1"),
        (file_of({"Name": "a", "Partitions": 1}), "no option Partitions"),
        (file_of({"Name": "a", "ConsumerGroups": [{}]}), "None is no name of a consumer group"),
        (file_of({"Name": "a"}, {"Name": "a"}), "two hubs are called a"),
        ({"UserConfig": {"NamespaceConfig": [{}, {}]}}, "NamespaceConfig: only one"),
    ],
)
def test_what_is_wrong_is_told(document: Any, problem: str) -> None:
    with pytest.raises(ConfigError) as told:
        read(document, 0)
    assert any(problem in line for line in told.value.problems), told.value.problems
