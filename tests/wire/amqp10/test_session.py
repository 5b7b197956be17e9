"""Windows, handles and the deliveries that wait."""

import pytest
from tests.wire.amqp10.peer import Peer

from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.events import Arrived, Attached, Detached, Ended, Flowed, Room
from dragoman.wire.amqp10.frames import frame
from dragoman.wire.amqp10.messaging import Source
from dragoman.wire.amqp10.performatives import Attach, Begin, Detach, End, Flow, Transfer
from dragoman.wire.amqp10.session import HANDLE_MAX, INCOMING_WINDOW


def condition(peer: Peer) -> str:
    """Of the end that it was sent."""
    assert isinstance(peer.events[-1], Ended)
    error = peer.told(End).error
    assert isinstance(error, Error)
    return error.condition


def test_a_begin_is_answered_with_our_windows() -> None:
    peer = Peer()
    peer.say(Begin(next_outgoing_id=5, incoming_window=7, outgoing_window=1), 3)
    begin = peer.told(Begin)
    assert (begin.remote_channel, begin.incoming_window) == (3, INCOMING_WINDOW)
    assert begin.handle_max == HANDLE_MAX


def test_frames_past_our_window_end_the_session_alone() -> None:
    peer = Peer()
    session = peer.begin()
    peer.begin(1)
    peer.sender()
    session.incoming_left = 0
    peer.transfer(0)
    assert condition(peer) == "amqp:session:window-violation"
    assert peer.flow(1, echo=True) == []
    assert peer.told(Flow).handle is None, "the other one goes on"


def test_our_window_is_filled_up_when_half_of_it_is_used() -> None:
    peer = Peer()
    session = peer.begin()
    link = peer.sender()
    link.grant(INCOMING_WINDOW)
    peer.heard()
    for number in range(INCOMING_WINDOW // 2 + 1):
        peer.transfer(number)
    flow = peer.told(Flow)
    assert (flow.incoming_window, flow.next_incoming_id) == (INCOMING_WINDOW, 2_501)
    assert session.incoming_left == INCOMING_WINDOW


def test_deliveries_past_the_clients_window_wait_for_it() -> None:
    peer = Peer()
    session = peer.begin(window=2)
    link = peer.receiver()
    peer.flow(window=2)
    for number in range(4):
        link.send(b"t", b"%d" % number, settled=False)
    assert [frame.payload for frame in peer.heard()] == [b"0", b"1"]
    assert session.room() == 0
    events = peer.flow(window=10, next_incoming_id=3)
    assert [frame.payload for frame in peer.heard()] == [b"2", b"3"]
    assert [type(event) for event in events] == [Room] and session.room() == 8


def test_a_large_delivery_leaves_frame_by_frame_as_the_window_lets_it() -> None:
    peer = Peer(max_frame_size=512)
    peer.begin(window=1)
    link = peer.receiver()
    peer.flow(window=1)
    link.send(b"t", bytes(1_000), settled=False)
    (first,) = peer.heard()
    assert first.body.more and len(first.payload) < 512
    peer.flow(window=5, next_incoming_id=2)
    rest = peer.heard()
    assert [frame.body.more for frame in rest] == [True] * (len(rest) - 1) + [False]
    assert sum(len(frame.payload) for frame in (first, *rest)) == 1_000
    assert all(frame.body.delivery_id in (None, first.body.delivery_id) for frame in rest)


def test_the_window_is_what_the_client_had_seen_of_us() -> None:
    peer = Peer()
    session = peer.begin(window=5)
    link = peer.receiver()
    peer.flow(window=5)
    link.send(b"t", b"1", settled=False)
    peer.flow(window=5, next_incoming_id=1)
    assert session.room() == 4, "one is under way"
    peer.flow(window=5, next_incoming_id=2)
    assert session.room() == 5


def test_an_echo_is_answered() -> None:
    peer = Peer()
    peer.begin()
    assert peer.flow(echo=True) == []
    assert peer.told(Flow).handle is None


@pytest.mark.parametrize("performative", [Transfer(9, 0, b"t"), Detach(9)])
def test_a_handle_that_nobody_has_ends_the_session(performative: object) -> None:
    peer = Peer()
    peer.begin()
    peer.say(performative)
    assert condition(peer) == "amqp:session:unattached-handle"


def test_a_handle_that_somebody_has_ends_the_session() -> None:
    peer = Peer()
    peer.begin()
    peer.sender(0)
    peer.say(Attach("other", 0, False))
    assert condition(peer) == "amqp:session:handle-in-use"


def test_a_handle_past_ours_ends_the_session() -> None:
    peer = Peer()
    peer.begin()
    peer.say(Attach("other", HANDLE_MAX + 1, False))
    assert condition(peer) == "amqp:session:handle-in-use"


def test_handles_come_back() -> None:
    peer = Peer()
    peer.begin()
    for number in range(2 * HANDLE_MAX):
        link = peer.sender(7, f"n{number}")
        assert link.handle == 0
        peer.say(Detach(7, closed=True))


def test_a_transfer_on_a_link_of_ours_ends_the_session() -> None:
    peer = Peer()
    peer.begin()
    peer.receiver(0)
    peer.transfer(0)
    assert condition(peer) == "amqp:session:errant-link"


def test_after_we_have_ended_it_a_session_is_deaf_until_the_client_ends_it_too() -> None:
    peer = Peer()
    session = peer.begin()
    peer.sender()
    session.end(Error("x:y"))
    assert peer.transfer(0) == []
    assert peer.say(End()) == []
    assert [type(frame.body) for frame in peer.heard()] == [End]
    assert peer.begin().channel == 0


def test_the_links_of_a_session_that_ends_are_known_no_more() -> None:
    peer = Peer()
    peer.begin()
    peer.sender(0, "name")
    peer.say(End())
    assert peer.wire.names == {}
    peer.begin()
    (event,) = peer.say(Attach("name", 0, False))
    assert isinstance(event, Attached)


def test_deliveries_back_to_back_are_one_event() -> None:
    peer = Peer()
    peer.begin()
    one, other = peer.sender(0), peer.sender(1)
    events = peer.give(
        b"".join(_transfer(handle, number) for number, handle in enumerate((0, 0, 1, 0)))
    )
    assert [
        (event.link, len(event.arrivals)) for event in events if isinstance(event, Arrived)
    ] == [
        (one, 2),
        (other, 1),
        (one, 1),
    ]


def _transfer(handle: int, number: int) -> bytes:
    return frame(0, Transfer(handle, number, b"t"), b"m")


def test_a_delivery_in_parts_is_one_delivery() -> None:
    peer = Peer()
    peer.begin()
    peer.sender()
    assert peer.transfer(0, b"a", more=True) == []
    assert peer.say(Transfer(0, more=True), payload=b"b") == []
    (event,) = peer.say(Transfer(0), payload=b"c")
    assert isinstance(event, Arrived)
    assert [(arrival.id, arrival.tag, arrival.payload) for arrival in event.arrivals] == [
        (0, b"0", b"abc")
    ]
    assert peer.wire.incomplete_bytes == 0


def test_a_delivery_that_is_given_up_half_way_was_never_there() -> None:
    peer = Peer()
    peer.begin()
    link = peer.sender()
    peer.transfer(0, b"a", more=True)
    assert peer.say(Transfer(0, aborted=True)) == []
    assert (link.incomplete, peer.wire.incomplete_bytes, link.credit) == (None, 0, 49)


@pytest.mark.parametrize(
    ("transfer", "expected"),
    [
        (Transfer(0), "amqp:invalid-field"),
        (Transfer(0, 1), "amqp:invalid-field"),
        (Transfer(0, 1, bytes(33)), "amqp:invalid-field"),
    ],
)
def test_a_delivery_has_an_id_and_a_short_tag(transfer: Transfer, expected: str) -> None:
    peer = Peer()
    peer.begin()
    peer.sender()
    peer.say(transfer)
    assert condition(peer) == expected


def test_a_delivery_inside_another_ends_the_session() -> None:
    peer = Peer()
    peer.begin()
    peer.sender()
    peer.transfer(0, more=True)
    peer.transfer(1)
    assert condition(peer) == "amqp:invalid-field"


@pytest.mark.parametrize(
    ("credit", "limit", "options", "expected"),
    [
        (0, 0, {}, "amqp:link:transfer-limit-exceeded"),
        (1, 3, {}, "amqp:link:message-size-exceeded"),
        (1, 0, {"resume": True}, "amqp:not-implemented"),
    ],
)
def test_what_a_link_cannot_take_detaches_the_link_alone(
    credit: int, limit: int, options: dict[str, bool], expected: str
) -> None:
    peer = Peer()
    peer.begin()
    link = peer.sender()
    link.credit, link.message_bytes_max = credit, limit
    (event,) = peer.transfer(0, b"four", **options)
    assert isinstance(event, Detached) and event.link is link
    error = peer.told(Detach).error
    assert isinstance(error, Error) and error.condition == expected
    assert peer.transfer(1) == [], "it cannot know yet"
    assert peer.say(Detach(0, True)) == [] and peer.heard() == []
    assert isinstance(peer.say(Attach("again", 0, False))[0], Attached)


def test_a_flow_of_a_link_is_told() -> None:
    peer = Peer()
    peer.begin()
    link = peer.attach(Attach("r", 0, True, source=Source("q")))
    link.accept(Attach("", 0, False))
    (event,) = peer.flow(handle=0, delivery_count=0, link_credit=9)
    assert isinstance(event, Flowed) and link.credit == 9
