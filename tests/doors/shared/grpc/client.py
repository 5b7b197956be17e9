"""A broker in memory with the echo service, and a client of gRPC in bytes, by another library's HTTP/2."""

from collections.abc import Sequence
from typing import Any

import h2.config
import h2.connection
import h2.events
from tests.doors.shared.grpc.echo import EchoService, Text
from tests.doors.shared.rest.client import Commit
from tests.fakes import node
from tests.wire.http2.peer import frames_of

from dragoman.doors.shared.grpc.call import Service
from dragoman.doors.shared.grpc.door import GrpcDoor, door_maker
from dragoman.doors.shared.grpc.table import Table
from dragoman.doors.shared.rest.routes import Table as WebTable
from dragoman.wire.grpc.messages import MessageReader, encode_message
from dragoman.wire.http2.frames import GOAWAY, frame
from dragoman.wire.http2.settings import INITIAL_WINDOW_SIZE

Header = tuple[bytes, bytes]
SERVICE = "/dragoman.tests.echo.Echo/"


class Answer:
    """What came of one stream so far."""

    def __init__(self) -> None:
        self.head: dict[bytes, bytes] = {}
        self.data = b""
        self.trailers: dict[bytes, bytes] = {}
        self.is_ended = False
        self.reset: int | None = None

    @property
    def messages(self) -> list[Any]:
        reader = MessageReader(self.head.get(b"grpc-encoding", b""), 1 << 30)
        return [Text.FromString(body) for body in reader.read(self.data)]

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.messages]

    @property
    def status(self) -> int | None:
        value = self.trailers.get(b"grpc-status") or self.head.get(b"grpc-status")
        return None if value is None else int(value)

    @property
    def message(self) -> str:
        return (
            self.trailers.get(b"grpc-message") or self.head.get(b"grpc-message") or b""
        ).decode()


class World(node.World):
    """One broker. Time moves by `advance`, the journal by `progress`."""

    def __init__(self, *faces: Any, services: Sequence[Service] = ()) -> None:
        super().__init__(commit=Commit())
        self.faults: list[Exception] = []
        self.broker.on_door_fault = self.faults.append
        self.echo = EchoService()
        found = [self.echo, *services]
        self.make_door = door_maker(lambda: Table(found), lambda: WebTable(faces))

    def progress(self) -> None:
        """The journal has come as far as anybody wants."""
        self.commit.far = 1 << 40
        self.broker.on_progress()
        self.run()


class Client(node.Connection[GrpcDoor]):
    """One connection."""

    def __init__(self, world: World, *, window: int = 0) -> None:
        super().__init__(world, world.make_door, port=8085)
        config = h2.config.H2Configuration(client_side=True, header_encoding=None)
        self.h2 = h2.connection.H2Connection(config)
        self.answers: dict[int, Answer] = {}
        self.is_told_to_go = False
        self.failure: int | None = None
        self.acknowledges = True
        self.h2.initiate_connection()
        if window:
            self.h2.update_settings({INITIAL_WINDOW_SIZE: window})
        self.exchange()

    def exchange(self) -> None:
        """What we have to say, and what is said to us, until nobody has anything."""
        for _ in range(1_000):
            said = self.h2.data_to_send()
            if said:
                self.give(said)
            heard = self.sent()
            if not (said or heard):
                return
            for event in self.h2.receive_data(self.without_farewell(heard)):
                self.hear(event)
        raise AssertionError("talk without end")

    def without_farewell(self, heard: bytes) -> bytes:
        """The other library reads nothing behind a GOAWAY, where answers still come."""
        kept = b""
        for kind, flags, number, payload in frames_of(heard):
            if kind == GOAWAY:
                self.is_told_to_go = True
                self.failure = int.from_bytes(payload[4:8], "big")
            else:
                kept += frame(kind, flags, number, payload)
        return kept

    def hear(self, event: Any) -> None:
        answer = self.answers.get(getattr(event, "stream_id", None) or 0)
        if answer is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            answer.head = dict(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            answer.data += event.data
            if self.acknowledges:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = dict(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            answer.is_ended = True
        elif isinstance(event, h2.events.StreamReset):
            answer.reset = int(event.error_code)

    def begin(
        self, path: str, headers: Sequence[Header] = (), *, ends: bool = False, method: str = "POST"
    ) -> int:
        """The head of a request; which stream it is."""
        number: int = self.h2.get_next_available_stream_id()
        self.answers[number] = Answer()
        fields = [(b":method", method.encode()), (b":scheme", b"http"), (b":path", path.encode())]
        fields += [(b":authority", b"here"), *headers]
        self.h2.send_headers(number, fields, end_stream=ends)
        return number

    def open(self, method: str, headers: Sequence[Header] = ()) -> int:
        """The head of a call."""
        return self.begin(SERVICE + method, [*GRPC, *headers])

    def send(self, number: int, *messages: Any, ends: bool = False) -> Answer:
        """Messages of a call, and what comes of them."""
        data = b"".join(encode_message(message.SerializeToString()) for message in messages)
        return self.raw(number, data, ends=ends)

    def raw(self, number: int, data: bytes, *, ends: bool = False) -> Answer:
        while True:
            size = min(len(data), self.h2.local_flow_control_window(number), 1 << 14)
            is_last = size == len(data)
            self.h2.send_data(number, data[:size], end_stream=ends and is_last)
            data = data[size:]
            if is_last:
                break
            self.exchange()
        self.exchange()
        return self.answers[number]

    def call(self, method: str, *messages: Any, headers: Sequence[Header] = ()) -> Answer:
        """A whole call, and what is answered so far."""
        return self.send(self.open(method, headers), *messages, ends=True)

    def say(self, text: str, *, headers: Sequence[Header] = (), **fields: Any) -> Answer:
        """A unary call."""
        return self.call("Say", Text(text=text, **fields), headers=headers)

    def cancel(self, number: int) -> None:
        self.h2.reset_stream(number, 8)
        self.exchange()


GRPC: list[Header] = [(b"content-type", b"application/grpc"), (b"te", b"trailers")]
