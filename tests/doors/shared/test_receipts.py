"""Receipts: one for each message, and for nothing else."""

from typing import Any

import pytest
from tests.doors.shared.rest.client import World

from dragoman.doors.shared.receipts import Receipts
from dragoman.kernel.api import Address, DeclareQueue, Lease, Publish
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import CANONICAL


def test_a_receipt_names_one_delivery_of_one_message() -> None:
    world = World()
    session: Any = world.connect().session
    session.submit(DeclareQueue(name="q"))
    session.publish(Publish("default", Address("q"), CANONICAL, [b"0", b"1"]))
    (delivery,) = session.submit(Lease(name="q", count_max=2, lease_duration_ms=1_000))
    texts = Receipts().write(session, delivery)
    tokens = [Receipts().read(session, text) for text in texts]
    assert [token.offset for token in tokens] == [0, 1]
    assert {token.holder for token in tokens} == {delivery.holder.id}
    assert {token.attempt for token in tokens} == {1}


@pytest.mark.parametrize("text", ["", "x", "A" * 70, "é" * 70])
def test_anything_else_is_none(text: str) -> None:
    session: Any = World().connect().session
    with pytest.raises(InvalidArgument):
        Receipts().read(session, text)
