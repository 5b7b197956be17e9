"""From the first byte to the last: headers, SASL, open, channels, what ends what, and any bytes at all."""

from sys import getsizeof

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.amqp10.peer import Peer, frames_of

from dragoman.wire.amqp10.connection import (
    ATTACH_BYTES_MAX,
    ATTACHES_MAX,
    CHANNEL_MAX,
    FRAME_BYTES_MAX,
    INCOMPLETE_BYTES_MAX,
    Connection,
    Stage,
)
from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.events import Closed, Detached, Disposed, Ended, Opened, SaslBegun
from dragoman.wire.amqp10.frames import (
    AMQP_HEADER,
    EMPTY_FRAME,
    SASL_HEADER,
    TLS_HEADER,
    frame,
    sasl_frame,
)
from dragoman.wire.amqp10.messaging import ACCEPTED, RELEASED, Source
from dragoman.wire.amqp10.performatives import (
    Attach,
    Begin,
    Close,
    Detach,
    Disposition,
    End,
    Flow,
    Open,
    SaslInit,
    SaslMechanisms,
    SaslOutcome,
    Transfer,
)
from dragoman.wire.amqp10.values import Symbol

DIALOGUE = b"".join(
    (
        AMQP_HEADER,
        frame(0, Open("c")),
        frame(0, Begin(next_outgoing_id=0, incoming_window=10, outgoing_window=10)),
        frame(0, Attach("s", 0, False)),
        frame(0, Attach("r", 1, True, source=Source("q"))),
        frame(
            0,
            Flow(
                incoming_window=10, next_outgoing_id=0, outgoing_window=1, handle=1, link_credit=5
            ),
        ),
        frame(0, Transfer(0, 0, b"t"), b"x"),
        frame(0, Disposition(True, 0, 0, True, ACCEPTED)),
        frame(0, Detach(0, True)),
        frame(0, End()),
        frame(0, Detach(1, True)),
        frame(0, Close()),
    )
)


def ended(peer: Peer) -> str:
    """The condition of the close it was sent."""
    assert isinstance(peer.events[-1], Closed) and peer.wire.stage is Stage.CLOSED
    error = peer.told(Close).error
    assert isinstance(error, Error)
    return error.condition


def test_a_client_that_proves_who_it_is_opens_after_that() -> None:
    peer = Peer(opened=False)
    init = SaslInit("PLAIN", b"\0me\0secret")
    (event,) = peer.give(SASL_HEADER + sasl_frame(init) + AMQP_HEADER + frame(0, Open("c")))
    assert isinstance(event, SaslBegun) and event.init == init
    assert isinstance(peer.told(SaslMechanisms), SaslMechanisms)
    peer.wire.welcome()
    (opened,) = peer.wire.go_on()
    assert isinstance(opened, Opened) and opened.open.container_id == "c"
    outcome = peer.heard()[0].body
    assert isinstance(outcome, SaslOutcome) and outcome.code == 0


def test_one_that_is_not_who_it_says_is_told_so_and_nothing_more_is_read() -> None:
    peer = Peer(opened=False)
    peer.give(SASL_HEADER + sasl_frame(SaslInit("PLAIN")))
    peer.wire.turn_away()
    assert peer.told(SaslOutcome).code == 1
    assert peer.give(AMQP_HEADER + frame(0, Open("c"))) == []


def test_one_that_has_nothing_to_prove_opens_at_once() -> None:
    peer = Peer(opened=False)
    (event,) = peer.give(AMQP_HEADER + frame(0, Open("c")))
    assert isinstance(event, Opened)


@pytest.mark.parametrize("header", [TLS_HEADER, b"AMQP\0\x02\0\0", b"GET / HT"])
def test_another_protocols_header_is_answered_with_ours(header: bytes) -> None:
    peer = Peer(opened=False)
    (event,) = peer.give(header)
    assert isinstance(event, Closed)
    assert b"".join(peer.wire.out) == SASL_HEADER


@given(st.lists(st.integers(1, 60), min_size=1, max_size=40))
def test_bytes_may_come_in_any_pieces(cuts: list[int]) -> None:
    whole, pieces = Connection(), Connection()
    expected = [type(event) for event in whole.receive(DIALOGUE)]
    found, at = [], 0
    while at < len(DIALOGUE):
        size = cuts[at % len(cuts)]
        found += [type(event) for event in pieces.receive(DIALOGUE[at : at + size])]
        at += size
    assert found == expected
    assert b"".join(whole.out) == b"".join(pieces.out)


def test_signs_of_life_are_no_events() -> None:
    peer = Peer()
    assert peer.give(EMPTY_FRAME * 3) == []


def test_our_open_says_what_we_take() -> None:
    peer = Peer(opened=False)
    peer.give(AMQP_HEADER + frame(0, Open("c", idle_time_out=5_000, max_frame_size=1_000)))
    peer.wire.open("me", {"product": "x"}, ("cap",))
    opened = peer.told(Open)
    assert (opened.max_frame_size, opened.channel_max) == (FRAME_BYTES_MAX, CHANNEL_MAX)
    assert (opened.properties, opened.offered_capabilities) == ({"product": "x"}, ("cap",))
    assert (peer.wire.peer_idle_ms, peer.wire.peer_frame_bytes_max) == (5_000, 1_000)


def test_full_lists_are_written_however_little_they_say() -> None:
    peer = Peer()
    peer.begin()
    peer.say(End())
    data = b"".join(peer.wire.out)
    assert data.count(b"\0\x53\x17\xc0\x02\x01\x40") == 1, "end, with a null for its error"


@pytest.mark.parametrize(
    ("data", "condition"),
    [
        (b"\0\0\0\x07\x02\0\0\0", "amqp:connection:framing-error"),
        (b"\0\0\0\x08\x03\0\0\0", "amqp:connection:framing-error"),
        (b"\x7f\0\0\x08\x02\0\0\0", "amqp:connection:framing-error"),
        (b"\0\0\0\x08\x02\x01\0\0", "amqp:connection:framing-error"),
        (frame(0, Open("again")), "amqp:not-allowed"),
        (frame(0, End()), "amqp:not-allowed"),
        (
            frame(7, Flow(incoming_window=1, next_outgoing_id=0, outgoing_window=0)),
            "amqp:not-allowed",
        ),
        (b"\0\0\0\x0c\x02\0\0\0\0\x53\x18\x40", "amqp:decode-error"),
        (b"\0\0\0\x0a\x02\0\0\0\xff\xff", "amqp:decode-error"),
        (b"\0\0\0\x0c\x02\0\0\0\0\x53\x14\xc0", "amqp:not-allowed"),
        (
            frame(CHANNEL_MAX + 1, Begin(next_outgoing_id=0, incoming_window=1, outgoing_window=1)),
            "amqp:not-allowed",
        ),
    ],
)
def test_what_cannot_be_is_told_by_its_condition(data: bytes, condition: str) -> None:
    peer = Peer()
    peer.give(data)
    assert ended(peer) in (condition, "amqp:decode-error")


def test_the_first_performative_is_open() -> None:
    peer = Peer(opened=False)
    peer.give(
        AMQP_HEADER + frame(0, Begin(next_outgoing_id=0, incoming_window=1, outgoing_window=1))
    )
    assert ended(peer) == "amqp:not-allowed"


def test_a_largest_frame_that_is_too_small_is_refused() -> None:
    peer = Peer(opened=False)
    peer.give(AMQP_HEADER + frame(0, Open("c", max_frame_size=100)))
    assert ended(peer) == "amqp:not-allowed"


def test_what_came_before_the_culprit_stands() -> None:
    peer = Peer()
    peer.begin()
    peer.sender()
    events = peer.give(frame(0, Transfer(0, 0, b"t"), b"m") + b"\0\0\0\x00\0\0\0\0")
    assert [type(event).__name__ for event in events] == ["Arrived", "Closed"]


def test_a_channel_may_be_used_again_and_what_still_comes_for_a_past_one_is_let_pass() -> None:
    peer = Peer()
    peer.begin()
    peer.sender()
    (event,) = peer.say(End())
    assert isinstance(event, Ended)
    assert peer.say(Detach(0, True)) == [], "python's client detaches the links of what it ended"
    peer.heard()
    assert peer.heard() == [], "and nothing is written where the client has ended"
    assert peer.begin().channel == 0


def test_nothing_is_written_on_a_session_that_the_client_has_ended() -> None:
    peer = Peer()
    session = peer.begin()
    link = peer.receiver()
    peer.say(End())
    peer.heard()
    link.send(b"t", b"late", settled=False)
    session.dispose(0, 0, role=True, settled=True, state=ACCEPTED)
    link.tell(drain=False)
    assert peer.heard() == []


def test_a_close_is_answered_once() -> None:
    peer = Peer()
    (event,) = peer.say(Close(Error("x:y", "bye")))
    assert isinstance(event, Closed) and event.error == Error("x:y", "bye")
    assert [type(frame.body) for frame in peer.heard()] == [Close]
    peer.wire.close(None)
    assert peer.heard() == []


def test_dispositions_in_other_spellings_are_the_same() -> None:
    peer = Peer()
    session = peer.begin()
    plain = Disposition(True, 3, None, True, ACCEPTED)
    named = b"\0\xa3\x15amqp:disposition:list" + frame(0, plain)[11:]
    for body in (frame(0, plain), (8 + len(named)).to_bytes(4, "big") + b"\x02\0\0\0" + named):
        (event,) = peer.give(body)
        assert isinstance(event, Disposed)
        assert (event.session, event.disposition) == (session, plain)


def test_what_is_said_of_neighbours_in_the_same_words_is_one_event() -> None:
    peer = Peer()
    session = peer.begin()
    said = [Disposition(True, number, None, True, ACCEPTED) for number in (4, 5, 6)]
    said += [Disposition(True, 7, 8, True, ACCEPTED), Disposition(True, 9, 9, False, ACCEPTED)]
    said += [Disposition(True, 11, 11, False, ACCEPTED), Disposition(True, 12, 12, False, RELEASED)]
    found = peer.give(b"".join(frame(0, each) for each in said))
    assert all(isinstance(each, Disposed) and each.session is session for each in found)
    told = [each.disposition for each in found if isinstance(each, Disposed)]
    assert [(each.first, each.last or each.first, each.settled) for each in told] == [
        (4, 8, True),
        (9, 9, False),
        (11, 11, False),
        (12, 12, False),
    ]


def test_a_link_of_the_same_name_takes_the_place_of_the_first() -> None:
    peer = Peer()
    peer.begin()
    first = peer.sender(0, "same")
    stolen, _ = peer.say(Attach("same", 1, False))
    assert isinstance(stolen, Detached) and stolen.link is first
    assert stolen.error is not None and stolen.error.condition == "amqp:link:stolen"
    assert peer.told(Detach).handle == first.handle


def test_too_much_that_is_incomplete_ends_the_connection() -> None:
    peer = Peer()
    peer.begin(window=1 << 20)
    for handle in range(40):
        peer.sender(handle)
    payload = bytes(60_000)
    for number in range(INCOMPLETE_BYTES_MAX // len(payload) + 40):
        if peer.wire.stage is Stage.CLOSED:
            break
        handle = number % 40
        first = number < 40
        peer.say(
            Transfer(handle, handle if first else None, b"t" if first else None, more=True),
            payload=payload,
        )
    assert ended(peer) == "amqp:resource-limit-exceeded"


def test_a_delivery_in_endless_parts_takes_no_more_than_its_bytes() -> None:
    peer = Peer()
    peer.begin()
    peer.sender(0)
    link = peer.wire.names["s0", False]
    peer.say(Transfer(0, 0, b"t", more=True))
    for number in range(10_000):
        peer.give(frame(0, Transfer(0, more=True), b"x" if number % 100 == 0 else b""))
    assert link.incomplete is not None
    assert getsizeof(link.incomplete.payload) < 400
    assert link.incomplete.bytes == 100 == peer.wire.incomplete_bytes


def test_links_with_very_much_to_say_end_the_connection() -> None:
    peer = Peer()
    peer.begin()
    count = 0
    while peer.wire.stage is not Stage.CLOSED:
        peer.say(Attach(f"s{count}", count, False, properties={Symbol("x"): bytes(60_000)}))
        count += 1
    assert ended(peer) == "amqp:resource-limit-exceeded"
    assert count == ATTACH_BYTES_MAX // 60_000 + 1


def test_links_that_are_detached_are_not_counted() -> None:
    peer = Peer()
    peer.begin()
    for number in range(300):
        peer.say(Attach(f"s{number}", 0, False, properties={Symbol("x"): bytes(60_000)}))
        peer.say(Detach(0, closed=True))
    assert peer.wire.stage is Stage.OPEN


@pytest.mark.slow
def test_links_that_are_never_detached_end_the_connection() -> None:
    peer = Peer()
    peer.begin()
    count = 0
    while peer.wire.stage is not Stage.CLOSED:
        channel, handle = divmod(count, 250)
        if handle == 0 and channel:
            begin = Begin(next_outgoing_id=0, incoming_window=1, outgoing_window=1)
            peer.give(frame(channel, begin))
        peer.give(frame(channel, Attach(f"s{count}", handle, False)))
        if count < ATTACHES_MAX:
            peer.wire.out.clear()
        count += 1
    assert count == ATTACHES_MAX + 1
    assert ended(peer) == "amqp:resource-limit-exceeded"


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(data: bytes) -> None:
    peer = Peer()
    peer.begin()
    peer.sender(0)
    peer.receiver(1)
    peer.give(data)
    frames_of(b"".join(peer.wire.out))


@given(st.integers(0, len(DIALOGUE) - 1), st.integers(0, 255), st.integers(0, 3))
def test_a_dialogue_with_a_wrong_byte_is_taken_or_refused(at: int, value: int, cut: int) -> None:
    wire = Connection()
    data = DIALOGUE[:at] + bytes((value,)) * (cut != 1) + DIALOGUE[at + 1 + (cut == 2) :]
    events = wire.receive(data)
    assert wire.stage in Stage
    assert sum(isinstance(event, Closed) for event in events) <= 1
