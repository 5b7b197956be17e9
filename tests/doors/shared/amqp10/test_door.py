"""A connection as its client sees it: greeting, links, messages both ways, outcomes, credit, and the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.shared.amqp10.client import WINDOW, World, message, message_of
from tests.doors.shared.test_users import OF_TEST12
from tests.fakes.node import ManualWorker, post

from dragoman.doors.shared import users
from dragoman.doors.shared.amqp10.liveness import FAILED_LOGIN_MS, HANDSHAKE_MS
from dragoman.doors.shared.users import User
from dragoman.kernel.api import Address, DeleteQueue, SubscriptionSettings
from dragoman.runtime.aside import Aside
from dragoman.wire.amqp10.connection import IDLE_TIME_OUT_MS
from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.frames import AMQP_HEADER, SASL_HEADER, frame, sasl_frame
from dragoman.wire.amqp10.messaging import (
    ACCEPTED,
    RELEASED,
    Modified,
    Rejected,
    Source,
    Target,
)
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
    SaslOutcome,
)
from dragoman.wire.amqp10.values import ULong


def made(**settings: object) -> World:
    world = World()
    world.declare(settings=SubscriptionSettings(**settings))  # type: ignore[arg-type]
    return world


def condition(detach: object) -> str:
    assert isinstance(detach, Detach | Close) and isinstance(detach.error, Error)
    return detach.error.condition


# --- greeting ---


def test_an_open_is_answered_with_who_we_are() -> None:
    client = World().connect(hello=False)
    client.give(AMQP_HEADER + frame(0, Open("c")))
    told = client.told(Open)
    assert told.container_id == "cluster"
    assert told.properties == {"product": "Dragoman", "version": "test"}


@pytest.mark.parametrize(("password", "code"), [(b"secret", 0), (b"wrong", 1)])
def test_users_prove_who_they_are_by_plain(password: bytes, code: int) -> None:
    world = World({"me": b"secret"})
    client = world.connect(hello=False)
    client.give(SASL_HEADER + sasl_frame(SaslInit("PLAIN", b"\0me\0" + password)))
    world.advance(FAILED_LOGIN_MS)
    assert client.told(SaslOutcome).code == code
    assert client.is_closed is bool(code)


@pytest.mark.parametrize(("password", "code"), [(b"test12", 0), (b"wrong", 1)])
def test_a_password_of_a_user_that_tools_have_made_is_looked_at_beside(
    password: bytes, code: int
) -> None:
    world, worker = World({"me": b"secret"}), ManualWorker()
    world.broker.aside = Aside(lambda: worker, post, world.broker.tell_soon)
    client = world.connect(hello=False)
    users.put(client.session, "ann", User(OF_TEST12))
    client.give(SASL_HEADER + sasl_frame(SaslInit("PLAIN", b"\0ann\0" + password)))
    assert client.shell.data.count(b"PLAIN") == 1  # the mechanisms, and nothing else
    worker.close()
    world.run()
    world.advance(FAILED_LOGIN_MS)
    assert client.told(SaslOutcome).code == code


def test_where_there_are_users_nobody_else_attaches_anything() -> None:
    world = World({"me": b"secret"})
    world.declare()
    client = world.connect(mechanism="ANONYMOUS")
    *_, detach = client.sender()
    assert condition(detach) == "amqp:unauthorized-access"
    assert condition(client.receiver()[-1]) == "amqp:unauthorized-access"


def test_one_that_says_nothing_is_given_up() -> None:
    world = World()
    client = world.connect(hello=False)
    world.advance(HANDSHAKE_MS)
    assert client.is_closed


def test_signs_of_life_go_as_often_as_the_client_wants_and_come_as_often_as_we_do() -> None:
    world = World()
    client = world.connect(idle_time_out=20_000)
    world.advance(10_000)
    world.advance(10_000)
    assert client.sent() == b"\0\0\0\x08\2\0\0\0"
    for _ in range(30):
        world.advance(10_000)
        if client.is_closed:
            break
    assert client.is_closed
    assert condition(client.told(Close)) == "amqp:connection:forced"
    assert world.clock.now_ms - 1_700_000_000_000 <= 2 * IDLE_TIME_OUT_MS + 10_000


# --- what the client sends ---


def test_what_is_sent_is_stored_and_answered_in_one_range() -> None:
    world = made()
    client = world.connect()
    attach, flow = client.sender()
    assert (attach.role, attach.target.address, flow.link_credit) == (True, "q", 1_000)
    client.send(message(b"1"), message(b"2"), message(b"3"))
    assert client.outcomes() == [(0, 2, ACCEPTED)]
    assert world.info().ready == 3


def test_an_outcome_waits_for_the_journal() -> None:
    world = World(slow=True)
    world.declare()
    world.journal()
    client = world.connect()
    client.sender()
    client.send(message())
    assert client.outcomes() == []
    world.journal()
    assert client.outcomes() == [(0, 0, ACCEPTED)]


def test_what_was_sent_settled_is_not_answered() -> None:
    world = made()
    client = world.connect()
    client.sender()
    client.send(message(), settled=True)
    assert client.heard() == []
    assert world.info().ready == 1


def test_credit_is_kept_up_as_messages_are_answered() -> None:
    world = made()
    client = world.connect()
    client.sender()
    for _ in range(600):
        client.send(message(), settled=True)
    flows = [frame.body for frame in client.heard() if isinstance(frame.body, Flow)]
    assert [(flow.delivery_count, flow.link_credit) for flow in flows] == [(501, 1_000)]


def test_no_more_than_the_credit_is_taken_unanswered() -> None:
    world = World(slow=True)
    world.declare()
    world.journal()
    client = world.connect()
    client.sender()
    client.send(*[message()] * 1_001)
    assert condition(client.told(Detach)) == "amqp:link:transfer-limit-exceeded"


def test_bytes_that_are_no_message_are_rejected_and_their_neighbours_are_not() -> None:
    world = made()
    client = world.connect()
    client.sender()
    client.send(message(), b"\x00\x53\x99", message())
    (one, refused, other) = client.outcomes()
    assert (one[2], other[2]) == (ACCEPTED, ACCEPTED)
    assert refused[:2] == (1, 1) and refused[2].error.condition == "amqp:decode-error"


def test_a_queue_that_is_full_rejects() -> None:
    client = made(length_max=1, overflow="reject-publish").connect()
    client.sender()
    client.send(message(), message())
    found = client.outcomes()
    assert [type(state) for _, _, state in found] == [type(ACCEPTED), Rejected]


def test_a_queue_that_is_gone_releases() -> None:
    world = made()
    client = world.connect()
    client.sender()
    world.kernel.submit(DeleteQueue(name="q"), world.kernel.open_session())
    client.send(message())
    assert client.outcomes() == [(0, 0, RELEASED)]


def test_an_address_that_is_nothing_is_refused_without_a_terminus() -> None:
    client = World().connect()
    attach, detach = client.sender("missing")
    assert attach.target is None and condition(detach) == "amqp:not-found"
    attach, detach = client.receiver("missing", credit=0)
    assert attach.source is None and condition(detach) == "amqp:not-found"


# --- what it receives ---


def test_what_is_there_is_delivered_up_to_the_credit() -> None:
    world = made()
    client = world.connect()
    client.sender()
    client.send(*[message(b"%d" % number) for number in range(5)])
    client.heard()
    client.receiver(credit=2)
    assert client.bodies() == [b"0", b"1"]
    client.credit(1, count=2)
    assert client.bodies() == [b"2"]


def test_the_bare_message_is_delivered_byte_for_byte_behind_a_new_header() -> None:
    client = made().connect()
    client.sender()
    bare = message(b"body", application={"n": 1}, message_id=ULong(7), subject="s")
    client.send(bare)
    client.receiver()
    (frame_,) = client.transfers()
    assert frame_.payload.endswith(bare) and frame_.payload.startswith(b"\0\x53\x70")


def test_accepted_messages_are_done_and_nothing_is_answered() -> None:
    world = made()
    client = world.connect()
    client.sender()
    client.send(*[message()] * 3)
    client.receiver()
    client.heard()
    client.settle(0, 1)
    assert (world.info().leased, client.heard()) == (1, [])


@pytest.mark.parametrize(
    ("state", "count"),
    [(RELEASED, 0), (Modified(), 0), (Modified(True), 1), (None, 0)],
)
def test_what_is_given_back_comes_again(state: object, count: int) -> None:
    client = made().connect()
    client.sender()
    client.send(message(b"x"))
    client.receiver()
    client.heard()
    client.settle(0, state=state)
    (again,) = client.transfers()
    assert message_of(again.payload).body == b"x"
    header = again.payload[:20]
    assert bytes((0x52, 1)) in header if count else b"\x43" in header


@pytest.mark.parametrize("state", [Rejected(Error("x:y", "why")), Modified(None, True)])
def test_what_is_rejected_is_a_dead_letter(state: object) -> None:
    world = World()
    world.declare("dead")
    world.declare(settings=SubscriptionSettings(dead_letter=Address("dead")))
    client = world.connect()
    client.sender()
    client.send(message(b"x"))
    client.receiver()
    client.heard()
    client.settle(0, state=state)
    assert (world.info().ready, world.info("dead").ready) == (0, 1)


def test_one_that_does_not_settle_itself_is_told_its_own_outcome_again() -> None:
    client = made().connect()
    client.sender()
    client.send(message(), message())
    client.receiver(rcv_settle_mode=1)
    client.heard()
    client.settle(0, 1, settled=False)
    told = client.told(Disposition)
    assert (told.role, told.first, told.last, told.settled, told.state) == (
        False,
        0,
        1,
        True,
        ACCEPTED,
    )


def test_a_disposition_without_an_outcome_changes_nothing() -> None:
    world = made()
    client = world.connect()
    client.sender()
    client.send(message())
    client.receiver()
    client.heard()
    client.settle(0, state=None, settled=False)
    assert (world.info().leased, client.heard()) == (1, [])


def test_messages_that_are_settled_when_sent_are_done() -> None:
    world = made()
    client = world.connect()
    client.sender()
    client.send(message())
    client.receiver(snd_settle_mode=1)
    (frame_,) = client.transfers()
    assert frame_.body.settled
    assert (world.info().ready, world.info().leased) == (0, 0)


def test_a_drain_gives_back_the_credit_that_nothing_is_there_for() -> None:
    client = made().connect()
    client.sender()
    client.send(message())
    client.receiver(credit=0)
    client.heard()
    client.credit(5, drain=True)
    *deliveries, flow = (frame.body for frame in client.heard())
    assert len(deliveries) == 1
    assert (flow.delivery_count, flow.link_credit, flow.drain) == (5, 0, True)
    client.send(message())
    assert client.transfers() == []


def test_a_drain_that_finds_nothing_is_answered_at_once() -> None:
    client = made().connect()
    client.receiver(credit=0)
    client.credit(3, drain=True)
    flow = client.told(Flow)
    assert (flow.delivery_count, flow.link_credit) == (3, 0)


def test_the_clients_window_is_never_overrun() -> None:
    world = made()
    client = world.connect(hello=False)
    client.give(AMQP_HEADER)
    client.say(Open("c"), Begin(next_outgoing_id=0, incoming_window=2, outgoing_window=9))
    client.sender()
    client.send(*[message()] * 5)
    client.attach(Attach("r", 1, True, source=Source("q")))
    flow = Flow(
        next_incoming_id=1,
        incoming_window=2,
        next_outgoing_id=0,
        outgoing_window=9,
        handle=1,
        delivery_count=0,
        link_credit=100,
    )
    client.say(flow)
    assert len(client.transfers()) == 2
    assert world.info().leased == 2, "no more than can be sent is taken from others"
    flow = Flow(next_incoming_id=3, incoming_window=2, next_outgoing_id=0, outgoing_window=9)
    client.say(flow)
    assert len(client.transfers()) == 2


def test_an_echo_of_a_link_is_answered() -> None:
    client = made().connect()
    client.receiver(credit=0)
    client.credit(4, echo=True)
    assert client.told(Flow).link_credit == 4


def test_a_link_that_goes_gives_back_what_it_held() -> None:
    world = made()
    client = world.connect()
    client.sender()
    client.send(*[message()] * 3)
    client.receiver(handle=1, credit=1)
    client.receiver(handle=2, credit=1)
    assert world.info().leased == 2
    client.say(Detach(1, True))
    assert (world.info().leased, world.info().ready) == (1, 2)
    assert world.info().consumers == 1


def test_a_session_that_ends_gives_back_what_its_links_held() -> None:
    world = made()
    client = world.connect()
    client.sender()
    client.send(*[message()] * 3)
    client.receiver(credit=2)
    client.say(End())
    assert (world.info().ready, world.info().consumers) == (3, 0)


def test_a_connection_that_is_lost_gives_back_what_it_held() -> None:
    world = made()
    client = world.connect()
    client.sender()
    client.send(*[message()] * 3)
    client.receiver(credit=2)
    client.close()
    assert (world.info().ready, world.info().consumers) == (3, 0)


def test_a_queue_that_is_deleted_detaches_its_links() -> None:
    world = made()
    client = world.connect()
    client.receiver()
    client.heard()
    world.kernel.submit(DeleteQueue(name="q"), world.kernel.open_session())
    world.run()
    assert condition(client.told(Detach)) == "amqp:resource-deleted"
    client.say(Detach(1, True))
    client.credit(5)


def test_two_links_share_a_queue() -> None:
    client = made().connect()
    client.sender()
    client.receiver(handle=1, credit=10)
    client.receiver(handle=2, credit=10)
    client.heard()
    client.send(*[message()] * 10)
    handles = [frame.body.handle for frame in client.transfers()]
    assert sorted(handles) == [1] * 5 + [2] * 5


def test_the_broker_says_goodbye() -> None:
    client = World().connect()
    client.door.shut("leaving")
    client.world.broker.touch(client.session)
    client.world.run()
    assert condition(client.told(Close)) == "amqp:connection:forced"
    assert client.is_closed


def test_a_close_is_answered_and_the_connection_ends() -> None:
    client = World().connect()
    client.say(Close())
    assert client.told(Close).error is None and client.is_closed


FRAMES = st.sampled_from(
    [
        Attach("s", 0, False, target=Target("q")),
        Attach("r", 1, True, source=Source("q")),
        Attach("x", 2, True, source=Source(None, dynamic=True)),
        Detach(0, True),
        Detach(1),
        Disposition(True, 0, 9, True, ACCEPTED),
        Disposition(True, 0, 0xFFFF_FFFF, False, RELEASED),
        Disposition(False, 3),
        Flow(
            next_incoming_id=1,
            incoming_window=WINDOW,
            next_outgoing_id=0,
            outgoing_window=1,
            handle=1,
            link_credit=3,
            drain=True,
        ),
        Begin(next_outgoing_id=0, incoming_window=9, outgoing_window=9),
        End(),
        Close(),
    ]
)


@given(
    st.lists(st.tuples(FRAMES, st.integers(0, 1)), max_size=8),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3),
)
def test_whatever_is_said_the_queue_and_its_neighbours_go_on(
    said: list[tuple[object, int]], flips: list[tuple[int, int]]
) -> None:
    world = made()
    neighbour = world.connect()
    neighbour.sender()
    neighbour.send(message(b"safe"))
    client = world.connect()
    data = bytearray(b"".join(frame(channel, each) for each, channel in said))  # type: ignore[arg-type]
    for at, value in flips:
        if at < len(data):
            data[at] = value
    client.give(bytes(data))
    client.close()
    neighbour.receiver()
    assert neighbour.bodies() == [b"safe"]
