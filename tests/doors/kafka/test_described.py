"""Groups that the broker assigns, consumer groups and share groups, are told in the same words."""

from types import SimpleNamespace
from typing import Any

import pytest

from dragoman.doors.kafka.clientlimits import ClientLimits
from dragoman.doors.kafka.described import described, spell_places
from dragoman.doors.kafka.errors import code_of
from dragoman.model.errors import GroupNotFound, KernelError


def talk(found: Any) -> Any:
    """Whose commands find, or are refused with, `found`."""

    def submit(command: Any) -> Any:
        if isinstance(found, KernelError):
            raise found
        return found

    return SimpleNamespace(session=SimpleNamespace(submit=submit), limits=ClientLimits())


@pytest.mark.parametrize("state", ["Empty", "Reconciling", "Stable"])
def test_a_group_has_its_state_and_epoch_and_what_its_kind_adds(state: str) -> None:
    info = SimpleNamespace(state=state.lower(), epoch=7, members=())
    told = described(talk(info), "g", None, lambda found: {"assignor_name": "own"})
    assert told["group_id"] == "g"
    assert (told["group_state"], told["assignor_name"], told["members"]) == (state, "own", [])
    assert (told["group_epoch"], told["assignment_epoch"], told["error_code"]) == (7, 7, 0)


def test_of_a_group_that_is_not_found_only_that_is_told() -> None:
    error = GroupNotFound("there is none")
    told = described(talk(error), "g", None, lambda found: {"members": [found]})
    assert (told["error_code"], told["members"]) == (code_of(error), [])
    assert told["error_message"]


def test_an_assignment_names_topics_by_id() -> None:
    assert spell_places(((b"id", (0, 2)),)) == {
        "topic_partitions": [{"topic_id": b"id", "partitions": [0, 2]}]
    }
