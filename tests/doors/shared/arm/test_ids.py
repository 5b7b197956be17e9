"""Paths of Resource Manager, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import is_of, place_of, segment_after

GROUP = b"/subscriptions/S1/resourceGroups/G1"
PROVIDER = "Microsoft.EventGrid"


def test_a_path_names_types_and_names_in_turn() -> None:
    place = place_of(GROUP + b"/providers/Microsoft.EventGrid/domains/D/topics/T", PROVIDER, ())
    assert (place.types, place.names) == (("domains", "topics"), ("D", "T"))
    assert (place.subscription, place.group, place.scope) == ("S1", "G1", GROUP.decode())
    assert not place.is_list


def test_a_path_that_ends_in_a_type_is_a_list_unless_it_is_an_action() -> None:
    path = GROUP + b"/providers/Microsoft.EventGrid/topics/T/listKeys"
    acted = place_of(path, PROVIDER, ("listkeys",))
    assert (acted.action, acted.names, acted.is_list) == ("listkeys", ("T",), False)
    assert place_of(path, PROVIDER, ()).is_list


def test_the_last_provider_is_meant_and_what_is_before_it_is_its_scope() -> None:
    inner = GROUP + b"/providers/Microsoft.EventGrid/topics/T"
    place = place_of(inner + b"/providers/microsoft.eventgrid/eventSubscriptions/E", PROVIDER, ())
    assert (place.types, place.names, place.scope) == (
        ("eventsubscriptions",),
        ("E",),
        inner.decode(),
    )
    assert place_of(b"/providers/Microsoft.EventGrid/operations", PROVIDER, ()).scope == ""


def test_double_slashes_and_escapes_are_read() -> None:
    place = place_of(b"//subscriptions/S/providers/Microsoft.EventGrid/topics/a%20b", PROVIDER, ())
    assert (place.subscription, place.names) == ("S", ("a b",))


@pytest.mark.parametrize(
    "path", [b"", b"/", b"/topics/x", b"/a" * 100 + b"/providers/Microsoft.EventGrid/topics"]
)
def test_a_path_of_nobody_is_refused(path: bytes) -> None:
    with pytest.raises(ArmError):
        place_of(path, PROVIDER, ())


@given(st.binary(max_size=60))
def test_any_bytes_are_a_place_or_refused(tail: bytes) -> None:
    try:
        place = place_of(
            b"/subscriptions/s/providers/Microsoft.EventGrid/" + tail, PROVIDER, ("listkeys",)
        )
    except ArmError:
        return
    assert len(place.types) - len(place.names) in (0, 1)


def test_whose_a_path_is_is_told_by_its_last_provider() -> None:
    assert is_of(b"/subscriptions/s/PROVIDERS/microsoft.EVENTGRID/topics", PROVIDER)
    assert not is_of(b"/subscriptions/s/providers/Microsoft.EventHub/x", PROVIDER)
    assert not is_of(b"/subscriptions/s", PROVIDER)


def test_a_segment_is_found_after_its_kind() -> None:
    assert segment_after("/Subscriptions/a/resourceGroups/b", "resourcegroups") == "b"
    assert segment_after("/subscriptions", "subscriptions") == ""
