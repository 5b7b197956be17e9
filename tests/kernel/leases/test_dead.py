"""What a dead letter is told: why, what its last reader said, how often it was tried and since when it was there."""

from typing import Any

from tests.fakes.kernel import FakeTranslator
from tests.kernel.leases.made import Queue, bodies

from dragoman.kernel.commands import DeclareQueue
from dragoman.kernel.settings import Address
from dragoman.ports.translator import Death


class Listening(FakeTranslator):
    """Keeps the deaths that it was told of."""

    def __init__(self) -> None:
        self.deaths: list[Death] = []

    def dead_letter(self, format: int, body: bytes, death: Death) -> tuple[int, bytes] | None:
        self.deaths.append(death)
        return super().dead_letter(format, body, death)


def listening(**settings: Any) -> tuple[Queue, list[Death]]:
    translator = Listening()
    queue = Queue(early=True, dead_letter=Address("grave"), translator=translator, **settings)
    return queue, translator.deaths


def test_a_message_whose_attempts_are_spent_says_how_many_they_were() -> None:
    queue, deaths = listening(attempts_max=2)
    queue.kernel.now_ms = 1_000
    queue.publish(b"0")
    stored_ms = queue.kernel.now_ms
    queue.settle(queue.lease(1)[0], "release", failed=True)
    queue.pass_ms(100)
    queue.settle(queue.lease(1)[0], "release", failed=True, text="NotFound")
    (death,) = deaths
    assert (death.reason, death.text, death.attempts) == ("delivery_limit", "NotFound", 2)
    assert (death.stored_ms, death.tried_ms) == (stored_ms, queue.kernel.now_ms)


def test_a_message_that_expires_was_tried_as_often_as_it_was_leased() -> None:
    queue, deaths = listening(ttl_ms=1000)
    queue.publish(b"0")
    queue.settle(queue.lease(1)[0], "release", failed=True)
    queue.pass_ms(1001)
    (death,) = deaths
    assert (death.reason, death.attempts, death.tried_ms, death.text) == ("expired", 1, 0, "")


def test_what_expires_is_dropped_where_only_other_deaths_count() -> None:
    queue, deaths = listening(ttl_ms=1000, dead_letter_expired=False)
    queue.publish(b"0", b"1")
    queue.settle(queue.lease(1)[0], "reject")
    queue.pass_ms(1001)
    assert [death.reason for death in deaths] == ["rejected"]


def test_what_its_reader_sets_on_a_message_is_on_its_dead_letter() -> None:
    queue = Queue(early=True, dead_letter=Address("grave"))
    queue.kernel.submit(DeclareQueue(name="grave"), queue.session)
    for headers in ({"seen": 3}, {"unwritable": 1}):
        queue.publish(b"0;n=1")
        queue.settle(queue.lease(1)[0], "reject", headers=headers)
    found = bodies(queue.lease(9, name="grave"))
    assert found == [b"0;n=1,seen=3|rejected", b"0;n=1|rejected"]
