"""Resources as documents."""

from typing import Any

import pytest
from tests.doors.shared.rest.client import World

from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import Place
from dragoman.doors.shared.arm.store import (
    PAGE_MAX,
    Resource,
    Store,
    is_within,
    key_of,
    made_at,
    page_of,
    properties_in,
    read_body,
)

SCOPE = "/subscriptions/s/resourceGroups/g"


def place(*names: str, scope: str = SCOPE) -> Place:
    return Place(scope, "P", ("things", "parts")[: len(names)], names, "")


def test_a_resource_is_kept_found_listed_and_forgotten() -> None:
    session: Any = World().connect().session
    store = Store("P", "p")
    shown = made_at(place("One"), ("things",), {"location": "x", "properties": {"a": 1}, "junk": 2})
    assert shown == {
        "id": f"{SCOPE}/providers/P/things/One", "name": "One", "type": "P/things", "location": "x",
        "properties": {"a": 1},
    }  # fmt: skip
    store.put(session, ("things",), key_of(("One",)), Resource(shown, {"secret": "s"}))
    found = store.get(session, place("ONE"))
    assert (found.shown, found.hidden) == (shown, {"secret": "s"})
    assert store.get(session, place("one")) is found
    store.put(session, ("things",), "two", Resource({**shown, "name": "two"}))
    assert [key for key, _ in store.items(session, ("things",))] == ["one", "two"]
    store.delete(session, ("things",), "one")
    store.delete(session, ("things",), "one")
    assert store.find(session, ("things",), "one") is None
    with pytest.raises(ArmError):
        store.get(session, place("one"))


def test_a_resource_is_found_only_where_it_was_made() -> None:
    resource = Resource(made_at(place("One"), ("things",), {}))
    assert is_within(resource, place("x", scope="/subscriptions/S"))
    assert not is_within(resource, place("x", scope="/subscriptions/s/resourceGroups/other"))
    assert not is_within(resource, place("x", scope="/subscriptions/t"))


def test_children_are_listed_below_their_parent() -> None:
    session: Any = World().connect().session
    store = Store("P", "p")
    for key in ("a/1", "a/2", "ab/3"):
        store.put(session, ("things", "parts"), key, Resource({"id": key}))
    assert [one.id for one in store.all(session, ("things", "parts"), "a/")] == ["a/1", "a/2"]


def test_pages_follow_each_other() -> None:
    names = [{"name": f"n{number}"} for number in range(5)]
    first = page_of(names, b"/x", b"api-version=1&$top=3", "http://h")
    assert [one["name"] for one in first["value"]] == ["n0", "n1", "n2"]
    assert first["nextLink"] == "http://h/x?api-version=1&$top=3&$skiptoken=3"
    query = first["nextLink"].partition("?")[2].encode()
    second = page_of(names, b"/x", query, "http://h")
    assert (len(second["value"]), "nextLink" in second) == (2, False)


@pytest.mark.parametrize(
    "query", [b"$top=0", b"$top=x", b"$top=%d" % (PAGE_MAX + 1), b"$skiptoken=-1", b"$filter=x"]
)
def test_a_bad_page_is_refused(query: bytes) -> None:
    with pytest.raises(ArmError):
        page_of([], b"/x", query, "")


@pytest.mark.parametrize(
    "raw", [b"[]", b"{", b"\xff", b"1", b"[" * 9999, b'{"n": -18446744073709551616}']
)
def test_a_body_is_an_object(raw: bytes) -> None:
    with pytest.raises(ArmError):
        read_body(raw)
    assert read_body(b"") == {}


def test_properties_are_an_object() -> None:
    assert properties_in({"properties": None}) == {}
    with pytest.raises(ArmError):
        properties_in({"properties": 5})
