"""Share groups (KIP-932): heartbeats, and their description. What members read is `sharefetch`."""

from typing import Any, Final

from dragoman.doors.kafka import groupconfigs as configs
from dragoman.doors.kafka.allowed import operations
from dragoman.doors.kafka.described import described, spell_places
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.groups import check_group
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import (
    GROUP,
    DescribeShared,
    ShareBeat,
    ShareBeaten,
    SharedInfo,
    SharedMemberInfo,
)
from dragoman.model.levels import WRITTEN
from dragoman.model.names import is_catalogue_name
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

SIMPLE: Final = "simple"  # the one assignor


def serve_heartbeat(talk: Talk, request: Request, message: Message) -> Message:
    """ShareGroupHeartbeat."""
    about: Message = {
        "error_code": 0,
        "error_message": None,
        "member_id": message["member_id"] or None,
        "member_epoch": 0,
        "heartbeat_interval_ms": 0,
        "assignment": None,
    }
    try:
        check_group(talk, message["group_id"])
        if not is_catalogue_name(configs.share_name(message["group_id"])):
            raise Refused(ErrorCode.INVALID_GROUP_ID, "the name is too long for a share group")
        notes = configs.notes_of(talk, message["group_id"])
        beaten: ShareBeaten = talk.session.submit(_beat(talk, request, message, notes))
    except REFUSALS as error:
        return about | {"error_code": code_of(error), "error_message": why(error)}
    if beaten.places is not None:
        talk.wait_for(WRITTEN)  # a topic may be read for the first time
    return about | {
        "member_epoch": beaten.epoch,
        "heartbeat_interval_ms": configs.number_of(notes, configs.SHARE_INTERVAL_MS),
        "assignment": None if beaten.places is None else spell_places(beaten.places),
    }


def _beat(talk: Talk, request: Request, message: Message, notes: dict[str, str]) -> ShareBeat:
    names = message["subscribed_topic_names"]
    reset = notes.get(configs.OFFSET_RESET, configs.LATEST)
    is_named = reset in {configs.EARLIEST, configs.LATEST}
    return ShareBeat(
        group=message["group_id"],
        member_id=message["member_id"],
        epoch=message["member_epoch"],
        client_id=request.client_id,
        client_host=f"/{talk.connection.peer[0]}",
        rack_id=message["rack_id"],
        topics=None if names is None else tuple(names),
        session_timeout_ms=configs.number_of(notes, configs.SHARE_SESSION_MS),
        subscription=configs.share_name(message["group_id"]),
        settings=configs.share_settings(notes),
        from_end=reset == configs.LATEST,
        from_ms=-1 if is_named else talk.session.wall_ms() - configs.duration_ms(reset),
    )


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """ShareGroupDescribe."""
    asked = message["include_authorized_operations"]
    return {
        "groups": [
            _described(talk, name) | {"authorized_operations": operations(talk, GROUP, name, asked)}
            for name in message["group_ids"]
        ]
    }


def _described(talk: Talk, name: str) -> Message:
    return described(talk, name, DescribeShared(group=name), _told)


def _told(info: SharedInfo) -> Message:
    return {"assignor_name": SIMPLE, "members": [_member(member) for member in info.members]}


def _member(member: SharedMemberInfo) -> Message:
    return {
        "member_id": member.id,
        "rack_id": member.rack_id,
        "member_epoch": member.epoch,
        "client_id": member.client_id,
        "client_host": member.client_host,
        "subscribed_topic_names": list(member.topics),
        "assignment": {
            "topic_partitions": [
                {"topic_id": uuid, "topic_name": name, "partitions": list(indexes)}
                for uuid, name, indexes in member.places
            ]
        },
    }
