from dragoman.wire.amqp091.connection import Connection, Role
from dragoman.wire.amqp091.events import (
    HeaderAccepted,
    HeaderRefused,
    Heartbeat,
    MethodEvent,
    PublishRun,
)
from dragoman.wire.amqp091.frames import PROTOCOL_HEADER
from dragoman.wire.amqp091.handshake import Tuning
from dragoman.wire.amqp091.methods import (
    ChannelOpen,
    ConnectionStart,
    ConnectionStartOk,
    ConnectionTune,
    Method,
)
from dragoman.wire.amqp091.outgoing import publish_run
from dragoman.wire.amqp091.properties import encode_header


def methods_said(source: Connection, target: Connection) -> list[Method]:
    events = target.receive(source.data_to_send())
    return [event.method for event in events if isinstance(event, MethodEvent)]


def test_two_ends_greet_tune_and_talk() -> None:
    client, server = Connection(Role.CLIENT), Connection(Role.SERVER)
    (event,) = server.receive(client.data_to_send())
    assert isinstance(event, HeaderAccepted)
    server.send(0, ConnectionStart(mechanisms=b"PLAIN"))
    assert methods_said(server, client) == [ConnectionStart(mechanisms=b"PLAIN")]
    client.send(0, ConnectionStartOk(mechanism="PLAIN", response=b"\x00u\x00p"))
    assert methods_said(client, server)[0] == ConnectionStartOk({}, "PLAIN", b"\x00u\x00p")
    server.send(0, ConnectionTune(10, 4096, 60))
    assert methods_said(server, client) == [ConnectionTune(10, 4096, 60)]
    for end in (client, server):
        end.retune(Tuning(channel_max=10, frame_max=4096, heartbeat_s=60))
    header = encode_header(2, {})
    client.send_frames(publish_run(1, b"\x00\x01q", False, [header], [b"hi"], 4096))
    client.send_heartbeat()
    run, beat = server.receive(client.data_to_send())
    assert isinstance(run, PublishRun)
    assert isinstance(beat, Heartbeat)


def test_the_header_may_come_byte_by_byte_and_with_frames_behind_it() -> None:
    server = Connection(Role.SERVER)
    for at in range(7):
        assert server.receive(PROTOCOL_HEADER[at : at + 1]) == []
    client = Connection(Role.CLIENT)
    client.data_to_send()
    client.send(1, ChannelOpen())
    accepted, opened = server.receive(PROTOCOL_HEADER[7:] + client.data_to_send())
    assert isinstance(accepted, HeaderAccepted)
    assert isinstance(opened, MethodEvent)


def test_another_protocol_is_answered_with_our_header_and_nothing_more_is_heard() -> None:
    server = Connection(Role.SERVER)
    (event,) = server.receive(b"AMQP\x00\x01\x00\x00")
    assert isinstance(event, HeaderRefused)
    assert server.data_to_send() == PROTOCOL_HEADER
    assert server.failed
    assert server.receive(PROTOCOL_HEADER) == []


def test_a_client_hears_that_its_version_is_refused() -> None:
    client = Connection(Role.CLIENT)
    (event,) = client.receive(PROTOCOL_HEADER)
    assert isinstance(event, HeaderRefused)
    assert client.failed


def test_what_is_queued_leaves_once() -> None:
    server = Connection(Role.SERVER)
    server.send(1, ChannelOpen())
    assert server.data_to_send()
    assert server.data_to_send() == b""


def test_a_closed_channel_leaves_nothing_behind() -> None:
    server = Connection(Role.SERVER)
    header = encode_header(2, {})
    whole = publish_run(1, b"\x00\x01q", False, [header], [b"hi"], 4096)
    server.receive(PROTOCOL_HEADER + whole[:-4])
    server.forget_channel(1)
    assert not server.failed
