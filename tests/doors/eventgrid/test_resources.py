"""Resources without HTTP."""

from typing import Any

import pytest
from tests.doors.eventgrid.client import Grid

from dragoman.doors.eventgrid.kinds import Base
from dragoman.doors.eventgrid.resources import Resources, is_subscription, kind_of
from dragoman.doors.eventgrid.topics import PROVIDER
from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import Place, place_of

BASE = Base("http", "here")


def place(path: str, scope: str = "") -> Place:
    return place_of(f"{scope}/providers/{PROVIDER}/{path}".encode(), PROVIDER, ())


def made(*paths: str) -> tuple[Resources, Any]:
    found = Grid(streams=())
    resources, session = Resources(found.face.store), found.client.session
    for path in paths:
        resources.put(session, BASE, place(path), {})
    return resources, session


def test_a_resource_of_no_subscription_is_in_all_of_them() -> None:
    resources, session = made("topics/orders")
    everywhere = place("topics/orders", "/subscriptions/any/resourceGroups/other")
    assert resources.told(session, everywhere)["id"] == f"/providers/{PROVIDER}/topics/orders"
    assert len(resources.all(session, place("topics", "/subscriptions/any"))) == 1
    shown, is_new = resources.put(session, BASE, everywhere, {})
    assert (shown["id"].startswith("/subscriptions/any/"), is_new) == (True, False)
    with pytest.raises(ArmError):
        resources.told(session, place("topics/orders", "/subscriptions/another"))


def test_a_domain_goes_with_all_that_hangs_on_it() -> None:
    resources, session = made(
        "domains/shop", "domains/shop/topics/orders", "domains/shop/topics/bills"
    )
    resources.delete(session, place("domains/shop"))
    resources.delete(session, place("domains/shop"))
    for path in ("domains/shop", "domains/shop/topics/orders"):
        with pytest.raises(ArmError):
            resources.told(session, place(path))


def test_keys_belong_to_what_has_an_address() -> None:
    resources, session = made("domains/shop", "domains/shop/topics/orders")
    keys = resources.keys(session, place("domains/shop"))
    assert resources.regenerate(session, place("domains/shop"), "key1")["key2"] == keys["key2"]
    with pytest.raises(ArmError):
        resources.keys(session, place("domains/shop/topics/orders"))
    with pytest.raises(ArmError):
        resources.regenerate(session, place("domains/shop"), 5)


def test_what_is_meant_is_told_by_the_last_type() -> None:
    assert is_subscription(place("topics/orders/eventSubscriptions/hook"))
    assert not is_subscription(place("topics/orders"))
    assert kind_of(place("namespaces/ns1/topics/items")).spelled == ("namespaces", "topics")
    for path in ("widgets/one", "partnerTopics/one"):
        with pytest.raises(ArmError):
            kind_of(place(path))


def test_only_what_has_a_stream_is_subscribed_to() -> None:
    resources, session = made("namespaces/ns1")
    with pytest.raises(ArmError):
        resources.put(session, BASE, place("namespaces/ns1/eventSubscriptions/sub"), {})
