"""What azure-servicebus says to a broker in this process: `python -m tests.fuzz.capture servicebus`."""

from datetime import UTC, datetime, timedelta
from typing import Any

from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusReceiver
from tests.clients.servicebus_work import WAIT_S, serving

from dragoman.doors.shared.amqp10 import door
from dragoman.wire.amqp10.composites import from_bytes
from dragoman.wire.amqp10.decode import DecodeError

Heard = list[bytearray]


def record() -> Heard:
    """What every door is given from now on, by connection."""
    heard: Heard = []
    plain = door.Amqp10Door

    class Recorded(plain):  # type: ignore[misc, valid-type]
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self.heard = bytearray()
            heard.append(self.heard)

        def receive(self, data: bytes) -> None:
            self.heard += data
            super().receive(data)

    door.Amqp10Door = Recorded  # type: ignore[misc, assignment]
    return heard


def frames_of(stream: bytes) -> list[bytes]:
    """By the length in each; headers of the protocol and signs of life are left out."""
    frames, at = [], 0
    while at + 8 <= len(stream):
        if stream.startswith(b"AMQP", at):
            at += 8
            continue
        end = at + int.from_bytes(stream[at : at + 4], "big")
        if end - at > 8:
            frames.append(stream[at:end])
        at = end
    return frames


def kind_of(frame: bytes) -> bytes:
    """Its kind, and the performative."""
    try:
        return frame[5:6] + type(from_bytes(frame, frame[4] * 4)[0]).__name__.encode()
    except DecodeError:
        return frame[5:6]


def capture() -> list[bytes]:
    """The frames of everything that the client can be made to say."""
    heard = record()
    with serving() as (_, address), ServiceBusClient.from_connection_string(address) as client:
        speak(client)
    return [frame for stream in heard for frame in frames_of(bytes(stream))]


def take(receiver: ServiceBusReceiver) -> Any:
    return receiver.receive_messages(1, max_wait_time=WAIT_S)[0]


def speak(client: ServiceBusClient) -> None:
    """Send, settle in every manner, ask every operation."""
    with client.get_queue_sender("orders") as sender:
        for size in (0, 1, 100, 1_500):
            properties: Any = {"n": size, "x": 1.5, "s": "text", "b": True}
            sender.send_messages(ServiceBusMessage("x" * size, application_properties=properties))
        sender.send_messages([ServiceBusMessage("a"), ServiceBusMessage("b")])
        due = datetime.now(UTC) + timedelta(days=1)
        numbers = sender.schedule_messages(ServiceBusMessage("later"), due)
        sender.cancel_scheduled_messages(numbers)
    with client.get_queue_receiver("orders", prefetch_count=5) as receiver:
        receiver.complete_message(take(receiver))
        receiver.abandon_message(take(receiver))
        receiver.dead_letter_message(take(receiver), reason="r", error_description="d")
        message = take(receiver)
        receiver.renew_message_lock(message)
        receiver.defer_message(message)
        receiver.peek_messages(5)
        (again,) = receiver.receive_deferred_messages(message.sequence_number)
        receiver.complete_message(again)
    with client.get_queue_sender("sessions") as sender:
        sender.send_messages(ServiceBusMessage("s", session_id="a"))
    with client.get_queue_receiver("sessions", session_id="a") as receiver:
        receiver.complete_message(take(receiver))
        receiver.session.set_state("kept")
        receiver.session.get_state()
        receiver.session.renew_lock()
