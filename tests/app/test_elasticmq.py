"""ElasticMQ's configuration file, as its manual shows it."""

from pathlib import Path
from typing import Any

import pytest

from dragoman.app.config import ConfigError
from dragoman.app.elasticmq import load, read
from dragoman.kernel.commands import DeclareQueue
from dragoman.kernel.pumps import CreatePump

FILE = """
include classpath("application.conf")

node-address { protocol = http, host = localhost, port = 9324, context-path = "" }
rest-sqs { enabled = true, bind-port = 9999, bind-hostname = "127.0.0.1", sqs-limits = strict }
rest-stats { enabled = true }

queues {
  queue1 {
    defaultVisibilityTimeout = 10 seconds
    delay = 5 seconds
    receiveMessageWait = 0 seconds
    deadLettersQueue { name = "queue1-dead-letters", maxReceiveCount = 3 }
    fifo = false
    copyTo = "audit-queue-name"
    moveTo = "redirect-queue-name"
    tags { tag1 = "tagged1", tag2 = 2 }
  }
  queue1-dead-letters { }
  audit-queue-name { }
  redirect-queue-name { }
  ordered { fifo = true, contentBasedDeduplication = true, deadLettersQueue { name = ordered-dead, maxReceiveCount = 1 } }
  ordered-dead { fifo = true }
}
"""


def test_the_manuals_file(tmp_path: Path) -> None:
    file = tmp_path / "elasticmq.conf"
    file.write_text(FILE)
    options = load(str(file))
    assert (options.like, options.host, options.ports["sqs"]) == ("elasticmq", "127.0.0.1", 9999)
    queues = {one.name: one for one in options.topology if isinstance(one, DeclareQueue)}
    pumps = [one for one in options.topology if isinstance(one, CreatePump)]
    assert list(options.topology[-len(pumps) :]) == pumps
    first = queues["queue1"].settings
    assert (first.lease_duration_ms, first.delay_ms, first.attempts_max) == (10_000, 5_000, 3)
    assert first.dead_letter is not None
    assert first.dead_letter.name == "queue1-dead-letters"
    assert first.notes["sqs.tags"] == '{"tag1": "tagged1", "tag2": "2"}'
    assert (first.order, queues["ordered.fifo"].settings.order) == ("fair", "key")
    ordered = queues["ordered.fifo"]
    assert ordered.stream.dedup_window_ms == 300_000
    assert ordered.settings.dead_letter is not None
    assert ordered.settings.dead_letter.name == "ordered-dead.fifo"
    assert ordered.settings.notes["sqs.ContentBasedDeduplication"] == "true"
    assert [(one.source, one.subscription, one.settings.targets[0].name) for one in pumps] == [
        ("queue1", "", "audit-queue-name"),
        ("queue1", "queue1", "redirect-queue-name"),
    ]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"quues": {}}, "quues"),
        ({"aws": {"accountId": 123456789012}}, "accountId"),
        ({"queues": {"a b": {}}}, "alphanumeric"),
        ({"queues": {"a": {"delya": "1 s"}}}, "delya"),
        ({"queues": {"a": {"delay": "soon"}}}, "no duration"),
        ({"queues": {"a": {"delay": "20 minutes"}}}, "DelaySeconds"),
        (
            {"queues": {"a": {"deadLettersQueue": {"name": "b", "maxReceiveCount": 3}}}},
            "no queue 'b'",
        ),
        (
            {"queues": {"a": {"deadLettersQueue": {"name": "a", "maxReceiveCount": 0}}}},
            "maxReceiveCount",
        ),
        ({"rest-sqs": {"bind-port": 70_000}}, "70000"),
    ],
)
def test_what_cannot_be_is_told(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(document)
    assert words in str(refused.value)


def test_a_file_that_is_not_there_or_none_of_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(str(tmp_path / "nothing"))
    (tmp_path / "bad.conf").write_text("queues {")
    with pytest.raises(ConfigError, match="line 1"):
        load(str(tmp_path / "bad.conf"))
