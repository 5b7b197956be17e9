"""`dragoman eventgrid ...`."""

import pytest
from tests.cli.asking import Shell

from dragoman.cli.errors import FAILED, NOT_FOUND


def test_a_topic_and_what_subscribes_to_it(shell: Shell) -> None:
    (made,) = shell.json("eventgrid", "topic", "news", "--schema", "cloudevents")
    assert made["properties"]["inputSchema"] == "CloudEventSchemaV1_0"
    (odd,) = shell.json("eventgrid", "topic", "odd", "--schema", "input")
    assert odd["properties"]["inputSchema"] == "CustomEventSchema"
    shell.done("eventgrid", "delete", "topics/odd")
    (subscription,) = shell.json(
        "eventgrid", "subscribe", "topics/news", "work", "--queue", "work", "--types", "a", "--types", "b",
        "--subject-begins", "eu", "--attempts", "3", "--dead", "grave",
    )  # fmt: skip
    assert subscription["properties"]["filter"]["includedEventTypes"] == ["a", "b"]
    assert subscription["properties"]["retryPolicy"]["maxDeliveryAttempts"] == 3
    listed = shell.done("eventgrid", "list")
    assert "topics/news/eventSubscriptions/work" in listed
    assert shell.json("eventgrid", "list", "topics") == [made]
    assert len(shell.json("eventgrid", "keys", "topics/news")[0]) == 2
    assert "work" in [queue["name"] for queue in shell.json("queue", "list")]
    assert shell.done("eventgrid", "delete", "topics/news") == ""
    assert shell("eventgrid", "show", "topics/news") == NOT_FOUND


def test_a_namespace_is_made_to_be_pulled_from(shell: Shell) -> None:
    shell.done("eventgrid", "put", "namespaces/ns1")
    shell.done("eventgrid", "put", "namespaces/ns1/topics/items", '{"eventRetentionInDays": 1}')
    (made,) = shell.json(
        "eventgrid", "subscribe", "namespaces/ns1/topics/items", "sub", "--types", "a"
    )
    assert made["properties"]["deliveryConfiguration"] == {"deliveryMode": "Queue"}
    (pushed,) = shell.json(
        "eventgrid", "subscribe", "namespaces/ns1/topics/items", "hook", "--webhook", "http://127.0.0.1:1/x"
    )  # fmt: skip
    assert pushed["properties"]["deliveryConfiguration"]["deliveryMode"] == "Push"
    shell.done("eventgrid", "delete", "namespaces/ns1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("put", "topics/a_b_c"),
        ("put", "topics/abc", "{"),
        ("subscribe", "topics/none", "sub", "--queue", "q", "--webhook", "http://x"),
        ("subscribe", "topics/none", "sub"),
        ("subscribe", "topics/none", "sub", "--queue", "q", "--filter", "["),
    ],
)
def test_what_makes_no_sense_is_told(shell: Shell, arguments: tuple[str, ...]) -> None:
    assert shell("eventgrid", *arguments) == FAILED
    assert shell.err.startswith("dragoman: ")
