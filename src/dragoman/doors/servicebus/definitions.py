"""What the parts of an entity are called, whoever makes it: a file of the emulator, or administration.

dead letters      the queue PATH/$DeadLetterQueue, or where they are forwarded
forwarding        a pump that takes from the entity what comes
NOTE              of an entity's settings: what the kernel has no word for, by element of its description, as JSON
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dragoman.kernel.api import Address, CreatePump, PumpSettings

NOTE: Final = "servicebus"
STATUS: Final = "Status"
NOT_SENT_TO: Final = ("Disabled", "SendDisabled")
NOT_RECEIVED_FROM: Final = ("Disabled", "ReceiveDisabled")
DEAD_LETTERS: Final = "$DeadLetterQueue"
DEFAULT_RULE: Final[Mapping[str, Any]] = {"name": "$Default", "kind": "true"}
DIALECT: Final = "servicebus"
LOCK_MS: Final = 60_000
LOCK_MS_MAX: Final = 300_000
DELIVERIES: Final = 10
DELIVERIES_MAX: Final = 2_000
DEDUP_MS: Final = 600_000
FORWARDING: Final = "servicebus.forward."
_notes: Final = msgspec.json.Decoder(dict[str, str])


def path_of_subscription(topic: str, subscription: str) -> str:
    """The path of a subscription."""
    return f"{topic}/Subscriptions/{subscription}"


def dead_letters_of(path: str) -> str:
    """The queue of an entity's dead letters."""
    return f"{path}/{DEAD_LETTERS}"


def pump_of(path: str) -> str:
    """The pump that forwards what comes to an entity."""
    return FORWARDING + path


def forwarding(path: str, source: str, subscription: str, target: str, dead: str) -> CreatePump:
    """What makes an entity forward to `target`; what that refuses becomes a dead letter."""
    settings = PumpSettings(targets=(Address(target),), dead_letter=Address(dead))
    return CreatePump(
        name=pump_of(path), source=source, subscription=subscription or source, settings=settings
    )


def note_of(notes: Mapping[str, str]) -> dict[str, str]:
    """What was said of an entity that the kernel has no word for."""
    return _notes.decode(notes[NOTE]) if NOTE in notes else {}


def with_note(notes: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """The notes of an entity with these words."""
    return {**notes, NOTE: msgspec.json.encode(said).decode()}
