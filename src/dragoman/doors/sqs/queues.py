"""Queues made, found, described, changed, emptied and deleted. Cold.

What a queue is told lives in its subscription's settings and notes (`attributes`, `redrive`). Two things are only
remembered, and only where the broker is asked to be as strict as AWS: which queues were deleted or purged less than a
minute ago.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from dragoman.doors.shared.rest.call import Response
from dragoman.doors.sqs import attributes as attr
from dragoman.doors.sqs.asking import Asked
from dragoman.doors.sqs.errors import (
    INVALID_PARAMETER_VALUE,
    PURGE_QUEUE_IN_PROGRESS,
    QUEUE_DELETED_RECENTLY,
    QUEUE_NAME_EXISTS,
    Refused,
    invalid,
    missing,
)
from dragoman.doors.sqs.names import FIFO, Place, arn, check_account, check_name
from dragoman.doors.sqs.queue import PROTOCOL, Queue, find
from dragoman.doors.sqs.redrive import check_allow_policy, sources_of, target_of, with_policy
from dragoman.doors.sqs.service import Service
from dragoman.doors.sqs.tags import note_tags
from dragoman.kernel.api import (
    AlterStream,
    AlterSubscription,
    DeclareQueue,
    DeleteQueue,
    DescribeQueue,
    FindStream,
    ListAliases,
    ListQueues,
    PurgeQueue,
    QueueInfo,
    Session,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import StreamNotFound
from dragoman.model.levels import WRITTEN
from dragoman.wire.aws import shapes as s

PAGE_MAX: Final = 1_000

Order = Literal["none", "fair"]


def changed(asked: Asked, answer: Response) -> Response:
    """The answer to a change, to leave when it is written."""
    return answer.after(asked.session.position(), WRITTEN)


# --- create, delete ---


def create_queue(service: Service, asked: Asked, request: s.CreateQueue) -> Response:
    """See the API reference: what is there already must agree with what is given."""
    if not request.queue_name:
        raise missing("QueueName")
    place = Place(asked.account, check_name(request.queue_name))
    given = dict(request.attributes or {})
    is_fifo = place.name.endswith(FIFO)
    if is_fifo and given.get("FifoQueue", "").lower() != "true":
        raise Refused(
            INVALID_PARAMETER_VALUE,
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with"
            " .fifo suffix and be 1 to 80 in length, and FifoQueue must be true",
        )
    found = attr.checked(given, is_fifo=is_fifo or given.get("FifoQueue", "").lower() == "true")
    if found.get("FifoQueue") == "true" and not is_fifo:
        raise Refused(
            INVALID_PARAMETER_VALUE,
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with"
            " .fifo suffix and be 1 to 80 in length",
        )
    attr.check_throughput(found, {})
    check_allow_policy(found.get("RedriveAllowPolicy", ""))
    now_ms = asked.session.wall_ms()
    try:
        existing = find(asked.session, place)
    except Refused:
        if service.deleted.has((place.namespace, place.name), now_ms):
            raise Refused(
                QUEUE_DELETED_RECENTLY,
                "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
            ) from None
        _make(asked, place, found, request.tags or {})
    else:
        _compare(asked, place, existing.name, found)
    return changed(asked, asked.answer(s.QueueUrl(asked.url(place))))


def _make(asked: Asked, place: Place, found: dict[str, str], tags: dict[str, str]) -> None:
    session = asked.session
    settings = new_settings(place, _order_for(session, place))
    settings = attr.altered(settings, found, session.wall_ms())
    settings = with_policy(session, place, settings, found.get("RedrivePolicy", ""))
    settings = note_tags(settings, tags)
    session.submit(
        DeclareQueue(
            namespace=place.namespace,
            name=place.name,
            settings=settings,
            stream=new_stream(place, found),
        )
    )


def new_settings(place: Place, order: Order) -> SubscriptionSettings:
    """Of a queue that was told nothing; a FIFO queue has an order of its own."""
    is_fifo = place.name.endswith(FIFO)
    return SubscriptionSettings(
        lease_duration_ms=30_000,
        ttl_ms=attr.RETENTION_S * 1000,
        order="key" if is_fifo else order,
        leased_max=attr.FIFO_LEASED_MAX if is_fifo else attr.LEASED_MAX,
        attempts_counted="leased",
        times_kept=True,
    )


def new_stream(place: Place, found: Mapping[str, str]) -> StreamSettings:
    """Of a queue with these attributes."""
    is_by_group = found.get("DeduplicationScope") == "messageGroup"
    return StreamSettings(
        dedup_window_ms=attr.DEDUP_WINDOW_MS if place.name.endswith(FIFO) else 0,
        dedup_scope="key" if is_by_group else "stream",
    )


def _order_for(session: Session, place: Place) -> Order:
    """Senders of a standard queue take turns by MessageGroupId. On a log that is there already, and is perhaps read in
    batches that nobody opens, messages come as they stand.
    """
    try:
        session.submit(FindStream(namespace=place.namespace, name=place.name))
    except StreamNotFound:
        return "fair"
    return "none"


def _compare(asked: Asked, place: Place, stream: str, found: dict[str, str]) -> None:
    """Raises Refused when an attribute that is given has another value."""
    current = describe(asked, place, stream)
    for name, value in found.items():
        known = current.get(name, "false" if name == "FifoQueue" else "")
        if not _same(name, value, known):
            raise Refused(
                QUEUE_NAME_EXISTS,
                f"A queue already exists with the same name and a different value for attribute {name}",
            )


def _same(name: str, value: str, known: str) -> bool:
    if value == known or not name.endswith("Policy"):
        return value == known
    if not value or not known:
        return False
    one, other = attr.read_object(name, value), attr.read_object(name, known)
    if name == "RedrivePolicy":
        one, other = ({key: str(item) for key, item in policy.items()} for policy in (one, other))
    return one == other


def delete_queue(service: Service, asked: Asked, request: s.DeleteQueue) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    asked.session.submit(DeleteQueue(namespace=queue.namespace, name=queue.head.name))
    service.deleted.note((queue.namespace, queue.place.name), asked.session.wall_ms())
    return changed(asked, asked.answer())


def purge_queue(service: Service, asked: Asked, request: s.PurgeQueue) -> Response:
    """See the API reference: what is in flight goes as well."""
    queue = service.queues.of(asked, request.queue_url)
    key, now_ms = (queue.namespace, queue.head.name), asked.session.wall_ms()
    if service.purged.has(key, now_ms):
        raise Refused(
            PURGE_QUEUE_IN_PROGRESS,
            f"Only one PurgeQueue operation on {queue.place.name} is allowed every 60 seconds.",
        )
    asked.session.submit(PurgeQueue(namespace=queue.namespace, name=queue.head.name, mode="all"))
    service.purged.note(key, now_ms)
    return changed(asked, asked.answer())


# --- find, list ---


def get_queue_url(service: Service, asked: Asked, request: s.GetQueueUrl) -> Response:
    """See the API reference."""
    if not request.queue_name:
        raise missing("QueueName")
    owner = request.queue_owner
    account = check_account(owner) if owner else asked.account
    place = Place(account, check_name(request.queue_name))
    find(asked.session, place)
    return asked.answer(s.QueueUrl(asked.url(place)))


def list_queues(service: Service, asked: Asked, request: s.ListQueues) -> Response:
    """See the API reference: pages only where their size is given."""
    account = asked.account
    infos: list[QueueInfo] = asked.session.submit(
        ListQueues(namespace=Place(account, "").namespace)
    )
    names = sorted(called(asked.session, infos))
    prefix = request.queue_name_prefix or ""
    chosen = [name for name in names if name.startswith(prefix)]
    page, token = paged(chosen, request.max_results, request.next_token)
    urls = [asked.url(Place(account, name)) for name in page]
    return asked.answer(s.QueueUrls(urls or msgspec.UNSET, token))


def list_dead_letter_source_queues(
    service: Service, asked: Asked, request: s.ListDeadLetterSourceQueues
) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    sources = sources_of(asked.session, queue.namespace, queue.head.name)
    names = sorted(called(asked.session, sources))
    page, token = paged(names, request.max_results, request.next_token)
    urls = [asked.url(Place(queue.place.account, name)) for name in page]
    return asked.answer(s.SourceUrls(urls, token))


def called(session: Session, infos: Sequence[QueueInfo]) -> list[str]:
    """What clients of SQS call these queues."""
    if not infos:
        return []
    names: list[str] = session.submit(
        ListAliases(
            namespace=infos[0].namespace,
            protocol=PROTOCOL,
            names=tuple(info.name for info in infos),
        )
    )
    return names


def paged(names: list[str], size: int | None, token: str | None) -> tuple[list[str], str | None]:
    """A page of sorted names, and the token of the next one. Raises Refused."""
    if size is not None and not 0 < size <= PAGE_MAX:
        raise invalid(
            "MaxResults", size, f"MaxResults must be an integer between 1 and {PAGE_MAX}."
        )
    after = _read_page(token) if token else ""
    rest = [name for name in names if name > after]
    if size is None:
        return rest[:PAGE_MAX], None
    page = rest[:size]
    if len(rest) <= size:
        return page, None
    return page, urlsafe_b64encode(page[-1].encode()).decode()


def _read_page(token: str) -> str:
    try:
        return b64decode(token, b"-_", validate=True).decode()
    except ValueError:
        raise Refused(INVALID_PARAMETER_VALUE, f"Invalid or expired NextToken: {token}") from None


# --- attributes ---


def describe(asked: Asked, place: Place, stream: str) -> dict[str, str]:
    """Every attribute of a queue."""
    session = asked.session
    info: QueueInfo = session.submit(DescribeQueue(namespace=place.namespace, name=stream))
    head = find(session, place)
    target = target_of(session, place.account, info)
    region = asked.region
    return attr.described(
        info, head.stream, arn(place, region), arn(target, region) if target else ""
    )


def get_queue_attributes(service: Service, asked: Asked, request: s.GetQueueAttributes) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    names = request.attribute_names or []
    found = attr.selected(describe(asked, queue.place, queue.head.name), names) if names else {}
    return asked.answer(s.QueueAttributes(found or msgspec.UNSET))


def set_queue_attributes(service: Service, asked: Asked, request: s.SetQueueAttributes) -> Response:
    """See the API reference."""
    queue = service.queues.of(asked, request.queue_url)
    if not request.attributes:
        raise missing("Attribute")
    found = attr.checked(request.attributes, is_fifo=queue.traits.is_fifo)
    if found.get("FifoQueue", "true") != "true":
        raise attr.bad_value("FifoQueue")
    if "FifoThroughputLimit" in found or "DeduplicationScope" in found:
        attr.check_throughput(found, describe(asked, queue.place, queue.head.name))
    check_allow_policy(found.get("RedriveAllowPolicy", ""))
    session = asked.session
    settings = attr.altered(queue.head.settings, found, session.wall_ms())
    if "RedrivePolicy" in found:
        settings = with_policy(session, queue.place, settings, found["RedrivePolicy"])
    _set_scope(session, queue, found.get("DeduplicationScope"))
    alter(session, queue, lambda _: settings)
    return changed(asked, asked.answer())


def _set_scope(session: Session, queue: Queue, scope: str | None) -> None:
    if scope is None:
        return
    wanted: Any = "key" if scope == "messageGroup" else "stream"
    stream = queue.head.stream
    if stream.dedup_scope != wanted:
        session.submit(
            AlterStream(
                namespace=queue.namespace,
                name=queue.head.name,
                settings=msgspec.structs.replace(stream, dedup_scope=wanted),
            )
        )


def alter(
    session: Session,
    queue: Queue,
    change: Callable[[SubscriptionSettings], SubscriptionSettings],
) -> None:
    """Give a queue other settings."""
    settings = change(queue.head.settings)
    session.submit(
        AlterSubscription(namespace=queue.namespace, name=queue.head.name, settings=settings)
    )
