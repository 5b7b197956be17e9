"""What the parts of an entity are called, whoever makes it: a file of the emulator, or administration.

dead letters      the queue PATH/$DeadLetterQueue
forwarding        a pump that takes from the entity what comes, another one its dead letters
transfers' ones   the queue PATH/$Transfer/$DeadLetterQueue: what cannot be forwarded
NOTE              of an entity's settings: what the kernel has no word for, by element of its description, as JSON
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import structs

from dragoman.kernel.api import Address, CreatePump, PumpSettings

NOTE: Final = "servicebus"
STATUS: Final = "Status"
NOT_SENT_TO: Final = ("Disabled", "SendDisabled")
NOT_RECEIVED_FROM: Final = ("Disabled", "ReceiveDisabled")
DEAD_LETTERS: Final = "$DeadLetterQueue"
TRANSFER: Final = "$Transfer"
DEFAULT_RULE: Final[Mapping[str, Any]] = {"name": "$Default", "kind": "true"}
DIALECT: Final = "servicebus"
LOCK_MS: Final = 60_000
LOCK_MS_MIN: Final = 5_000
LOCK_MS_MAX: Final = 300_000
DELIVERIES: Final = 10
DELIVERIES_MAX: Final = 2_000
DEDUP_MS: Final = 600_000
DEDUP_MS_MIN: Final = 20_000
DEDUP_MS_MAX: Final = 7 * 86_400_000
FORWARDING: Final = "servicebus.forward."
HOPS_MAX: Final = 4  # of what is forwarded
TRANSFERS_TRIED_MAX: Final = 3  # where the target is not there
_notes: Final = msgspec.json.Decoder(dict[str, str])


def path_of_subscription(topic: str, subscription: str) -> str:
    """The path of a subscription."""
    return f"{topic}/Subscriptions/{subscription}"


def dead_letters_of(path: str) -> str:
    """The queue of an entity's dead letters."""
    return f"{path}/{DEAD_LETTERS}"


def transfer_letters_of(path: str) -> str:
    """The queue of what an entity could not forward."""
    return f"{path}/{TRANSFER}/{DEAD_LETTERS}"


def pump_of(path: str) -> str:
    """The pump that forwards what comes to an entity."""
    return FORWARDING + path


def forwarding(path: str, source: str, subscription: str, target: str) -> CreatePump:
    """What makes an entity forward to `target`; what cannot be is a dead letter of its transfers."""
    settings = PumpSettings(
        targets=(Address(target),),
        dead_letter=Address(transfer_letters_of(path)),
        attempts_max=TRANSFERS_TRIED_MAX,
        waits_for_room=False,
        hops_max=HOPS_MAX,
    )
    return CreatePump(
        name=pump_of(path), source=source, subscription=subscription or source, settings=settings
    )


def forwarding_dead_letters(path: str, target: str) -> CreatePump:
    """As `forwarding`, of an entity's dead letters."""
    letters = dead_letters_of(path)
    made = forwarding(path, letters, letters, target)
    return structs.replace(made, name=pump_of(letters))


def note_of(notes: Mapping[str, str]) -> dict[str, str]:
    """What was said of an entity that the kernel has no word for."""
    return _notes.decode(notes[NOTE]) if NOTE in notes else {}


def with_note(notes: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """The notes of an entity with these words."""
    return {**notes, NOTE: msgspec.json.encode(said).decode()}
