"""Names of an entity's parts, and its note."""

from dragoman.doors.servicebus.definitions import (
    dead_letters_of,
    forwarding,
    note_of,
    path_of_subscription,
    with_note,
)
from dragoman.kernel.api import Address


def test_parts_are_named_after_their_entity() -> None:
    path = path_of_subscription("t", "s")
    assert dead_letters_of(path) == "t/Subscriptions/s/$DeadLetterQueue"
    pump = forwarding(path, "t", "s", "other", "dead")
    assert (pump.source, pump.subscription, pump.settings.targets) == (
        "t",
        "s",
        (Address("other"),),
    )
    assert forwarding("q", "q", "", "other", "dead").subscription == "q"


def test_a_note_is_given_back_and_leaves_others_alone() -> None:
    notes = with_note({"other": "x"}, {"Status": "Active"})
    assert note_of(notes) == {"Status": "Active"}
    assert notes["other"] == "x"
    assert note_of({}) == {}
