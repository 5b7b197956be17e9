"""What is told alike of groups that the broker assigns, be they consumer groups (KIP-848) or share groups (KIP-932)."""

from collections.abc import Callable
from typing import Any, Final

from dragoman.doors.kafka.allowed import check_topic
from dragoman.doors.kafka.errors import REFUSALS, code_of, why
from dragoman.doors.kafka.groups import check_group
from dragoman.doors.kafka.talk import Talk
from dragoman.kernel.api import DESCRIBE, Places
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

STATES: Final = {"empty": "Empty", "reconciling": "Reconciling", "stable": "Stable"}


def described(talk: Talk, name: str, command: Any, told: Callable[[Any], Message]) -> Message:
    """One group, as `command` finds it, or why it is not told. `told` adds its assignor and members."""
    about: Message = {
        "error_code": 0,
        "error_message": None,
        "group_id": name,
        "group_state": "",
        "group_epoch": 0,
        "assignment_epoch": 0,
        "assignor_name": "",
        "members": [],
    }
    try:
        check_group(talk, name)
        info = talk.session.submit(command)
        for topic in {name for member in info.members for name in seen_by(member)}:
            check_topic(talk, DESCRIBE, topic)
    except REFUSALS as error:
        code = code_of(error)
        assert code is not ErrorCode.NONE
        return about | {"error_code": code, "error_message": why(error)}
    known = {
        "group_state": STATES[info.state],
        "group_epoch": info.epoch,
        "assignment_epoch": info.epoch,
    }
    return about | known | told(info)


def seen_by(member: Any) -> set[str]:
    """Topics that a description of the member names."""
    places = (*member.places, *getattr(member, "target", ()))
    return {*member.topics, *(name for _, name, _ in places)}


def spell_places(places: Places) -> Message:
    """An assignment, topics by id."""
    return {
        "topic_partitions": [
            {"topic_id": uuid, "partitions": list(indexes)} for uuid, indexes in places
        ]
    }
