# mypy: disable-error-code="misc"
"""What azure-eventhub says to a broker in this process: `python -m tests.fuzz.capture eventhubs`."""

from typing import Any

from azure.eventhub import EventData
from tests.clients.eventhubs_work import Hub, receiving, serving, until
from tests.fuzz.capture_servicebus import frames_of, record


def capture() -> list[bytes]:
    """The frames of everything that the client can be made to say."""
    heard = record()
    with serving() as running:
        speak(Hub(running, "hub"))
    return [frame for stream in heard for frame in frames_of(bytes(stream))]


def typed() -> EventData:
    """An event with properties; its key is noted on it as it is sent."""
    event = EventData("x")
    event.properties = {"n": 1, "text": "x", "raw": b"\xff", "yes": True}
    event.message_id = "id"
    return event


def speak(hub: Hub) -> None:
    """Send in every manner, from every position, ask for every property."""
    hub.send(typed(), EventData("y"))
    hub.send(typed(), partition_key="k")
    hub.send(typed(), partition_id="0")
    hub.producer.get_eventhub_properties()
    hub.producer.get_partition_properties("0")
    for position in ("-1", 0, "@latest"):
        found: list[Any] = []
        with receiving(
            hub.consumer(),
            lambda _, event, found=found: found.append(event),
            partition_id="0",
            starting_position=position,
            starting_position_inclusive=True,
            owner_level=1,
            track_last_enqueued_event_properties=True,
            max_wait_time=0.1,
        ):
            until(lambda found=found: bool(found))
    hub.close()
