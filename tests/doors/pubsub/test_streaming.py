"""StreamingPull: messages as they come, what may be outstanding, settling on the stream, signs of life and the end."""

import pytest
from tests.doors.pubsub.client import Pubsub, Streaming, subscription

from dragoman.doors.pubsub.gathering import GATHER_MS
from dragoman.doors.pubsub.streaming import LIFE_MS, SIGN_MS
from dragoman.doors.shared.grpc.call import Status
from dragoman.wire.grpc.codes import FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, UNAVAILABLE


def opened(pubsub: Pubsub, **fields: object) -> Streaming:
    return pubsub.stream(subscription=subscription("sub"), **fields)


def made(**fields: object) -> Pubsub:
    pubsub = Pubsub()
    pubsub.make(**fields)  # type: ignore[arg-type]
    return pubsub


def data(stream: Streaming) -> list[bytes]:
    return [one.message.data for one in stream.messages()]


def test_the_first_response_says_what_kind_of_subscription_it_is() -> None:
    stream = opened(made(enable_exactly_once_delivery=True, enable_message_ordering=True))
    properties = stream.sent[0].subscription_properties
    assert properties.exactly_once_delivery_enabled
    assert properties.message_ordering_enabled


def test_every_response_says_so_again_for_clients_that_believe_the_last() -> None:
    pubsub = made(enable_message_ordering=True)
    stream = opened(pubsub, protocol_version=1)
    pubsub.publish(b"0", key="k")
    pubsub.world.advance(SIGN_MS)
    assert len(stream.sent) >= 3
    assert all(each.subscription_properties.message_ordering_enabled for each in stream.sent)


def test_messages_come_by_themselves_and_are_acknowledged_by_calls() -> None:
    pubsub = made()
    pubsub.publish(b"0")
    stream = opened(pubsub)
    received = stream.messages()
    pubsub.publish(b"1")
    received += stream.messages()
    assert [one.message.data for one in received] == [b"0", b"1"]
    pubsub.acknowledge(*received)
    pubsub.world.advance(20_000)
    assert data(stream) == []


def test_a_client_that_is_behind_is_sent_fewer_and_larger_responses() -> None:
    pubsub = made()
    stream = opened(pubsub)
    for at in range(30):
        pubsub.publish(b"%d" % at)
    at_once = len(stream.sent)
    pubsub.world.advance(GATHER_MS)
    assert len(stream.sent) == at_once + 1
    assert data(stream) == [b"%d" % at for at in range(30)]


def test_no_more_is_outstanding_than_the_client_allows() -> None:
    pubsub = made()
    stream = opened(pubsub, max_outstanding_messages=2)
    pubsub.publish(*[b"%d" % at for at in range(5)])
    first = stream.messages()
    assert [one.message.data for one in first] == [b"0", b"1"]
    pubsub.acknowledge(first[0])
    assert data(stream) == [b"2"]
    pubsub.modify(0, first[1])
    assert data(stream) == [b"1"]


def test_bytes_are_kept_to_by_the_size_messages_had() -> None:
    pubsub = made()
    stream = opened(pubsub, max_outstanding_bytes=10_000)
    pubsub.publish(b"x" * 2_000)
    received = stream.messages()
    pubsub.publish(*[b"y" * 2_000] * 10)
    received += stream.messages()
    assert 2 <= len(received) <= 5


def test_a_peer_that_takes_nothing_is_handed_nothing_until_it_does() -> None:
    pubsub = made()
    stream = opened(pubsub)
    stream.room = 100
    pubsub.publish(b"x" * 200)
    assert len(stream.messages()) == 1
    pubsub.publish(*[b"y"] * 20)
    assert stream.messages() == []
    stream.room = 1 << 20
    pubsub.world.broker.begin_turn()
    stream.stream.writable()
    pubsub.world.run()
    assert len(stream.messages()) == 20


def test_large_messages_come_in_several_responses() -> None:
    pubsub = made()
    pubsub.publish(*[b"x" * 400_000] * 5)
    stream = opened(pubsub)
    assert len([one for one in stream.sent if one.received_messages]) == 2
    assert len(stream.messages()) == 5


def test_the_stream_settles_and_confirms_where_delivery_is_exactly_once() -> None:
    pubsub = made(enable_exactly_once_delivery=True)
    pubsub.publish(b"0", b"1", b"2")
    stream = opened(pubsub)
    first, second, third = stream.messages()
    stream.ask(ack_ids=[first.ack_id, "nonsense"])
    confirmation = stream.sent.pop().acknowledge_confirmation
    assert list(confirmation.ack_ids) == [first.ack_id]
    assert list(confirmation.invalid_ack_ids) == ["nonsense"]
    stream.ask(
        modify_deadline_ack_ids=[second.ack_id, third.ack_id], modify_deadline_seconds=[60, 0]
    )
    confirmation = stream.sent[0].modify_ack_deadline_confirmation
    assert list(confirmation.ack_ids) == [second.ack_id, third.ack_id]
    assert data(stream) == [b"2"]


def test_the_stream_settles_without_a_word_elsewhere() -> None:
    pubsub = made()
    pubsub.publish(b"0", b"1")
    stream = opened(pubsub)
    first, second = stream.messages()
    stream.ask(ack_ids=[first.ack_id])
    stream.ask(modify_deadline_ack_ids=[second.ack_id], modify_deadline_seconds=[0])
    assert data(stream) == [b"1"]
    with pytest.raises(Status):
        stream.ask(modify_deadline_ack_ids=[second.ack_id])


def test_a_new_deadline_is_for_what_comes_then() -> None:
    pubsub = made()
    stream = opened(pubsub)
    stream.ask()
    stream.ask(stream_ack_deadline_seconds=60)
    pubsub.publish(b"0")
    assert data(stream) == [b"0"]
    pubsub.world.advance(50_000)
    assert data(stream) == []
    pubsub.world.advance(11_000)
    assert data(stream) == [b"0"]


def test_signs_of_life_are_for_those_who_want_them_and_every_stream_ends() -> None:
    pubsub = made()
    quiet, lively = opened(pubsub), opened(pubsub, protocol_version=1)
    quiet.sent.clear()
    lively.sent.clear()
    pubsub.world.advance(SIGN_MS)
    assert (len(quiet.sent), len(lively.sent)) == (0, 1)
    pubsub.world.advance(LIFE_MS)
    for stream in (quiet, lively):
        assert stream.status is not None
        assert stream.status.code == UNAVAILABLE
    pubsub.publish(b"0")
    assert data(quiet) == []


def test_a_client_that_leaves_is_handed_nothing_more() -> None:
    pubsub = made()
    stream = opened(pubsub)
    stream.stream.half_closed()
    assert (stream.is_over, stream.status) == (True, None)
    pubsub.publish(b"0")
    assert data(stream) == []
    assert stream.stream.answered(1, None) is None


def test_a_subscription_that_is_deleted_ends_the_stream() -> None:
    pubsub = made()
    stream = opened(pubsub)
    stream.progressed()
    assert not stream.is_over
    pubsub.ask("DeleteSubscription", subscription=subscription("sub"))
    assert stream.status is not None
    assert stream.status.code == NOT_FOUND


def test_requests_that_make_no_sense_are_refused() -> None:
    pubsub = made()
    for fields, code in (
        ({"subscription": subscription("abc")}, NOT_FOUND),
        ({"subscription": "x"}, INVALID_ARGUMENT),
        ({"subscription": subscription("sub"), "stream_ack_deadline_seconds": 5}, INVALID_ARGUMENT),
    ):
        with pytest.raises(Status) as info:
            pubsub.stream(**fields)
        assert info.value.code == code
    stream = opened(pubsub)
    with pytest.raises(Status) as info:
        stream.ask(subscription=subscription("sub"))
    assert info.value.code == INVALID_ARGUMENT
    config = {"push_endpoint": "https://example.com/x"}
    pubsub.ask("ModifyPushConfig", subscription=subscription("sub"), push_config=config)
    with pytest.raises(Status) as info:
        opened(pubsub)
    assert info.value.code == FAILED_PRECONDITION
