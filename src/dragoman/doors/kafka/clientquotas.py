"""Client quotas: how much a second users and client ids may send, fetch and change, and addresses connect (KIP-13,
KIP-546, KIP-599, KIP-612); and what share of the time of the thread that decides their requests may take (KIP-124).

    entity     user, client-id, or both, each by name or as the default of its kind; or ip, the same
    in force   for a client the first there is of: user and client id, user and default client id, user, default user
               and client id, both defaults, default user, client id, default client id; ip, default ip

Connections of one user, client id or both share a budget, and so do those of one address. Who has spent more than a
second's worth is told so with its answer (`throttle_time_ms`), and nothing more of it is served for that long; of a
connection too many nothing is served at first. What is kept are documents; a change counts at once.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from dragoman.doors.kafka.allowed import check_cluster, denied
from dragoman.doors.kafka.budget import Budgets
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.talk import NAMESPACE as SPACE
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import (
    CONFIGURE,
    INSPECT,
    NAMESPACE,
    DeleteDocument,
    Document,
    ListDocuments,
    Need,
    PutDocument,
    Session,
)
from dragoman.model.errors import DocumentNotFound
from dragoman.model.levels import SYNCED
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]
Entity = tuple[tuple[str, str | None], ...]  # (type, name), by type; None is the default

KIND: Final = "kafka.quota"
TAKES: Final = Need(SPACE, NAMESPACE, "", CONFIGURE)
PRODUCE_RATE: Final = "producer_byte_rate"
FETCH_RATE: Final = "consumer_byte_rate"
MUTATION_RATE: Final = "controller_mutation_rate"  # partitions made and deleted
CONNECTION_RATE: Final = "connection_creation_rate"
REQUEST_SHARE: Final = "request_percentage"  # of the thread that decides: 100 is all of it
OF_CLIENTS: Final = frozenset((PRODUCE_RATE, FETCH_RATE, MUTATION_RATE, REQUEST_SHARE))
OF_ADDRESSES: Final = frozenset((CONNECTION_RATE,))
USER, CLIENT, IP = "user", "client-id", "ip"
NS_PER_PERCENT: Final = 10_000_000  # of a second
SHARE_THROTTLE_MS_MAX: Final = 1_000  # what is owed beyond is waited for after the next request
EXACT, DEFAULT, ANY = 0, 1, 2  # in filters


class ClientQuotas:
    """Those of one broker, in force for all its connections."""

    __slots__ = ("_budgets", "_known", "has_shares", "worked_ns")

    def __init__(self, worked_ns: Callable[[], int] = lambda: 0) -> None:
        self.worked_ns = worked_ns  # of the thread that serves requests, its processor time so far
        self.has_shares = False  # whether anybody has a share of it, so that it is looked at
        self._known: dict[Entity, dict[str, float]] | None = None  # not read yet
        self._budgets: Budgets[tuple[str, str, str]] = Budgets()

    def known(self, session: Session) -> dict[Entity, dict[str, float]]:
        """All that are kept."""
        if self._known is None:
            documents: list[Document] = session.submit(ListDocuments(kind=KIND))
            self._known = {
                _read_entity(document.name): msgspec.json.decode(document.body)
                for document in documents
            }
            self._look()
        return self._known

    def change(self, session: Session, entity: Entity, values: dict[str, float]) -> None:
        """These are the entity's from now on. Raises KernelError."""
        name = msgspec.json.encode(entity).decode()
        if values:
            body = msgspec.json.encode(values)
            session.submit(PutDocument(kind=KIND, name=name, body=body, takes=TAKES))
            self.known(session)[entity] = values
            self._look()
            return
        try:
            session.submit(DeleteDocument(kind=KIND, name=name, takes=TAKES))
        except DocumentNotFound:
            return
        self.known(session).pop(entity, None)
        self._look()

    def _look(self) -> None:
        self.has_shares = any(REQUEST_SHARE in values for values in (self._known or {}).values())

    def charge(self, talk: Talk, client_id: str, key: str, amount: int) -> int:
        """The throttle time of whoever has just spent that much; of 0: what it still has to wait."""
        known = self.known(talk.session)
        user = talk.principal or "ANONYMOUS"
        for entity in _in_order(user, client_id) if known else ():
            rate = known.get(entity, {}).get(key)
            if rate is not None:
                if key == REQUEST_SHARE:
                    rate *= NS_PER_PERCENT
                kinds = dict(entity)
                mine = (key, user if USER in kinds else "", client_id if CLIENT in kinds else "")
                return self._spend(mine, amount, rate, talk.session.elapsed_ms())
        return 0

    def charge_time(self, talk: Talk, client_id: str, worked_ns: int) -> int:
        """The throttle time of whoever has just been served for so long: no more than a second's, as in Kafka."""
        return min(self.charge(talk, client_id, REQUEST_SHARE, worked_ns), SHARE_THROTTLE_MS_MAX)

    def connected(self, session: Session, address: str) -> int:
        """For how long nothing is served of a connection that has just come from there."""
        known = self.known(session)
        for name in (address, None) if known else ():
            rate = known.get(((IP, name),), {}).get(CONNECTION_RATE)
            if rate is not None:
                return self._spend((CONNECTION_RATE, address, ""), 1, rate, session.elapsed_ms())
        return 0

    def _spend(self, mine: tuple[str, str, str], amount: int, rate: float, now_ms: int) -> int:
        return self._budgets.of(mine, now_ms).charge(amount, rate, now_ms)


def _read_entity(name: str) -> Entity:
    return msgspec.json.decode(name, type=Entity)


def _in_order(user: str, client_id: str) -> Iterator[Entity]:
    for of_user in (user, None):
        yield ((CLIENT, client_id), (USER, of_user))
        yield ((CLIENT, None), (USER, of_user))
        yield ((USER, of_user),)
    yield ((CLIENT, client_id),)
    yield ((CLIENT, None),)


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeClientQuotas: of the entities that the filter means."""
    code = denied(talk, INSPECT, NAMESPACE)
    if code:
        return {"error_code": code, "error_message": ErrorCode(code).message, "entries": None}
    wanted = message["components"]
    try:
        _check_types([component["entity_type"] for component in wanted])
    except Refused as error:
        return {"error_code": error.code, "error_message": str(error), "entries": None}
    return {
        "error_code": 0,
        "error_message": None,
        "entries": [
            {
                "entity": _spelled(entity),
                "values": [{"key": key, "value": value} for key, value in sorted(values.items())],
            }
            for entity, values in sorted(talk.quotas.known(talk.session).items(), key=str)
            if _is_meant(entity, wanted, is_strict=message["strict"])
        ],
    }


def _is_meant(entity: Entity, wanted: list[Message], *, is_strict: bool) -> bool:
    kinds = dict(entity)
    if is_strict and len(kinds) != len(wanted):
        return False
    for component in wanted:
        kind = component["entity_type"]
        if kind not in kinds:
            return False
        name, match = kinds[kind], component["match_type"]
        if match == EXACT and (name is None or name != component["match"]):
            return False
        if match == DEFAULT and name is not None:
            return False
    return True


def _spelled(entity: Entity) -> list[Message]:
    return [{"entity_type": kind, "entity_name": name} for kind, name in entity]


def serve_alter(talk: Talk, request: Request, message: Message) -> Message:
    """AlterClientQuotas: each entity's changes, or none of them."""
    entries: list[Message] = []
    for entry in message["entries"]:
        code, text = 0, None
        try:
            check_cluster(talk, CONFIGURE)
            entity = _entity(entry["entity"])
            values = _changed(talk, entity, entry["ops"])
            if not message["validate_only"]:
                talk.quotas.change(talk.session, entity, values)
        except REFUSALS as error:
            code, text = code_of(error), why(error)
        entries.append({"error_code": code, "error_message": text, "entity": entry["entity"]})
    talk.wait_for(SYNCED)
    return {"entries": entries}


def _entity(parts: list[Message]) -> Entity:
    """Raises Refused."""
    kinds = [part["entity_type"] for part in parts]
    _check_types(kinds)
    if not kinds or (IP in kinds and len(kinds) > 1):
        raise Refused(ErrorCode.INVALID_REQUEST, "a user, a client-id, both, or an ip")
    return tuple(sorted((part["entity_type"], part["entity_name"]) for part in parts))


def _check_types(kinds: list[str]) -> None:
    if len(set(kinds)) < len(kinds) or not {USER, CLIENT, IP}.issuperset(kinds):
        raise Refused(ErrorCode.INVALID_REQUEST, "entities are user, client-id and ip, each once")


def _changed(talk: Talk, entity: Entity, ops: list[Message]) -> dict[str, float]:
    """Raises Refused."""
    values = dict(talk.quotas.known(talk.session).get(entity, {}))
    allowed = OF_ADDRESSES if entity[0][0] == IP else OF_CLIENTS
    for op in ops:
        key, value = op["key"], op["value"]
        if key not in allowed:
            raise Refused(ErrorCode.INVALID_REQUEST, f"no quota {key} of these")
        if op["remove"]:
            values.pop(key, None)
        elif not 0 < value < 1e18:
            raise Refused(ErrorCode.INVALID_REQUEST, f"{key} is above 0")
        else:
            values[key] = value
    return values
