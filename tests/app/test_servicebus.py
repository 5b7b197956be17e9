"""Config.json of Service Bus's emulator."""

import json
from pathlib import Path
from typing import Any

import pytest

from dragoman.app.config import ConfigError
from dragoman.app.servicebus import load, read
from dragoman.app.topology import rehearse
from dragoman.kernel.commands import CreateStream, DeclareQueue
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.pumps import CreatePump

QUEUE = {
    "Name": "orders",
    "Properties": {
        "DeadLetteringOnMessageExpiration": True,
        "DefaultMessageTimeToLive": "PT1H",
        "DuplicateDetectionHistoryTimeWindow": "PT20S",
        "ForwardDeadLetteredMessagesTo": "",
        "ForwardTo": "",
        "LockDuration": "PT1M",
        "MaxDeliveryCount": 3,
        "RequiresDuplicateDetection": True,
        "RequiresSession": False,
    },
}
TOPIC = {
    "Name": "topic",
    "Properties": {"DefaultMessageTimeToLive": "PT30M", "RequiresDuplicateDetection": False},
    "Subscriptions": [
        {"Name": "all", "Properties": {"RequiresSession": True}},
        {
            "Name": "some",
            "Properties": {"ForwardTo": "orders", "ForwardDeadLetteredMessagesTo": "orders"},
            "Rules": [
                {
                    "Name": "c",
                    "Properties": {
                        "FilterType": "Correlation",
                        "CorrelationFilter": {"Label": "x", "To": "", "Properties": {"p": "v"}},
                    },
                },
                {
                    "Name": "s",
                    "Properties": {
                        "FilterType": "Sql",
                        "SqlFilter": {"SqlExpression": "sys.MessageId = '1' AND p = 'v'"},
                        "Action": {"SqlExpression": "SET sys.To = 'Entity'"},
                    },
                },
            ],
        },
    ],
}


def document(*queues: Any, topics: Any = ()) -> dict[str, Any]:
    namespace = {"Name": "sbemulatorns", "Queues": list(queues), "Topics": list(topics)}
    return {"UserConfig": {"Namespaces": [namespace], "Logging": {"Type": "File"}}}


def queue(**properties: Any) -> dict[str, Any]:
    return {"Name": "q", "Properties": properties}


def subscription(**more: Any) -> dict[str, Any]:
    return document(topics=[{"Name": "t", "Subscriptions": [{"Name": "s", **more}]}])


def rule(**properties: Any) -> dict[str, Any]:
    return subscription(Rules=[{"Name": "r", "Properties": properties}])


def test_a_file_makes_its_entities(tmp_path: Path) -> None:
    file = tmp_path / "Config.json"
    file.write_text(json.dumps(document(QUEUE, topics=[TOPIC])), encoding="utf-8-sig")
    commands = load(str(file))
    assert rehearse(commands) == []
    queues = {one.name: one for one in commands if isinstance(one, DeclareQueue)}
    assert list(queues) == [
        "orders/$DeadLetterQueue",
        "orders",
        "topic/Subscriptions/all/$DeadLetterQueue",
        "topic/Subscriptions/some/$DeadLetterQueue",
        "topic/Subscriptions/some/$Transfer/$DeadLetterQueue",
    ]
    orders = queues["orders"]
    assert (orders.settings.ttl_ms, orders.settings.lease_duration_ms) == (3_600_000, 60_000)
    assert (orders.settings.attempts_max, orders.settings.dead_letter_expired) == (3, True)
    assert orders.settings.dead_letter is not None
    assert orders.settings.dead_letter.name == "orders/$DeadLetterQueue"
    assert orders.stream.dedup_window_ms == 20_000
    assert [one.name for one in commands if isinstance(one, CreateStream)] == ["topic"]
    takes_all, some = (one for one in commands if isinstance(one, CreateSubscription))
    assert (takes_all.subscription, takes_all.settings.order) == ("all", "session")
    assert takes_all.settings.ttl_ms == 1_800_000, "the topic's"
    assert takes_all.settings.filter == {"rules": [{"name": "$Default", "kind": "true"}]}
    assert some.settings.filter["rules"] == [
        {"name": "c", "kind": "correlation", "properties": {"p": "v"}, "fields": {"label": "x"}},
        {
            "name": "s",
            "kind": "sql",
            "expression": "sys.MessageId = '1' AND p = 'v'",
            "action": {"expression": "SET sys.To = 'Entity'"},
        },
    ]
    assert some.settings.dead_letter is not None
    assert some.settings.dead_letter.name == "topic/Subscriptions/some/$DeadLetterQueue"
    pump, letters = (one for one in commands if isinstance(one, CreatePump))
    assert letters.source == some.settings.dead_letter.name
    assert letters.settings.targets[0].name == "orders"
    assert (pump.source, pump.subscription, pump.settings.targets[0].name) == (
        "topic",
        "some",
        "orders",
    )


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("P10675199DT2H48M5.4775807S", -1),
        ("PT0.5S", 500),
        ("P1D", 86_400_000),
        ("P1DT1H1M1S", 90_061_000),
    ],
)
def test_durations(text: str, ms: int) -> None:
    commands = read(document(queue(DefaultMessageTimeToLive=text)))
    assert commands[-1].settings.ttl_ms == ms


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "expected a table"),
        ({"UserConfg": {}}, "did you mean UserConfig"),
        ({"UserConfig": {"Namespaces": {}}}, "expected a list"),
        ({"UserConfig": {"Namespaces": [{"Name": "a"}, {"Name": "b"}]}}, "only one"),
        (document({"Properties": {}}), "has a Name"),
        (document(queue(), queue()), "two entities"),
        (document(queue(LockDuraton="PT1M")), "LockDuraton; did you mean LockDuration"),
        (document(queue(LockDuration="1 minute")), "no duration"),
        (document(queue(LockDuration="P")), "no duration"),
        (document(queue(LockDuration="PT10M")), "five minutes"),
        (document(queue(MaxDeliveryCount=0)), "MaxDeliveryCount"),
        (document(queue(MaxDeliveryCount="3")), "no int"),
        (document(queue(ForwardTo="nowhere")), "nowhere"),
        (document(queue(ForwardTo="q")), "no other"),
        (document(QUEUE, queue(ForwardTo="orders", RequiresSession=True)), "sessions"),
        (subscription(Properties={"RequiresDuplicateDetection": True}), "RequiresDuplicate"),
        (rule(FilterType="Jms"), "FilterType"),
        (rule(FilterType="Sql", SqlFilter={"SqlExpression": "a ="}), "rule r: the end"),
        (rule(FilterType="Sql", SqlFilter={"Expression": "a"}), "no option Expression"),
        (rule(FilterType="Correlation", CorrelationFilter={"Lable": "x"}), "Lable"),
        (rule(FilterType="Correlation", CorrelationFilter={}), "asks for something"),
        (rule(FilterType="True", Action={"SqlExpression": "SET 5 = 1"}), "action of rule r"),
        (rule(FilterType="True", Action={"Expression": "SET a = 1"}), "Action"),
    ],
)
def test_what_cannot_be_is_told(document: Any, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(document)
    assert words in str(refused.value)


def test_a_file_that_is_not_there_or_no_json(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(str(tmp_path / "nothing"))
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ConfigError, match=r"bad\.json"):
        load(str(tmp_path / "bad.json"))
