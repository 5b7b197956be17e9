"""A dead letter that is sent back is what it was before it died."""

import contextlib

import pytest
from tests.formats.test_deaths import ASK, died, entry_of, headers_of

from dragoman import formats
from dragoman.formats.errors import FormatError
from dragoman.model.levels import AMQP091, AMQP10, CANONICAL, CLOUDEVENT, EVENTGRID, KAFKA, SQS
from dragoman.ports.translator import Death

FORMATS = (AMQP091, AMQP10, KAFKA, CANONICAL, CLOUDEVENT, EVENTGRID, SQS)


@pytest.mark.parametrize("format_", FORMATS)
def test_what_died_comes_back_as_it_was(format_: int) -> None:
    whole = entry_of(format_, ("a", "b"))
    dead = died(format_, whole, "delivery_limit", "orders")
    assert dead is not None
    found = ASK.revived(format_, dead)
    assert found is not None
    queue, back = found
    assert queue == "orders"
    assert headers_of(format_, back) == headers_of(format_, whole)
    assert formats.decode(format_, back).body == b"x"
    assert died(format_, back, "delivery_limit", "orders") is not None, "it may die again"


@pytest.mark.parametrize("format_", FORMATS)
def test_what_never_died_has_nowhere_to_go_back_to(format_: int) -> None:
    assert ASK.revived(format_, entry_of(format_, ("a", "x-death"), ("b", "__dlq."))) is None


@pytest.mark.parametrize("format_", FORMATS)
def test_the_latest_of_several_deaths_counts(format_: int) -> None:
    entry: bytes | None = entry_of(format_)
    for queue in ("orders", "orders/dead"):
        assert entry is not None
        entry = died(format_, entry, "rejected", queue)
    assert entry is not None
    found = ASK.revived(format_, entry)
    assert found is not None
    assert found[0] == "orders/dead"


def test_a_message_goes_by_its_own_key_again() -> None:
    dead = ASK.dead_letter(
        AMQP091, entry_of(AMQP091), Death("expired", "q", 0, "dead", exchange="dlx")
    )
    assert dead is not None
    found = ASK.revived(*dead)
    assert found is not None
    assert ASK.route_key(AMQP091, found[1]) == "key"
    assert (
        formats.decode(AMQP091, found[1]).origin
        == formats.decode(AMQP091, entry_of(AMQP091)).origin
    )


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("body", [b"x-death", b"__dlq.x-death" * 9, b""])
def test_bytes_that_are_no_message_are_refused_or_left_alone(format_: int, body: bytes) -> None:
    with contextlib.suppress(FormatError):
        assert ASK.revived(format_, body) is None


@pytest.mark.parametrize("format_", [AMQP091, CANONICAL])
@pytest.mark.parametrize("history", ["x", [1], [{"queue": 5}], [{"queue": ""}], [{}], []])
def test_a_history_that_somebody_made_up_leads_nowhere(format_: int, history: object) -> None:
    assert ASK.revived(format_, entry_of(format_, ("x-death", history))) is None
