"""Names of resources: what is one, and what may be made."""

import pytest

from dragoman.doors.pubsub.names import (
    SUBSCRIPTIONS,
    TOPICS,
    Place,
    new_place,
    place_of,
    project_of,
    snapshot_name,
    subscription_name,
    topic_name,
)
from dragoman.doors.shared.grpc.call import Status


def test_a_full_name_is_a_project_and_a_name_of_its_own() -> None:
    place = Place("my-project", "orders")
    assert place_of(topic_name(place), TOPICS) == place
    assert place_of(subscription_name(place), SUBSCRIPTIONS) == place
    assert snapshot_name(place) == "projects/my-project/snapshots/orders"
    assert project_of("projects/my-project") == "my-project"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "orders",
        "projects/p/topics",
        "projects/p/topics/",
        "projects//topics/orders",
        "projects/p/subscriptions/orders",
        "projects/p/topics/a/b",
        "projects/ü/topics/orders",
        "projects/p/topics/" + "a" * 2000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Status) as info:
        place_of(text, TOPICS)
    assert "Invalid resource name given" in info.value.message


@pytest.mark.parametrize("name", ["ab", "1ab", "google", "a b", "a/b", "ü" * 3, "a" * 256])
def test_what_is_made_has_a_name_that_pubsub_allows(name: str) -> None:
    with pytest.raises(Status):
        new_place(f"projects/p/topics/{name}", TOPICS)


@pytest.mark.parametrize("name", ["abc", "a.b_c~d+e%f-g", "A" * 255])
def test_allowed_names_are_allowed(name: str) -> None:
    assert new_place(f"projects/p/topics/{name}", TOPICS).id == name


@pytest.mark.parametrize("text", ["p", "projects/", "projects/p/q", "xprojects/p"])
def test_a_project_is_named_in_full(text: str) -> None:
    with pytest.raises(Status):
        project_of(text)
