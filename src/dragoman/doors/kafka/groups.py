"""Classic consumer groups: joining, syncing, heartbeats, leaving, and where their coordinator is. Metadata stays shut.

What has to wait for other members is parked with the kernel's ticket, and answered when the kernel does.
"""

from collections.abc import Callable
from typing import Any, Final

from dragoman.doors.kafka.allowed import denied, may
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of
from dragoman.doors.kafka.talk import NODE_ID, Request, Talk
from dragoman.kernel.api import (
    DESCRIBE,
    GROUP,
    READ,
    TRANSACTION,
    Heartbeat,
    Joined,
    JoinGroup,
    LeaveGroup,
    Synced,
    SyncGroup,
)
from dragoman.model.errors import MemberIdRequired
from dragoman.model.limits import GROUP_NAME_BYTES_MAX
from dragoman.wire.kafka.embedded import (
    Partitions,
    Subscription,
    read_assignment,
    read_subscription,
    write_assignment,
)
from dragoman.wire.kafka.errors import ErrorCode, KafkaCodecError

Message = dict[str, Any]

COORDINATED: Final = {0: GROUP, 1: TRANSACTION}
"""FindCoordinator's kinds of keys; 2 is a share group's."""
ASK_TWICE_FROM: Final = 4  # version of JoinGroup (KIP-394)
SKIP_FROM: Final = 9  # version of JoinGroup (KIP-814)
MANY_FROM: Final = 3  # version of LeaveGroup (KIP-345)
LIST_FROM: Final = 4  # version of FindCoordinator (KIP-699)
NO_GENERATION: Final = -1
CONSUMER: Final = "consumer"  # type of protocol


class TicketWait:
    """A request whose answer the kernel has promised."""

    __slots__ = ("_request", "_spell", "_talk", "_ticket", "deadline_ms")

    def __init__(
        self, talk: Talk, request: Request, ticket: int, spell: Callable[[object], Message]
    ) -> None:
        self._talk = talk
        self._request = request
        self._ticket = ticket
        self._spell = spell
        self.deadline_ms: int | None = None

    def look(self) -> bool:
        """Only the kernel knows."""
        return False

    def expire(self) -> None:
        """It has no deadline of its own."""
        raise AssertionError

    def answered(self, ticket: int, result: object) -> bool:
        """The promise is kept."""
        if ticket != self._ticket:
            return False
        self._talk.answer(self._request, self._spell(result))
        return True


def check_group(talk: Talk, name: str) -> None:
    """Raises Refused."""
    most = talk.limits.group_chars_max or GROUP_NAME_BYTES_MAX
    if not name or len(name) > most or len(name.encode()) > GROUP_NAME_BYTES_MAX:
        raise Refused(ErrorCode.INVALID_GROUP_ID)


def serve_find_coordinator(talk: Talk, request: Request, message: Message) -> Message:
    """FindCoordinator: it is always this node."""
    kind = COORDINATED.get(message.get("key_type", 0))
    if request.version < LIST_FROM:
        return _coordinator(talk, kind, message["key"])
    return {
        "coordinators": [
            {"key": key, **_coordinator(talk, kind, key)} for key in message["coordinator_keys"]
        ]
    }


def _coordinator(talk: Talk, kind: str | None, key: str) -> Message:
    host, port = talk.address()
    code: int = ErrorCode.INVALID_REQUEST
    text: str | None = "only groups and transactions are coordinated here"
    if kind is not None:
        code = denied(talk, DESCRIBE, kind, key)
        text = ErrorCode(code).message if code else None
    is_here = not code
    return {
        "node_id": NODE_ID if is_here else -1,
        "host": host if is_here else "",
        "port": port if is_here else -1,
        "error_code": code,
        "error_message": text,
    }


def serve_join(talk: Talk, request: Request, message: Message) -> Message | None:
    """JoinGroup."""

    def spell(result: object) -> Message:
        return _joined(request, message, result)

    subscription = _subscription(message)
    try:
        check_group(talk, message["group_id"])
        reply = talk.session.submit(
            JoinGroup(
                group=message["group_id"],
                member_id=message["member_id"],
                instance_id=message["group_instance_id"],
                client_id=request.client_id,
                client_host=f"/{talk.connection.peer[0]}",
                session_timeout_ms=message["session_timeout_ms"],
                rebalance_timeout_ms=message["rebalance_timeout_ms"],
                protocol_type=message["protocol_type"],
                protocols=tuple(
                    (known["name"], bytes(known["metadata"])) for known in message["protocols"]
                ),
                must_ask_twice=request.version >= ASK_TWICE_FROM,
                topics=None if subscription is None else subscription.topics,
                owned=() if subscription is None else subscription.owned,
            )
        )
    except REFUSALS as error:
        return spell(error)
    if isinstance(reply, int):
        talk.park(TicketWait(talk, request, reply, spell))
        return None
    return spell(reply)


def _subscription(message: Message) -> Subscription | None:
    """What a consumer's metadata says, that of its first protocol; None when it is something else."""
    if message["protocol_type"] != CONSUMER or not message["protocols"]:
        return None
    try:
        return read_subscription(bytes(message["protocols"][0]["metadata"]))
    except KafkaCodecError:
        return None


def _joined(request: Request, message: Message, result: object) -> Message:
    if not isinstance(result, Joined):
        assert isinstance(result, Exception)
        member_id = (
            result.member_id if isinstance(result, MemberIdRequired) else message["member_id"]
        )
        return {
            "error_code": code_of(result),
            "generation_id": NO_GENERATION,
            "protocol_type": None,
            "protocol_name": None if request.version >= 7 else "",
            "leader": "",
            "member_id": member_id,
            "members": [],
        }
    return {
        "error_code": 0,
        "generation_id": result.generation,
        "protocol_type": result.protocol_type,
        "protocol_name": result.protocol,
        "leader": result.leader,
        "skip_assignment": result.skip_assignment and request.version >= SKIP_FROM,
        "member_id": result.member_id,
        "members": [
            {"member_id": member_id, "group_instance_id": instance_id, "metadata": metadata}
            for member_id, instance_id, metadata in result.members
        ],
    }


def serve_sync(talk: Talk, request: Request, message: Message) -> Message | None:
    """SyncGroup."""
    try:
        check_group(talk, message["group_id"])
        reply = talk.session.submit(
            SyncGroup(
                group=message["group_id"],
                member_id=message["member_id"],
                instance_id=message["group_instance_id"],
                generation=message["generation_id"],
                protocol_type=message["protocol_type"],
                protocol=message["protocol_name"],
                assignments=tuple(
                    (given["member_id"], bytes(given["assignment"]))
                    for given in message["assignments"]
                ),
                places=_places(message["assignments"]),
            )
        )
    except REFUSALS as error:
        return _synced(error)
    if isinstance(reply, int):
        talk.park(TicketWait(talk, request, reply, _synced))
        return None
    return _synced(reply)


def _places(assignments: list[Message]) -> tuple[tuple[str, Partitions], ...]:
    """What a leader's assignments say, where they can be read."""
    found: list[tuple[str, Partitions]] = []
    for given in assignments:
        try:
            found.append((given["member_id"], read_assignment(bytes(given["assignment"]))))
        except KafkaCodecError:
            continue
    return tuple(found)


def _synced(result: object) -> Message:
    if not isinstance(result, Synced):
        assert isinstance(result, Exception)
        return {"error_code": code_of(result), "assignment": b""}
    return {
        "error_code": 0,
        "protocol_type": result.protocol_type,
        "protocol_name": result.protocol,
        "assignment": result.assignment
        if result.places is None
        else write_assignment(tuple((name, indexes) for _, name, indexes in result.places)),
    }


def serve_heartbeat(talk: Talk, request: Request, message: Message) -> Message:
    """Heartbeat."""
    try:
        check_group(talk, message["group_id"])
        talk.session.submit(
            Heartbeat(
                group=message["group_id"],
                member_id=message["member_id"],
                instance_id=message["group_instance_id"],
                generation=message["generation_id"],
            )
        )
    except REFUSALS as error:
        return {"error_code": code_of(error)}
    return {"error_code": 0}


def serve_leave(talk: Talk, request: Request, message: Message) -> Message:
    """LeaveGroup: one member, or from version 3 on several, by id or by instance."""
    group = message["group_id"]
    if not group:
        return {"error_code": ErrorCode.INVALID_GROUP_ID, "members": []}
    if not may(talk, READ, GROUP, group):
        return {"error_code": ErrorCode.GROUP_AUTHORIZATION_FAILED, "members": []}
    if request.version < MANY_FROM:
        return {"error_code": _leave(talk, group, message["member_id"], None)}
    return {
        "error_code": 0,
        "members": [
            {
                "member_id": member["member_id"],
                "group_instance_id": member["group_instance_id"],
                "error_code": _leave(talk, group, member["member_id"], member["group_instance_id"]),
            }
            for member in message["members"]
        ],
    }


def _leave(talk: Talk, group: str, member_id: str, instance_id: str | None) -> int:
    try:
        talk.session.submit(LeaveGroup(group=group, member_id=member_id, instance_id=instance_id))
    except REFUSALS as error:
        return code_of(error)
    return 0
