"""The judge itself: silent about clean histories, and each violation is called by its name."""

import pytest
from tests.crash.judge import Line, Log, judge_amqp, judge_kafka, lines_of

PUBLISHED = lines_of("s 0\ns 1\nc 0\ns 2\nc 1\ns 3\ns 4\nn 4")
CONSUMED = lines_of("d 0\nd 1\na 0\nf 1\nd 1\nd 2\na 1")
PRODUCED = lines_of("s 0\ns 1\ns 2\ns 3\nc 0 0 0\nc 1 1 0\nc 2 0 1")
GROUP = lines_of("d 0 0 0\nd 1 0 1\nc 0 1\nd 0 1 2\nd 0 1 2")
LOG: Log = {(0, 0): 0, (1, 0): 1, (0, 1): 2, (1, 1): 3}


def test_clean_histories_are_passed_in_silence() -> None:
    assert judge_amqp(PUBLISHED, CONSUMED) == []
    assert judge_kafka(PRODUCED, GROUP, LOG) == []


@pytest.mark.parametrize(
    ("published", "consumed", "word"),
    [
        (PUBLISHED, CONSUMED[:1], "lost"),
        (PUBLISHED, [*CONSUMED, ("d", "9")], "phantom"),
        (PUBLISHED, [*CONSUMED, ("d", "4")], "phantom"),
        (PUBLISHED, [*CONSUMED, ("d", "0")], "settled"),
        (PUBLISHED, [CONSUMED[1], CONSUMED[0]], "order"),
    ],
)
def test_each_amqp_violation_is_named(
    published: list[Line], consumed: list[Line], word: str
) -> None:
    assert [sentence.split(":")[0] for sentence in judge_amqp(published, consumed)] == [word]


def test_an_ack_that_no_confirm_proves_is_not_judged() -> None:
    assert judge_amqp(PUBLISHED, [*CONSUMED, ("d", "1")]) == []


@pytest.mark.parametrize(
    ("produced", "consumed", "log", "word"),
    [
        (PRODUCED, [], {(0, 0): 0, (1, 0): 1}, "lost"),
        (PRODUCED, [], LOG | {(0, 2): 2}, "twice"),
        ([], [], {(0, 0): 2, (0, 1): 0}, "order"),
        (PRODUCED, [*GROUP, ("d", "0", "0", "0")], LOG, "committed"),
        ([], [("d", "0", "0", "0"), ("d", "0", "2", "4")], LOG | {(0, 2): 4}, "skipped"),
        ([], [("d", "0", "0", "7")], LOG, "changed"),
        ([("x", "5", "fatal")], [], LOG, "refused"),
    ],
)
def test_each_kafka_violation_is_named(
    produced: list[Line], consumed: list[Line], log: Log, word: str
) -> None:
    found = [sentence.split(":")[0] for sentence in judge_kafka(produced, consumed, log)]
    assert found == [word]
