"""ListGroups, DescribeGroups and DeleteGroups."""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.doors.kafka.allowed import operations
from dragoman.doors.kafka.errors import REFUSALS, code_of, why
from dragoman.doors.kafka.groups import check_group
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import GROUP, DeleteGroup, DescribeGroup, GroupInfo, GroupKind, ListGroups
from dragoman.model.errors import GroupNotFound
from dragoman.model.levels import WRITTEN
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

STATES: Final[Mapping[str, str]] = {
    "empty": "Empty",
    "joining": "PreparingRebalance",
    "assigning": "CompletingRebalance",
    "stable": "Stable",
    "reconciling": "Reconciling",
    "dead": "Dead",
}
MISSING_FROM: Final = 6  # version of DescribeGroups that says so of a missing group (KIP-1043)


def serve_list(talk: Talk, request: Request, message: Message) -> Message:
    """ListGroups, filtered by state and type, of either case."""
    states = {state.lower() for state in message.get("states_filter", ())}
    types = {kind.lower() for kind in message.get("types_filter", ())}
    groups: list[GroupInfo] = talk.session.submit(ListGroups())
    return {
        "error_code": 0,
        "groups": [
            {
                "group_id": group.name,
                "protocol_type": group.protocol_type,
                "group_state": STATES[group.state],
                "group_type": group.kind.value,
            }
            for group in groups
            if (not states or STATES[group.state].lower() in states)
            and (not types or group.kind.value in types)
        ],
    }


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeGroups: one that is not there is dead, and from version 6 on also an error."""
    asked = message.get("include_authorized_operations")
    return {
        "groups": [
            _described(talk, name, request.version)
            | {"authorized_operations": operations(talk, GROUP, name, asked)}
            for name in message["groups"]
        ]
    }


def _described(talk: Talk, name: str, version: int) -> Message:
    about: Message = {
        "error_code": 0,
        "error_message": None,
        "group_id": name,
        "group_state": STATES["dead"],
        "protocol_type": "",
        "protocol_data": "",
        "members": [],
    }
    try:
        check_group(talk, name)
        info = _classic(talk, name)
    except GroupNotFound:
        if version < MISSING_FROM:
            return about
        code = ErrorCode.GROUP_ID_NOT_FOUND
        return about | {"error_code": code, "error_message": code.message}
    except REFUSALS as error:
        return about | {"error_code": code_of(error), "error_message": why(error)}
    return about | {
        "group_state": STATES[info.state],
        "protocol_type": info.protocol_type,
        "protocol_data": info.protocol if info.state == "stable" else "",
        "members": [
            {
                "member_id": member.id,
                "group_instance_id": member.instance_id,
                "client_id": member.client_id,
                "client_host": member.client_host,
                "member_metadata": member.metadata,
                "member_assignment": member.assignment,
            }
            for member in info.members
        ],
    }


def _classic(talk: Talk, name: str) -> GroupInfo:
    """Raises GroupNotFound, also for a group of another kind, which is described in another way."""
    info: GroupInfo = talk.session.submit(DescribeGroup(group=name))
    if info.kind is not GroupKind.CLASSIC:
        raise GroupNotFound(name)
    return info


def serve_delete(talk: Talk, request: Request, message: Message) -> Message:
    """DeleteGroups."""
    results = [
        {"group_id": name, "error_code": _delete(talk, name)} for name in message["groups_names"]
    ]
    talk.wait_for(WRITTEN)
    return {"results": results}


def _delete(talk: Talk, name: str) -> int:
    try:
        check_group(talk, name)
        talk.session.submit(DeleteGroup(group=name))
    except REFUSALS as error:
        return code_of(error)
    return 0
