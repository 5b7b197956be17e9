"""What became of records that a member of a share group holds: acknowledgements, alone or with a fetch (KIP-932).

    0 gap, 1 accept    done              2 release    ready again, for whoever comes
    3 reject           never again       4 renew      held anew for the full time (KIP-1222)

The acknowledgements of one partition are carried out together or not at all.
"""

from collections.abc import Iterable
from typing import Any, Final

from dragoman.doors.kafka import groupconfigs as configs
from dragoman.doors.kafka.allowed import check
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.sharesession import (
    END,
    Key,
    ShareSession,
    ShareSessions,
    Span,
)
from dragoman.doors.kafka.talk import NODE_ID, Request, Talk
from dragoman.kernel.api import GROUP, READ, Atomic, Outcome, Renew, Settle
from dragoman.model.levels import WRITTEN
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

GAP: Final = 0
ACCEPT: Final = 1
RELEASE: Final = 2
REJECT: Final = 3
RENEW: Final = 4
OUTCOMES: Final[dict[int, Outcome]] = {
    GAP: "ack",
    ACCEPT: "ack",
    RELEASE: "release",
    REJECT: "reject",
}
RECORDS_MAX: Final = 100_000  # in a batch that says of each record what became of it

Ack = tuple[int, int, int]  # kind of acknowledgement, offsets [start, end)


class Acks:
    """The acknowledgements of one request, carried out, and what each partition is told."""

    __slots__ = ("_is_renewing", "_lock_ms", "_now_ms", "_session", "_talk", "results")

    def __init__(
        self, talk: Talk, session: ShareSession, lock_ms: int, *, is_renewing: bool
    ) -> None:
        self._talk = talk
        self._session = session
        self._lock_ms = lock_ms
        self._is_renewing = is_renewing
        self._now_ms = talk.session.elapsed_ms()
        self.results: dict[Key, tuple[int, str | None]] = {}  # code, sentence

    def take(self, topics: Iterable[Message]) -> None:
        """Carry out all there are."""
        for topic in topics:
            for part in topic["partitions"]:
                if part["acknowledgement_batches"]:
                    key = (topic["topic_id"], part["partition_index"])
                    self.results[key] = self._take_one(key, part["acknowledgement_batches"])

    def _take_one(self, key: Key, batches: list[Message]) -> tuple[int, str | None]:
        try:
            self._settle(key, [run for batch in batches for run in _runs(batch)])
        except REFUSALS as error:
            return code_of(error), why(error)
        return 0, None

    def _settle(self, key: Key, acks: list[Ack]) -> None:
        """Raises Refused, LeaseExpired."""
        settled: dict[tuple[Outcome, int, int], list[tuple[int, int]]] = {}
        renewed: list[Span] = []
        for kind, start, end in acks:
            if kind == RENEW and not self._is_renewing:
                raise Refused(ErrorCode.INVALID_REQUEST, "the request does not say that it renews")
            spans = self._session.within(key, start, end)
            held = sum(span.end - span.start for span in spans)
            if held < end - start and kind != GAP:
                raise Refused(ErrorCode.INVALID_RECORD_STATE)
            if kind == RENEW:
                renewed += spans
                continue
            for span in spans:
                place = (OUTCOMES[kind], span.subscription, span.holder)
                settled.setdefault(place, []).append((span.start, span.end))
        self._carry_out(key, settled, renewed)
        for kind, start, end in acks:
            if kind != RENEW:
                self._session.let_go(key, start, end)

    def _carry_out(
        self,
        key: Key,
        settled: dict[tuple[Outcome, int, int], list[tuple[int, int]]],
        renewed: list[Span],
    ) -> None:
        commands: list[Settle] = []
        for (outcome, subscription, holder), runs in settled.items():
            command = Settle(subscription, key[1], holder, runs, outcome)
            command.delay_ms = 0
            command.strict = True
            commands.append(command)
        if len(commands) == 1:
            self._talk.session.settle(commands[0])
        elif commands:
            self._talk.session.submit(Atomic(tuple(commands)))
        for span in renewed:
            self._talk.session.submit(
                Renew(
                    subscription=span.subscription,
                    partition=key[1],
                    holder=span.holder,
                    runs=[(span.start, span.end)],
                    lease_duration_ms=self._lock_ms,
                )
            )
            span.until_ms = self._now_ms + self._lock_ms
            self._session.let_go(key, span.start, span.end)
            self._session.hold(key, span, self._now_ms)


def _runs(batch: Message) -> list[Ack]:
    """The batch as runs of one kind. Raises Refused."""
    first, last, kinds = batch["first_offset"], batch["last_offset"], batch["acknowledge_types"]
    count = last - first + 1
    if first < 0 or count <= 0 or len(kinds) not in {1, count} or len(kinds) > RECORDS_MAX:
        raise Refused(ErrorCode.INVALID_REQUEST, "a kind for all records of a batch, or for each")
    if any(not GAP <= kind <= RENEW for kind in kinds):
        raise Refused(ErrorCode.INVALID_REQUEST, "no such kind of acknowledgement")
    if len(kinds) == 1:
        return [(kinds[0], first, last + 1)]
    runs: list[Ack] = []
    for offset, kind in enumerate(kinds, first):
        if runs and runs[-1][0] == kind:
            runs[-1] = (kind, runs[-1][1], offset + 1)
        else:
            runs.append((kind, offset, offset + 1))
    return runs


def release_all(talk: Talk, session: ShareSession) -> None:
    """Nothing is held any more; all of it is ready for others. What has ended by itself is passed over."""
    for key, spans in session.held.items():
        for span in spans:
            command = Settle(
                span.subscription, key[1], span.holder, [(span.start, span.end)], "release"
            )
            command.delay_ms = 0
            try:
                talk.session.settle(command)
            except REFUSALS:
                continue  # the topic is gone
    session.held.clear()


def serve_acknowledge(
    talk: Talk, request: Request, message: Message, sessions: ShareSessions
) -> Message:
    """ShareAcknowledge."""
    group, epoch = message["group_id"] or "", message["share_session_epoch"]
    notes = configs.notes_of(talk, group) if group else {}
    lock_ms = configs.number_of(notes, configs.LOCK_MS)
    about: Message = {
        "error_code": 0,
        "error_message": None,
        "acquisition_lock_timeout_ms": lock_ms,
        "responses": [],
        "node_endpoints": [],
    }
    try:
        check(talk, READ, GROUP, group)
        session = sessions.go_on(group, message["member_id"], epoch)
        is_renewing = bool(message.get("is_renew_ack"))
        check_renewal(notes, is_renewing=is_renewing)
    except Refused as error:
        return about | {"error_code": error.code, "error_message": str(error)}
    acks = Acks(talk, session, lock_ms, is_renewing=is_renewing)
    acks.take(message["topics"])
    if epoch == END:
        release_all(talk, session)
        sessions.end(session)
    talk.wait_for(WRITTEN)
    return about | {"responses": _results(talk, acks)}


def check_renewal(notes: dict[str, str], *, is_renewing: bool) -> None:
    """Whether the group allows it. Raises Refused."""
    if is_renewing and notes.get(configs.RENEWAL) == "false":
        raise Refused(ErrorCode.INVALID_REQUEST, f"{configs.RENEWAL} is false")


def _results(talk: Talk, acks: Acks) -> list[Message]:
    leader = {"leader_id": NODE_ID, "leader_epoch": talk.leader_epoch()}
    topics: dict[bytes, list[Message]] = {}
    for (topic_id, partition), (code, text) in acks.results.items():
        topics.setdefault(topic_id, []).append(
            {
                "partition_index": partition,
                "error_code": code,
                "error_message": text,
                "current_leader": leader,
            }
        )
    return [{"topic_id": uuid, "partitions": parts} for uuid, parts in topics.items()]
