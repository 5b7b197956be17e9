"""Fetch: entries of partitions, as record batches, with a long poll. Hot: the batches are passed on unopened.

A request that finds too little parks: it watches the streams it asked for, and looks again whenever one has grown,
until there is enough or its time is over. In a fetch session both sides name only what has changed (`fetchsession`).
"""

from typing import Final

from dragoman.doors.kafka.clientquotas import FETCH_RATE
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of
from dragoman.doors.kafka.fetchsession import (
    BEGIN,
    ID_BYTES,
    NO_SESSION,
    FetchSession,
    FetchSessions,
    session_id,
)
from dragoman.doors.kafka.spell import spell_block
from dragoman.doors.kafka.talk import NAMESPACE, Chunk, Request, Talk
from dragoman.kernel.api import Block, FindEpoch, Read
from dragoman.model.levels import APPLIED, KAFKA
from dragoman.wire.kafka.batch import CODEC_MASK, ZSTD
from dragoman.wire.kafka.errors import ErrorCode
from dragoman.wire.kafka.fetch import (
    FetchRequest,
    FetchResult,
    Part,
    decode_fetch_request,
    encode_fetch_response,
)

RESPONSE_BYTES_MAX: Final = 55 << 20  # Kafka's own fetch.max.bytes
READ_BYTES_MAX: Final = 8 << 20  # of one partition: what was read from disk must fit the cache
WAIT_MAX_MS: Final = 300_000
ZSTD_FROM: Final = 10  # version of the request (KIP-110)
NO_EPOCH: Final = -1
NOWHERE: Final = -1
ATTRIBUTES_LOW_AT: Final = 22  # the byte of a batch that names its codec


class Fetching:
    """One Fetch, from its first look to its answer."""

    __slots__ = (
        "_count",
        "_fetch",
        "_is_first",
        "_names",
        "_parts",
        "_request",
        "_session",
        "_sessions",
        "_talk",
        "deadline_ms",
    )

    def __init__(self, talk: Talk, request: Request, sessions: FetchSessions) -> None:
        """Raises KafkaCodecError."""
        self._talk = talk
        self._request = request
        self._fetch: FetchRequest = decode_fetch_request(
            request.version, request.buf, request.body, request.end
        )
        self._sessions = sessions
        self._session: FetchSession | None = None
        self._is_first = self._fetch.session_epoch == BEGIN
        self._parts = self._fetch.parts
        self._names: dict[str, None] = {}  # streams to watch
        self._count = 0  # messages in what was gathered last
        wait_ms = min(max(self._fetch.max_wait_ms, 0), WAIT_MAX_MS)
        self.deadline_ms: int | None = talk.session.elapsed_ms() + wait_ms

    def serve(self) -> None:
        """Answer now, or park."""
        try:
            self._enter()
        except Refused as error:
            self._send([], error.code, NO_SESSION)
            return
        if self._fetch.max_wait_ms <= 0:
            self.expire()
        elif not self.look():
            self._talk.park(self)

    def _enter(self) -> None:
        """Raises Refused."""
        fresh_id = session_id(self._talk.session.token(ID_BYTES)) if self._is_first else NO_SESSION
        self._session = self._sessions.enter(self._fetch, fresh_id)
        if self._session is not None:
            self._parts = list(self._session.parts.values())

    def look(self) -> bool:
        """Answer if there is enough to read, or something to complain of."""
        results, size, failed = self._gather()
        if size < self._fetch.min_bytes and not failed and self._parts:
            for name in self._names:
                self._talk.session.watch(NAMESPACE, name)
            return False
        self._answer(results)
        return True

    def expire(self) -> None:
        """The time is over: whatever there is."""
        self._answer(self._gather()[0])

    def answered(self, ticket: int, result: object) -> bool:
        """It waits for no ticket."""
        return False

    def _gather(self) -> tuple[list[FetchResult], int, bool]:
        """Results per partition, their bytes, and whether one of them is an error."""
        fetch = self._fetch
        self._count = 0
        results: list[FetchResult] = []
        left = min(fetch.max_bytes, RESPONSE_BYTES_MAX)
        size = 0
        failed = False
        for part in self._parts:
            try:
                result = self._read(part, min(part[6], left, READ_BYTES_MAX), is_first=size == 0)
                size += result.records_bytes
                left -= result.records_bytes
            except REFUSALS as error:
                failed = True
                result = _refusal(part, error)
            results.append(result)
        return results, size, failed

    def _read(self, part: Part, bytes_max: int, *, is_first: bool) -> FetchResult:
        """One partition. Only the first that has anything may exceed `bytes_max`, by its first batch."""
        talk = self._talk
        topic = part[0]
        name = topic if isinstance(topic, str) else talk.find(topic).name
        self._names[name] = None
        check_epoch(part[2], talk.leader_epoch())
        if part[4] >= 0:
            cut = _divergence(talk, name, part)
            if cut is not None:
                return cut
        isolated = self._fetch.isolation_level == 1
        extract = talk.session.submit(
            Read(
                name=name,
                partition=part[1],
                offset=part[3],
                bytes_max=max(bytes_max, 0),
                isolated=isolated,
            )
        )
        pieces: list[Chunk] = []
        size = 0
        epochs = extract.epochs
        for block in extract.blocks:
            if size + block.size > bytes_max and (size or not is_first):
                break
            if self._request.version < ZSTD_FROM:
                _check_zstd(block)
            typed = block.format != KAFKA and is_typed(talk, topic)
            assert epochs is not None  # somebody appended the block
            epoch = epochs.at(block.offset)
            size += spell_block(block, extract.end, epoch, pieces, typed=typed)
            self._count += min(block.end, extract.end) - max(block.offset, part[3])
        result = FetchResult(
            topic, part[1], 0, extract.committed, extract.stable, extract.start, pieces
        )
        if isolated:
            result.aborted = extract.aborted
        return result

    def _answer(self, results: list[FetchResult]) -> None:
        self._talk.session.count_delivered(
            self._count, sum(result.records_bytes for result in results)
        )
        session = self._session
        if session is None:
            self._send(results, 0, NO_SESSION)
        else:
            self._send(session.news(results, is_first=self._is_first), 0, session.id)

    def _send(self, results: list[FetchResult], code: int, session: int) -> None:
        request = self._request
        size = sum(result.records_bytes for result in results)
        throttle_ms = self._talk.throttle(request.client_id, FETCH_RATE, size)
        chunks = encode_fetch_response(
            request.version, request.correlation_id, results, throttle_ms, code, session
        )
        self._talk.send(0, APPLIED, chunks)


def check_epoch(told: int, epoch: int) -> None:
    """Whether the client knows the partition's present leader. Raises Refused."""
    if told in (NO_EPOCH, epoch):
        return
    code = ErrorCode.FENCED_LEADER_EPOCH if told < epoch else ErrorCode.UNKNOWN_LEADER_EPOCH
    raise Refused(code)


def _divergence(talk: Talk, name: str, part: Part) -> FetchResult | None:
    """Where the log and what the reader has of it part, if they do (KIP-595): the reader was further than the epoch of
    its last record went. Raises Refused.
    """
    find = FindEpoch(name=name, partition=part[1], epoch=part[4])
    epoch, end = talk.session.submit(find)
    if epoch < 0:
        raise Refused(ErrorCode.OFFSET_OUT_OF_RANGE)
    if epoch >= part[4] and end >= part[3]:
        return None
    result = FetchResult(part[0], part[1], 0, NOWHERE, NOWHERE, NOWHERE, [])
    result.diverging = (epoch, end)
    return result


def is_typed(talk: Talk, topic: str | bytes) -> bool:
    """Whether headers of other protocols are shown in AMQP's encoding."""
    return talk.find(topic).settings.header_values == "amqp"


def _check_zstd(block: Block) -> None:
    if block.format == KAFKA and block.bodies is not None:
        for body in block.bodies:
            if body and body[ATTRIBUTES_LOW_AT] & CODEC_MASK == ZSTD:
                raise Refused(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)


def _refusal(part: Part, error: Exception) -> FetchResult:
    code = code_of(error)
    if code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION and isinstance(part[0], bytes):
        code = ErrorCode.UNKNOWN_TOPIC_ID
    return FetchResult(part[0], part[1], code, NOWHERE, NOWHERE, NOWHERE, [])
