"""Names of an entity's parts, and its note."""

from dragoman.doors.servicebus.definitions import (
    dead_letters_of,
    forwarding,
    forwarding_dead_letters,
    note_of,
    path_of_subscription,
    transfer_letters_of,
    with_note,
)
from dragoman.kernel.api import Address


def test_parts_are_named_after_their_entity() -> None:
    path = path_of_subscription("t", "s")
    assert dead_letters_of(path) == "t/Subscriptions/s/$DeadLetterQueue"
    assert transfer_letters_of(path) == "t/Subscriptions/s/$Transfer/$DeadLetterQueue"
    pump = forwarding(path, "t", "s", "other")
    assert (pump.source, pump.subscription, pump.settings.targets) == (
        "t",
        "s",
        (Address("other"),),
    )
    assert forwarding("q", "q", "", "other").subscription == "q"
    letters = forwarding_dead_letters("q", "other")
    assert letters.source == letters.subscription == "q/$DeadLetterQueue"
    assert letters.settings.dead_letter == Address("q/$Transfer/$DeadLetterQueue")


def test_a_note_is_given_back_and_leaves_others_alone() -> None:
    notes = with_note({"other": "x"}, {"Status": "Active"})
    assert note_of(notes) == {"Status": "Active"}
    assert notes["other"] == "x"
    assert note_of({}) == {}
