"""ShareFetch (KIP-932): acknowledges, then acquires records of a share group for one member, with a long poll.

    acknowledgements -> leases of what is ready, partition after partition -> whole batches, and which records are meant

A batch is passed on as it is stored, however few of its records are acquired: the client takes those it is told of. A
request that acquires nothing parks until a topic has grown or its time is over; what others give back is found then.
"""

from typing import Any, Final

from dragoman.doors.kafka import groupconfigs as configs
from dragoman.doors.kafka.allowed import check
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.fetch import RESPONSE_BYTES_MAX, is_typed
from dragoman.doors.kafka.shareacks import Acks, check_renewal, release_all
from dragoman.doors.kafka.sharesession import BEGIN, END, Key, ShareSession, ShareSessions, Span
from dragoman.doors.kafka.spell import spell_deliveries
from dragoman.doors.kafka.talk import NAMESPACE, NODE_ID, Chunk, Request, Talk
from dragoman.kernel.api import GROUP, READ, Cancel, Consume, Delivery, FindQueue, Lease
from dragoman.model.errors import StreamNotFound, SubscriptionNotFound
from dragoman.model.levels import WRITTEN
from dragoman.wire.kafka.codec import encode_response_frame
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

WAIT_MAX_MS: Final = 500  # then a member asks anew, and gets what others have given back
RECORDS_MAX: Final = 10_000  # acquired by one request
NOTHING: Final = (0, None)


class ShareFetching:
    """One ShareFetch, from its acknowledgements to its answer."""

    __slots__ = (
        "_acks",
        "_deliveries",
        "_failures",
        "_lock_ms",
        "_message",
        "_queued",
        "_request",
        "_session",
        "_sessions",
        "_talk",
        "deadline_ms",
    )

    def __init__(
        self, talk: Talk, request: Request, message: Message, sessions: ShareSessions
    ) -> None:
        self._talk = talk
        self._request = request
        self._message = message
        self._sessions = sessions
        self._session = ShareSession("", "")
        self._acks: dict[Key, tuple[int, str | None]] = {}
        self._failures: dict[Key, tuple[int, str | None]] = {}
        self._deliveries: dict[Key, list[Delivery]] = {}
        self._queued: dict[int, Key] = {}  # holders that wait for their turn, by id
        self._lock_ms = 0
        wait_ms = min(max(message["max_wait_ms"], 0), WAIT_MAX_MS)
        self.deadline_ms: int | None = talk.session.elapsed_ms() + wait_ms

    def serve(self) -> None:
        """Answer now, or park."""
        message = self._message
        try:
            self._enter()
        except Refused as error:
            self._send({"error_code": error.code, "error_message": str(error)})
            return
        if message["share_session_epoch"] == END:
            release_all(self._talk, self._session)
            self._sessions.end(self._session)
            self._answer()
        elif message.get("is_renew_ack") or message["max_records"] <= 0 or not self._session.parts:
            self._answer()
        elif not self.look():
            if message["max_wait_ms"] <= 0:
                self._answer()
            else:
                self._talk.park(self)

    def _enter(self) -> None:
        """Raises Refused."""
        message = self._message
        epoch = message["share_session_epoch"]
        group = message["group_id"] or ""
        if not group or not message["member_id"]:
            raise Refused(ErrorCode.INVALID_REQUEST, "a group and a member are needed")
        check(self._talk, READ, GROUP, group)
        notes = configs.notes_of(self._talk, group)
        self._lock_ms = configs.number_of(notes, configs.LOCK_MS)
        is_renewing = bool(message.get("is_renew_ack"))
        check_renewal(notes, is_renewing=is_renewing)
        topics = message["topics"]
        if epoch == BEGIN and any(
            part["acknowledgement_batches"] for topic in topics for part in topic["partitions"]
        ):
            raise Refused(ErrorCode.INVALID_REQUEST, "a new session has nothing to acknowledge")
        self._session = self._sessions.enter(group, message["member_id"], epoch)
        acks = Acks(self._talk, self._session, self._lock_ms, is_renewing=is_renewing)
        acks.take(topics)
        self._acks = acks.results
        if epoch != END:
            self._session.change(topics, message["forgotten_topics_data"])

    def look(self) -> bool:
        """Acquire what there is, and answer if that is anything."""
        names = self._acquire()
        if not self._deliveries and not self._failures:
            for name in names:
                self._talk.session.watch(NAMESPACE, name)
            if not self._queued:
                self._queue_up()
            return False
        self._leave()
        self._answer()
        return True

    def expire(self) -> None:
        """The time is over: whatever there is."""
        self._leave()
        self._acquire()
        self._answer()

    def _queue_up(self) -> None:
        """Take turns with the other consumers of queues that let the group in; elsewhere looking again will do. Such a
        queue of several partitions would hand out what another member is to read.
        """
        session = self._talk.session
        for key in self._session.parts:
            try:
                topic = self._talk.find(key[0])
                queue = session.submit(FindQueue(name=topic.name))
            except REFUSALS:
                continue
            if topic.partition_count == 1 and queue.settings.share_group == self._session.group:
                command = Consume(
                    name=topic.name,
                    tag=self,
                    credit_max=min(self._message["max_records"], RECORDS_MAX),
                    lease_duration_ms=self._lock_ms,
                    once=True,
                    group=self._session.group,
                )
                self._queued[session.submit(command).id] = key

    def _leave(self) -> None:
        """Take turns no more."""
        for holder in self._queued:
            self._talk.session.submit(Cancel(holder=holder))
        self._queued.clear()

    def deliver(self, deliveries: list[Delivery]) -> None:
        """Its turn has come."""
        for delivery in deliveries:
            key = self._queued[delivery.holder.id]
            self._hold(key, delivery)
            self._deliveries.setdefault(key, []).append(delivery)
        self._leave()
        self._answer()

    def answered(self, ticket: int, result: object) -> bool:
        """It waits for no ticket."""
        return False

    def _acquire(self) -> list[str]:
        """The topics that were looked into."""
        message = self._message
        left = min(message["max_records"], RECORDS_MAX)
        room = min(message["max_bytes"], RESPONSE_BYTES_MAX)
        names: list[str] = []
        for key in list(self._session.parts):
            if left <= 0 or room <= 0:
                break
            if key in self._queued.values():
                continue
            try:
                names.append(self._talk.find(key[0]).name)
                deliveries = self._lease(names[-1], key, left, room)
            except REFUSALS as error:
                self._failures[key] = (_code(error), why(error))
                continue
            if deliveries:
                left -= sum(delivery.end - delivery.start for delivery in deliveries)
                room -= sum(_size(delivery) for delivery in deliveries)
                self._deliveries[key] = deliveries
                self._session.put_last(key)
        return names

    def _lease(self, topic: str, key: Key, count_max: int, bytes_max: int) -> list[Delivery]:
        session = self._talk.session
        command = Lease(
            name=topic,
            subscription=configs.share_name(self._session.group),
            group=self._session.group,
            partition=key[1],
            count_max=count_max,
            bytes_max=bytes_max,
            lease_duration_ms=self._lock_ms,
        )
        deliveries: list[Delivery] = session.submit(command)
        for delivery in deliveries:
            self._hold(key, delivery)
        return deliveries

    def _hold(self, key: Key, delivery: Delivery) -> None:
        now_ms = self._talk.session.elapsed_ms()
        holder = delivery.holder
        until_ms = now_ms + self._lock_ms
        span = Span(delivery.start, delivery.end, holder.subscription.id, holder.id, until_ms)
        self._session.hold(key, span, now_ms)

    def _answer(self) -> None:
        keys = {**self._acks, **self._failures, **self._deliveries}
        topics: dict[bytes, list[Message]] = {}
        for key in keys:
            topics.setdefault(key[0], []).append(self._part(key))
        deliveries = [each for given in self._deliveries.values() for each in given]
        self._talk.session.count_delivered(
            sum(each.end - each.start for each in deliveries), sum(map(_size, deliveries))
        )
        position, level = self._talk.session.depends_on(deliveries) if deliveries else (0, 0)
        if self._acks:
            position, level = self._talk.session.position(), max(level, WRITTEN)
        body = {"responses": [{"topic_id": uuid, "partitions": at} for uuid, at in topics.items()]}
        self._send(body, position, level)

    def _part(self, key: Key) -> Message:
        code, text = self._failures.get(key, NOTHING)
        ack_code, ack_text = self._acks.get(key, NOTHING)
        deliveries = self._deliveries.get(key, [])
        pieces: list[Chunk] = []
        if deliveries:
            typed = is_typed(self._talk, key[0])
            spell_deliveries(deliveries, self._talk.leader_epoch(), pieces, typed=typed)
        return {
            "partition_index": key[1],
            "error_code": code,
            "error_message": text,
            "acknowledge_error_code": ack_code,
            "acknowledge_error_message": ack_text,
            "current_leader": {"leader_id": NODE_ID, "leader_epoch": self._talk.leader_epoch()},
            "records": b"".join(pieces),
            "acquired_records": [run for delivery in deliveries for run in acquired(delivery)],
        }

    def _send(self, body: Message, position: int = 0, level: int = 0) -> None:
        request = self._request
        message = {
            "throttle_time_ms": self._talk.throttle_time(),
            "error_code": 0,
            "error_message": None,
            "acquisition_lock_timeout_ms": self._lock_ms,
            "responses": [],
            "node_endpoints": [],
            **body,
        }
        frame = encode_response_frame(
            request.api_key, request.version, request.correlation_id, message
        )
        self._talk.send(position, level, [frame])


def acquired(delivery: Delivery) -> list[Message]:
    """Runs of records by how often they were handed out, this time included."""
    runs: list[Message] = []
    tries = delivery.tries or [0] * (delivery.end - delivery.start)
    for offset, tried in enumerate(tries, delivery.start):
        if runs and runs[-1]["delivery_count"] == tried + 1:
            runs[-1]["last_offset"] = offset
        else:
            runs.append(
                {"first_offset": offset, "last_offset": offset, "delivery_count": tried + 1}
            )
    return runs


def _size(delivery: Delivery) -> int:
    return sum(map(len, delivery.bodies))


def _code(error: Exception) -> int:
    """A topic that the group does not read is not there for it."""
    if isinstance(error, StreamNotFound):
        return ErrorCode.UNKNOWN_TOPIC_ID
    if isinstance(error, SubscriptionNotFound):
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return code_of(error)
