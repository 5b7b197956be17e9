"""Publish and PublishBatch: each message into the queue of every subscription that wants it. Warm.

    all of a request in one turn, so that it stands in the journal as one; answered when it is written
    what one subscription cannot take goes to its dead letters, if it has such, and costs the others nothing

A FIFO topic's stream is asked first: it numbers messages, and knows those that were sent before, which go nowhere.
"""

from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2s, sha256
from typing import Final

from dragoman.doors.shared.rest.call import Response
from dragoman.doors.sns.asking import TopicAsked
from dragoman.doors.sns.attributes import dead_letter_of
from dragoman.doors.sns.errors import (
    BATCH_ENTRY_IDS_NOT_DISTINCT,
    BATCH_REQUEST_TOO_LONG,
    EMPTY_BATCH_REQUEST,
    INVALID_BATCH_ENTRY_ID,
    TOO_MANY_ENTRIES,
    invalid,
)
from dragoman.doors.sns.messages import MESSAGE_BYTES_MAX, News, news_of
from dragoman.doors.sns.names import Name, topic_name
from dragoman.doors.sns.service import Service
from dragoman.doors.sns.store import SQS, Target, Topic
from dragoman.doors.sns.web import put, web_entry
from dragoman.doors.sqs import errors as sqs_errors
from dragoman.doors.sqs.batches import check_batch
from dragoman.doors.sqs.composing import Composed, compose
from dragoman.doors.sqs.errors import Refused
from dragoman.doors.sqs.names import Place, read_arn
from dragoman.doors.sqs.sending import publish as publish_into
from dragoman.doors.sqs.sending import sequence_number
from dragoman.formats.sqs import SqsMessage, id_text
from dragoman.kernel.api import Address
from dragoman.kernel.api import Publish as PublishCommand
from dragoman.model import levels
from dragoman.model.errors import KernelError, MessageInvalid
from dragoman.wire.aws import topics as t
from dragoman.wire.aws.shapes import SendMessage

ID_BYTES: Final = 16
_BATCH: Final = {
    sqs_errors.EMPTY_BATCH_REQUEST: EMPTY_BATCH_REQUEST,
    sqs_errors.TOO_MANY_ENTRIES: TOO_MANY_ENTRIES,
    sqs_errors.INVALID_BATCH_ENTRY_ID: INVALID_BATCH_ENTRY_ID,
    sqs_errors.BATCH_ENTRY_IDS_NOT_DISTINCT: BATCH_ENTRY_IDS_NOT_DISTINCT,
}


# --- asked ---


def publish(service: Service, asked: TopicAsked, request: t.Publish) -> Response:
    """See the API reference."""
    if request.target_arn or request.phone_number:
        raise invalid(
            "TargetArn or PhoneNumber", "Messages to devices and phones are not offered here"
        )
    name = topic_name(request.topic_arn)
    topic = service.store.topic(asked.session, name)
    news = news_of(name, request)
    place = send(service, asked, topic, [news])
    answer = asked.answer(t.Published(id_text(news.id), news.sequence))
    return answer.after(*place)


def publish_batch(service: Service, asked: TopicAsked, request: t.PublishBatch) -> Response:
    """See the API reference: entries fail one by one, the request only as a batch."""
    name = topic_name(request.topic_arn)
    topic = service.store.topic(asked.session, name)
    entries = request.publish_batch_request_entries or []
    try:
        check_batch("PublishBatchRequestEntry", entries)
    except Refused as refused:
        raise Refused(_BATCH[refused.error], refused.text) from None
    result = t.PublishedBatch()
    batch: list[tuple[str, News]] = []
    for entry in entries:
        assert entry.id is not None, "checked"
        try:
            news = news_of(name, entry)
            _dedup(topic, news)
            batch.append((entry.id, news))
        except Refused as refused:
            result.failed.append(
                t.FailedEntry(entry.id, refused.error.code, refused.text, refused.error.is_senders)
            )
    if sum(news.size for _, news in batch) > MESSAGE_BYTES_MAX:
        raise Refused(
            BATCH_REQUEST_TOO_LONG,
            "The length of all the messages put together is more than the limit.",
        )
    place = send(service, asked, topic, [news for _, news in batch])
    result.successful = [
        t.PublishedEntry(id_, id_text(news.id), news.sequence) for id_, news in batch
    ]
    return asked.answer(result).after(*place)


# --- sent ---


class Sending:
    """One request's messages on their way, and the position that its answer waits for."""

    def __init__(self, service: Service, asked: TopicAsked) -> None:
        self._service = service
        self._asked = asked
        self.position = 0
        self.level = levels.WRITTEN

    def wait(self, position: int, level: int) -> None:
        """The answer leaves no sooner."""
        self.position = max(self.position, position)
        self.level = max(self.level, level)

    def number(self, topic: Name, news: Sequence[News], *, is_by_group: bool) -> list[News]:
        """Into a FIFO topic's stream; those that were not sent before. Raises KernelError."""
        session = self._asked.session
        now_ms = session.wall_ms()
        bodies = []
        for one in news:
            one.id = _identity(topic, one, now_ms, is_by_group=is_by_group)
            entry = SqsMessage(one.id, now_ms, one.text.encode())
            entry.group, entry.dedup = (one.group or "").encode(), one.dedup.encode()
            bodies.append(entry.pack())
        command = PublishCommand(topic.namespace, Address(topic.stream), levels.SQS, bodies)
        command.keys = [(one.group or "").encode() for one in news]
        command.dedup = [one.dedup for one in news]
        reply = session.publish(command)
        self.wait(reply.position, reply.level)
        offset = reply.offset
        duplicates = reply.duplicates or {}
        fresh: list[News] = []
        for index, one in enumerate(news):
            original = duplicates.get(index)
            if original is None:
                one.sequence = sequence_number(offset)
                offset += 1
                fresh.append(one)
            else:
                one.id = _identity(topic, one, original.stored_ms, is_by_group=is_by_group)
                one.sequence = sequence_number(original.offset)
        return fresh

    def to(self, target: Target, news: Sequence[News]) -> None:
        """What it wants of the messages, or into its dead letters."""
        policy, protocol = target.policy, target.subscription.protocol
        if policy is not None:
            news = [one for one in news if policy.takes(one.text_for(protocol), one.attributes)]
        if not news:
            return
        left: Sequence[News] = ()
        try:
            if protocol == SQS:
                place = read_arn(target.subscription.endpoint)
                assert place is not None, "checked when it was subscribed"
                left = self._into_good(place, target, news)
            else:
                self._post(target, news)
        except (KernelError, Refused):
            left = news
        if left:
            self._give_up(target, left)

    def _post(self, target: Target, news: Sequence[News]) -> None:
        """Raises KernelError."""
        now_ms = self._asked.session.wall_ms()
        is_raw = target.subscription.is_raw
        entries = [
            web_entry(one.id, now_ms, self._body(target, one, now_ms), is_raw=is_raw)
            for one in news
        ]
        self.wait(*put(self._asked.session, target.name, entries))

    def _into_good(self, place: Place, target: Target, news: Sequence[News]) -> list[News]:
        """Those that the queue did not take: what its rules refuse, and what it has no room for. Raises KernelError,
        Refused.
        """
        left: list[News] = []
        while news:
            try:
                taken = self._into(place, target, news)
            except MessageInvalid as error:
                left += [news[at] for at in error.faults]
                news = [one for at, one in enumerate(news) if at not in error.faults]
            else:
                return [*left, *news[taken:]]
        return left

    def _into(self, place: Place, target: Target, news: Sequence[News]) -> int:
        """How many the queue took, from the first. Raises KernelError, Refused."""
        asked = self._asked
        queue = self._service.queues.at(asked.session, place)
        now_ms = asked.session.wall_ms()
        is_fifo = queue.traits.is_fifo
        is_raw = target.subscription.is_raw
        composed: list[Composed] = []
        for one in news:
            request = SendMessage(
                message_body=self._body(target, one, now_ms),
                message_attributes=one.attributes if is_raw else None,
                message_group_id=one.group,
                message_deduplication_id=one.dedup if is_fifo else None,
            )
            composed.append(compose(queue, request, b""))
        reply = publish_into(asked, queue, composed)
        self.wait(reply.position, reply.level)
        return reply.refused if reply.refused >= 0 else len(news)

    def _body(self, target: Target, one: News, now_ms: int) -> str:
        subscription = target.subscription
        if subscription.is_raw:
            return one.text_for(subscription.protocol)
        return one.envelope(target.name, subscription, self._asked.base, now_ms)

    def _give_up(self, target: Target, news: Sequence[News]) -> None:
        """What has no queue of dead letters, or finds that full, is lost to this subscription: as with SNS."""
        place = dead_letter_of(target.subscription.attributes)
        if place is None:
            return
        with suppress(KernelError, Refused):
            self._into(place, target, news)


def send(service: Service, asked: TopicAsked, topic: Topic, news: list[News]) -> tuple[int, int]:
    """To every subscription; the position and level that an answer waits for. Raises Refused, KernelError."""
    sending = Sending(service, asked)
    if not news:
        return 0, levels.APPLIED
    name = news[0].topic
    if name.is_fifo:
        for one in news:
            _dedup(topic, one)
        is_by_group = topic.attributes.get("FifoThroughputScope") == "MessageGroup"
        news = sending.number(name, news, is_by_group=is_by_group)
    else:
        random = asked.session.token(ID_BYTES * len(news))
        for index, one in enumerate(news):
            one.id = random[index * ID_BYTES : (index + 1) * ID_BYTES]
    for target in service.store.targets(asked.session, name) if news else ():
        sending.to(target, news)
    return sending.position, sending.level


def _dedup(topic: Topic, news: News) -> None:
    """What tells a message of a FIFO topic from others. Raises Refused."""
    if not news.topic.is_fifo or news.dedup:
        return
    if topic.attributes.get("ContentBasedDeduplication") != "true":
        raise invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided"
            " explicitly"
        )
    news.dedup = sha256(news.text.encode()).hexdigest()


def _identity(topic: Name, news: News, stored_ms: int, *, is_by_group: bool) -> bytes:
    """The id of a message that can be sent again, as with queues."""
    scope = (news.group or "") if is_by_group else ""
    told = f"{topic.namespace}/{topic.topic} {len(scope)}:{scope}{news.dedup} {stored_ms}"
    return blake2s(told.encode(), digest_size=ID_BYTES).digest()
