"""Responses of a stream: at once for who waits, gathered for who is behind, large ones by themselves."""

from typing import Any

from dragoman.doors.pubsub.gathering import BEHIND, GATHER_MS, LARGE, RESPONSE_BYTES, Gathering


class Sent:
    """A sender."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def send(self, message: Any, *, position: int = 0, level: int = 0) -> None:
        self.messages.append(bytes(message))

    def finish(self, *_: Any, **__: Any) -> None: ...

    def room_bytes(self) -> int:
        return 1


def test_one_that_has_settled_what_it_was_given_is_sent_each_message_at_once() -> None:
    sent = Sent()
    gathering = Gathering(sent)
    for at in range(3):
        gathering.add([b"%d" % at])
        gathering.release(100, BEHIND + 1)
    assert sent.messages == [b"0", b"1", b"2"]
    assert gathering.due_ms is None


def test_one_that_is_behind_is_sent_a_response_now_and_then() -> None:
    sent = Sent()
    gathering = Gathering(sent)
    for at in range(4):
        gathering.add([b"%d" % at])
        gathering.release(100 + at, BEHIND + 10)
    assert sent.messages == [b"0"]
    assert gathering.due_ms == 100 + GATHER_MS
    gathering.flush(100 + GATHER_MS)
    assert sent.messages == [b"0", b"123"]
    assert gathering.due_ms is None


def test_what_is_enough_for_a_large_response_waits_for_nothing() -> None:
    sent = Sent()
    gathering = Gathering(sent)
    gathering.add([b"0"])
    gathering.release(100, 1_000)
    gathering.add([b"x"] * LARGE)
    gathering.release(100, 1_000)
    assert sent.messages == [b"0", b"x" * LARGE]


def test_a_response_has_an_end() -> None:
    sent = Sent()
    gathering = Gathering(sent)
    half = b"x" * (RESPONSE_BYTES // 2)
    assert gathering.add([half, half, b"y"]) == RESPONSE_BYTES + 1
    assert sent.messages == [half + half]
    gathering.release(0, 0)
    assert sent.messages[1:] == [b"y"]
