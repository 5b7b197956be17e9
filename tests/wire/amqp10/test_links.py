"""Attach, credit, drain and detach of one link."""

from tests.wire.amqp10.peer import Peer

from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.events import Detached
from dragoman.wire.amqp10.links import LinkState
from dragoman.wire.amqp10.messaging import Source, Target
from dragoman.wire.amqp10.performatives import Attach, Detach, Flow, Transfer


def test_a_refused_attach_is_answered_without_a_terminus_and_then_detached() -> None:
    peer = Peer()
    peer.begin()
    for said, mine in (
        (Attach("s", 0, False, source=Source("me"), target=Target("x")), "target"),
        (Attach("r", 1, True, source=Source("x"), target=Target("me")), "source"),
    ):
        link = peer.attach(said)
        link.refuse(Error("amqp:not-found", "no x"))
        attach, detach = (frame.body for frame in peer.heard())
        assert getattr(attach, mine) is None and attach.role is not said.role
        assert (attach.name, detach.closed) == (said.name, True)
        assert detach.error == Error("amqp:not-found", "no x")
        states = [link.state]
        peer.say(Detach(said.handle, True))
        assert [*states, link.state] == [LinkState.LEAVING, LinkState.GONE]
        assert peer.heard() == []


def test_an_answer_repeats_name_and_turns_the_role_around() -> None:
    peer = Peer()
    peer.begin()
    link = peer.attach(Attach("r", 4, True, source=Source("q")))
    link.accept(Attach("", 9, True, source=Source("real")))
    answer = peer.told(Attach)
    assert (answer.name, answer.handle, answer.role) == ("r", 0, False)
    assert answer.initial_delivery_count == 0
    assert isinstance(answer.source, Source) and answer.source.address == "real"


def test_a_detach_is_answered_the_way_it_came() -> None:
    peer = Peer()
    peer.begin()
    for closed in (True, False):
        peer.sender()
        (event,) = peer.say(Detach(0, closed, Error("x:y")))
        assert isinstance(event, Detached)
        assert (event.is_closed, event.error) == (closed, Error("x:y"))
        assert peer.told(Detach).closed is closed


def test_credit_is_what_the_client_has_granted_less_what_is_under_way() -> None:
    peer = Peer()
    peer.begin()
    link = peer.receiver(credit=3)
    link.send(b"t", b"1", settled=True)
    assert link.credit == 2
    peer.flow(handle=0, delivery_count=0, link_credit=3)
    assert link.credit == 2, "it had not seen the first yet"
    peer.flow(handle=0, delivery_count=1, link_credit=3)
    assert link.credit == 3
    peer.flow(handle=0, delivery_count=0, link_credit=0)
    assert link.credit == 0, "overtaken by what is under way"


def test_delivery_counts_wrap() -> None:
    peer = Peer()
    peer.begin()
    link = peer.receiver()
    link.delivery_count = 0xFFFF_FFFF
    peer.flow(handle=0, delivery_count=0xFFFF_FFFF, link_credit=2)
    link.send(b"t", b"1", settled=True)
    assert (link.delivery_count, link.credit) == (0, 1)
    peer.flow(handle=0, delivery_count=0, link_credit=2)
    assert link.credit == 2


def test_a_drain_uses_up_the_credit_that_is_left() -> None:
    peer = Peer()
    peer.begin()
    link = peer.receiver(credit=5)
    link.send(b"t", b"1", settled=True)
    peer.heard()
    link.drained()
    flow = peer.told(Flow)
    assert (flow.delivery_count, flow.link_credit, flow.drain) == (5, 0, True)


def test_a_client_that_sends_may_give_credit_up() -> None:
    peer = Peer()
    peer.begin()
    link = peer.sender()
    peer.flow(handle=0, delivery_count=50, link_credit=0)
    assert (link.credit, link.delivery_count) == (0, 50)
    peer.flow(handle=0, delivery_count=7_000, link_credit=0)
    assert link.delivery_count == 50, "more than it had"


def test_a_granted_credit_is_told() -> None:
    peer = Peer()
    peer.begin()
    link = peer.sender()
    peer.transfer(0)
    link.grant(7)
    flow = peer.told(Flow)
    assert (flow.handle, flow.delivery_count, flow.link_credit) == (link.handle, 1, 7)


def test_a_link_that_we_take_off_sends_nothing_more_and_is_granted_nothing() -> None:
    peer = Peer()
    peer.begin()
    link = peer.sender()
    link.detach(Error("amqp:link:detach-forced"))
    peer.heard()
    link.grant(5)
    link.detach(None)
    assert peer.heard() == []


def test_deliveries_have_ids_of_their_session() -> None:
    peer = Peer()
    peer.begin()
    one, other = peer.receiver(0), peer.receiver(1)
    assert [link.send(b"t", b"m", settled=False) for link in (one, other, one)] == [0, 1, 2]
    sent = [frame.body for frame in peer.heard()]
    assert all(isinstance(body, Transfer) for body in sent)
    assert [(body.handle, body.delivery_id) for body in sent] == [(0, 0), (1, 1), (0, 2)]
