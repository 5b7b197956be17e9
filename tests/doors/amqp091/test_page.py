from pathlib import Path

from dragoman.doors.amqp091.arguments import QUEUE_ARGUMENTS
from dragoman.doors.amqp091.page import (
    ARGUMENT_NOTES,
    FIELD_NOTES,
    METHOD_NOTES,
    PROPERTY_NOTES,
    is_served,
    page,
)
from dragoman.wire.amqp091.methods import METHODS
from dragoman.wire.amqp091.properties import FIELDS

FILE = Path(__file__).parents[3] / "docs" / "doors" / "amqp091.md"


def test_the_page_in_the_repository_is_what_the_tables_say() -> None:
    assert FILE.read_text() == page()


def test_notes_are_about_what_there_is() -> None:
    kinds = set(METHODS.values())
    assert METHOD_NOTES.keys() <= kinds
    for kind, field in FIELD_NOTES:
        assert is_served(kind)
        assert field in kind.__annotations__
    assert PROPERTY_NOTES.keys() <= FIELDS.keys()
    assert ARGUMENT_NOTES.keys() == QUEUE_ARGUMENTS.keys()


def test_what_only_a_server_sends_is_not_served() -> None:
    answers = {kind for kind in METHODS.values() if kind.__name__.endswith("Ok")}
    served = {kind.__name__ for kind in answers if is_served(kind)}
    assert served == {
        "ConnectionStartOk",
        "ConnectionTuneOk",
        "ConnectionCloseOk",
        "ChannelCloseOk",
    }
