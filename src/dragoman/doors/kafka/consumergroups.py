"""Consumer groups that the broker assigns (KIP-848): heartbeats that do everything, and their description.

Topics go by id; an assignment that has not changed is null.
"""

from typing import Any, Final

from dragoman.doors.kafka import groupconfigs
from dragoman.doors.kafka.allowed import operations
from dragoman.doors.kafka.described import described, spell_places
from dragoman.doors.kafka.errors import REFUSALS, code_of, why
from dragoman.doors.kafka.groups import check_group
from dragoman.doors.kafka.names import TOPIC_PATTERN
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import (
    GROUP,
    AssignedInfo,
    AssignedMemberInfo,
    Beat,
    Beaten,
    DescribeAssigned,
    NamedPlaces,
    Places,
)

Message = dict[str, Any]

OWN_IDS_FROM: Final = (
    1  # version of ConsumerGroupHeartbeat in which members make their ids (KIP-1082)
)
ID_BYTES: Final = 16
CLASSIC: Final = 0  # a member's type in a description
CONSUMER: Final = 1


def serve_heartbeat(talk: Talk, request: Request, message: Message) -> Message:
    """ConsumerGroupHeartbeat."""
    member_id = message["member_id"]
    if not member_id and request.version < OWN_IDS_FROM and message["member_epoch"] == 0:
        member_id = talk.session.token(ID_BYTES).hex()
    try:
        check_group(talk, message["group_id"])
        notes = groupconfigs.notes_of(talk, message["group_id"])
        beaten: Beaten = talk.session.submit(
            Beat(
                group=message["group_id"],
                member_id=member_id,
                epoch=message["member_epoch"],
                instance_id=message["instance_id"],
                client_id=request.client_id,
                client_host=f"/{talk.connection.peer[0]}",
                rack_id=message["rack_id"],
                rebalance_timeout_ms=message["rebalance_timeout_ms"],
                topics=_names(message["subscribed_topic_names"]),
                pattern=message.get("subscribed_topic_regex"),
                legal=TOPIC_PATTERN,
                assignor=message["server_assignor"],
                owned=_places(message["topic_partitions"]),
                session_timeout_ms=groupconfigs.number_of(notes, groupconfigs.SESSION_MS),
            )
        )
    except REFUSALS as error:
        return {
            "error_code": code_of(error),
            "error_message": why(error),
            "member_id": member_id or None,
            "member_epoch": 0,
            "heartbeat_interval_ms": 0,
            "assignment": None,
        }
    return {
        "error_code": 0,
        "error_message": None,
        "member_id": beaten.member_id,
        "member_epoch": beaten.epoch,
        "heartbeat_interval_ms": int(notes.get(groupconfigs.INTERVAL_MS, beaten.interval_ms)),
        "assignment": None if beaten.places is None else spell_places(beaten.places),
    }


def _names(topics: list[str] | None) -> tuple[str, ...] | None:
    return None if topics is None else tuple(topics)


def _places(topics: list[Message] | None) -> Places | None:
    if topics is None:
        return None
    return tuple((topic["topic_id"], tuple(topic["partitions"])) for topic in topics)


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """ConsumerGroupDescribe: a classic group is not found, and its client asks in the classic way then."""
    asked = message["include_authorized_operations"]
    return {
        "groups": [
            _described(talk, name) | {"authorized_operations": operations(talk, GROUP, name, asked)}
            for name in message["group_ids"]
        ]
    }


def _described(talk: Talk, name: str) -> Message:
    return described(talk, name, DescribeAssigned(group=name), _told)


def _told(info: AssignedInfo) -> Message:
    return {"assignor_name": info.assignor, "members": [_member(member) for member in info.members]}


def _member(member: AssignedMemberInfo) -> Message:
    return {
        "member_id": member.id,
        "instance_id": member.instance_id,
        "rack_id": member.rack_id,
        "member_epoch": member.epoch,
        "client_id": member.client_id,
        "client_host": member.client_host,
        "subscribed_topic_names": list(member.topics),
        "subscribed_topic_regex": member.pattern or None,
        "assignment": _named(member.places),
        "target_assignment": _named(member.target),
        "member_type": CLASSIC if member.is_classic else CONSUMER,
    }


def _named(places: NamedPlaces) -> Message:
    return {
        "topic_partitions": [
            {"topic_id": uuid, "topic_name": name, "partitions": list(indexes)}
            for uuid, name, indexes in places
        ]
    }
