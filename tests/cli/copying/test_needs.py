"""Client libraries that may be missing."""

import sys

import pytest

from dragoman.cli.copying.command import copy
from dragoman.cli.copying.needs import library
from dragoman.cli.errors import CommandError


def test_a_library_that_is_there_is_loaded() -> None:
    assert library("json", "kafka").dumps(1) == "1"


@pytest.mark.parametrize(
    ("url", "module"),
    [
        ("kafka://h:1/t", "confluent_kafka"),
        ("amqp://h/q", "aiormq"),
        ("sqs://h:1/q", "boto3"),
        ("servicebus://h:1/q", "azure.servicebus"),
        ("pubsub://h:1/p/s", "google.cloud.pubsub_v1"),
    ],
)
def test_one_that_is_not_is_named_in_one_line_with_how_to_get_it(
    url: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(CommandError) as caught:
        copy(url, "dragoman://127.0.0.1:1/x")
    scheme = url.partition(":")[0]
    assert f"pip install 'dragoman[copy-{scheme}]'" in str(caught.value)
    assert "\n" not in str(caught.value)
