"""Queues: made, told, changed, paused, purged and deleted.

A queue is the stream of that name with its leased subscription, pushed by us. What Cloud Tasks says of it is kept in
the subscription's notes; `paused` is the kernel's own.

A purge drops the messages in the queue. Tasks that wait for their time are left where they are, and known to be void by
when they were made (`since_of`): a queue with a million of them is purged at once.
"""

from typing import Any, Final

import msgspec

from dragoman.doors.cloudtasks.errors import already_exists, invalid, no_queue
from dragoman.doors.cloudtasks.filters import read_filter
from dragoman.doors.cloudtasks.mapping import is_header, is_host, is_target
from dragoman.doors.cloudtasks.names import PROTOCOL, Location, Queue, location_of, queue_of
from dragoman.doors.cloudtasks.protos import (
    Empty,
    ListQueuesResponse,
    duration_ms,
    from_text,
    set_time,
    to_text,
)
from dragoman.doors.cloudtasks.protos import Queue as QueueProto
from dragoman.doors.cloudtasks.standing import standings_of
from dragoman.doors.cloudtasks.tokens import token_asked
from dragoman.doors.shared.grpc.access import by_broker
from dragoman.doors.shared.grpc.call import Call, Reply, written
from dragoman.doors.shared.grpc.policies import Resource, check, forget_policy, may
from dragoman.kernel.api import (
    STREAM,
    AlterSubscription,
    DeclareQueue,
    DeleteQueue,
    FindQueue,
    ListQueues,
    PurgeQueue,
    QueueHead,
    QueueInfo,
    Session,
    SubscriptionSettings,
)
from dragoman.model.errors import SubscriptionNotFound

RATE_MAX: Final = 500.0
CONCURRENT: Final = 1_000
CONCURRENT_MAX: Final = 5_000
BURST: Final = 100
ATTEMPTS: Final = 100
BACKOFF_MS: Final = 100
BACKOFF_S_MAX: Final = 3_600
DOUBLINGS: Final = 16
PAGE_MAX: Final = 1_000
SINCE: Final = "cloudtasks.since"
EVERYTHING: Final = -1
PORT_MAX: Final = 65_535
MUTABLE: Final = (
    "rate_limits",
    "retry_config",
    "http_target",
    "app_engine_routing_override",
    "stackdriver_logging_config",
)


def page_of(found: list[Any], request: Any) -> tuple[list[Any], str]:
    """(the page that the request asks for, the token of the next). Raises Status."""
    if request.page_size < 0:
        raise invalid("page_size must not be negative.")
    token = request.page_token
    if token and not (token.isascii() and token.isdigit() and len(token) < 10):
        raise invalid("The page token is invalid.")
    at = int(token or 0)
    size = min(request.page_size or PAGE_MAX, PAGE_MAX)
    return found[at : at + size], str(at + size) if at + size < len(found) else ""


# What a queue is


def complete(queue: Any) -> None:
    """Say what goes without saying. Raises Status for what makes no sense, or is not offered."""
    token_asked(queue.http_target)
    _check_override(queue.http_target)
    _complete_rates(queue.rate_limits)
    complete_retries(queue.retry_config)


def _check_override(target: Any) -> None:
    uri = target.uri_override
    if uri.HasField("host") and not is_host(uri.host):
        raise invalid("UriOverride.host must be the name or address of a host.")
    if uri.HasField("port") and not 0 <= uri.port <= PORT_MAX:
        raise invalid(f"UriOverride.port must be from 0 to {PORT_MAX}.")
    if not (is_target(uri.path_override.path) and is_target(uri.query_override.query_params)):
        raise invalid("UriOverride: path and query must be spelled as in a URL.")
    for each in target.header_overrides:
        if not is_header(each.header.key, each.header.value):
            raise invalid(f"HttpTarget.header_overrides: {each.header.key!r} is no header.")


def _complete_rates(limits: Any) -> None:
    limits.max_dispatches_per_second = limits.max_dispatches_per_second or RATE_MAX
    limits.max_concurrent_dispatches = limits.max_concurrent_dispatches or CONCURRENT
    if not 0 < limits.max_dispatches_per_second <= RATE_MAX:
        raise invalid(
            f"RateLimits.max_dispatches_per_second must be above 0 and at most {RATE_MAX:g}."
        )
    if not 0 < limits.max_concurrent_dispatches <= CONCURRENT_MAX:
        raise invalid(f"RateLimits.max_concurrent_dispatches must be from 1 to {CONCURRENT_MAX}.")
    limits.max_burst_size = min(BURST, max(1, int(limits.max_dispatches_per_second)))


def complete_retries(config: Any) -> None:
    """The same of a retry configuration."""
    config.max_attempts = config.max_attempts or ATTEMPTS
    if not config.HasField("min_backoff"):
        config.min_backoff.nanos = BACKOFF_MS * 1_000_000
    if not config.HasField("max_backoff"):
        config.max_backoff.seconds = BACKOFF_S_MAX
    config.max_doublings = config.max_doublings or DOUBLINGS
    low, high = duration_ms(config.min_backoff), duration_ms(config.max_backoff)
    if config.max_attempts < -1 or config.max_doublings < 0 or not 0 <= low <= high:
        raise invalid(
            "RetryConfig is out of range: attempts from -1, min_backoff at most max_backoff."
        )
    if duration_ms(config.max_retry_duration) < 0:
        raise invalid("RetryConfig.max_retry_duration must not be negative.")


def kept_of(settings: SubscriptionSettings) -> Any:
    """What was noted; None of a queue that another door made."""
    text = settings.notes.get(PROTOCOL)
    return None if text is None else from_text(QueueProto, text)


def since_of(settings: SubscriptionSettings) -> int:
    """Tasks that were made then or before are gone: by a purge, or with a queue of the same name."""
    return int(settings.notes.get(SINCE, "0"))


def _begin(settings: SubscriptionSettings, now_ms: int) -> SubscriptionSettings:
    """With nothing of what is there now: what is made later was made later than that, in the same millisecond too."""
    notes = settings.notes | {SINCE: str(max(now_ms, since_of(settings) + 1))}
    return msgspec.structs.replace(settings, notes=notes)


def _told(settings: SubscriptionSettings, name: str) -> Any:
    queue = kept_of(settings)
    queue.name = name
    queue.state = QueueProto.PAUSED if settings.paused else QueueProto.RUNNING
    return queue


def _settings(queue: Any, old: SubscriptionSettings) -> SubscriptionSettings:
    kept = QueueProto()
    kept.CopyFrom(queue)
    for name in ("name", "state"):
        kept.ClearField(name)
    return msgspec.structs.replace(old, push=PROTOCOL, notes=old.notes | {PROTOCOL: to_text(kept)})


def resource_of(place: Queue) -> Resource:
    """As policies know it."""
    return Resource(place.project, "queues", STREAM, place.id)


def find_any(session: Session, place: Queue) -> QueueHead | None:
    """The queue, whoever made it."""
    try:
        head: QueueHead = session.submit(FindQueue(namespace=place.project, name=place.id))
    except SubscriptionNotFound:
        return None
    return head


def find_queue(session: Session, place: Queue) -> QueueHead:
    """The queue, where it is one of Cloud Tasks. Raises Status."""
    head = find_any(session, place)
    if head is None or PROTOCOL not in head.settings.notes:
        raise no_queue()
    return head


def _alter(session: Session, place: Queue, settings: SubscriptionSettings) -> Any:
    session.submit(AlterSubscription(namespace=place.project, name=place.id, settings=settings))
    return _told(settings, str(place))


# Methods


def create_queue(call: Call, request: Any) -> Reply:
    """See the API reference. A queue that another door made becomes one of ours as well."""
    location_of(request.parent)
    place = queue_of(request.queue.name)
    if not request.queue.name.startswith(f"{request.parent}/"):
        raise invalid("The queue name must begin with the parent.")
    complete(request.queue)
    return _make(call, place, request.queue)


def _make(call: Call, place: Queue, queue: Any) -> Reply:
    session = call.session
    with by_broker(call):  # whether the name is taken is the door's to know
        head = find_any(session, place)
    if head is None:
        standings_of(session, place).sweep(
            EVERYTHING
        )  # another door may have deleted the last of that name
        settings = _begin(_settings(queue, SubscriptionSettings()), session.wall_ms())
        session.submit(DeclareQueue(namespace=place.project, name=place.id, settings=settings))
        return written(session, _told(settings, str(place)))
    if PROTOCOL in head.settings.notes:
        raise already_exists()
    return written(session, _alter(session, place, _settings(queue, head.settings)))


def get_queue(call: Call, request: Any) -> Reply:
    """See the API reference."""
    place = queue_of(request.name)
    check(call.session, resource_of(place), "cloudtasks.queues.get")
    head = find_queue(call.session, place)
    return Reply(_told(head.settings, str(place)))


def list_queues(call: Call, request: Any) -> Reply:
    """See the API reference."""
    parent = location_of(request.parent)
    queues: list[QueueInfo] = call.session.submit(ListQueues(namespace=parent.project))
    mine = [
        each
        for each in queues
        if PROTOCOL in each.settings.notes
        and may(call.session, resource_of(Queue(*parent, each.name)), "cloudtasks.queues.get")
    ]
    if request.filter:
        is_meant = read_filter(request.filter)
        mine = [each for each in mine if is_meant(_listed(parent, each))]
    page, token = page_of(mine, request)
    told = [_listed(parent, each) for each in page]
    return Reply(ListQueuesResponse(queues=told, next_page_token=token))


def _listed(parent: Location, info: QueueInfo) -> Any:
    return _told(info.settings, str(Queue(*parent, info.name)))


def update_queue(call: Call, request: Any) -> Reply:
    """See the API reference: a queue that is not there is made."""
    place = queue_of(request.queue.name)
    with by_broker(call):
        head = find_any(call.session, place)
    if head is None or PROTOCOL not in head.settings.notes:
        complete(request.queue)
        return _make(call, place, request.queue)
    check(call.session, resource_of(place), "cloudtasks.queues.update")
    queue = kept_of(head.settings)
    _merge(queue, request.queue, list(request.update_mask.paths) or list(MUTABLE))
    complete(queue)
    return written(call.session, _alter(call.session, place, _settings(queue, head.settings)))


def _merge(target: Any, source: Any, paths: list[str]) -> None:
    for path in paths:
        field, _, leaf = path.partition(".")
        if field not in MUTABLE or "." in leaf:
            raise invalid(f"update_mask: {path} is not a field of Queue that can be changed.")
        if not leaf:
            target.ClearField(field)
            if source.HasField(field):
                getattr(target, field).CopyFrom(getattr(source, field))
            continue
        into, of = getattr(target, field), getattr(source, field)
        if leaf not in into.DESCRIPTOR.fields_by_name:
            raise invalid(f"update_mask: {path} is not a field of Queue.")
        only = type(of)()
        only.CopyFrom(of)
        for known, _ in of.ListFields():
            if known.name != leaf:
                only.ClearField(known.name)
        into.ClearField(leaf)
        into.MergeFrom(only)


def pause_queue(call: Call, request: Any) -> Reply:
    """See the API reference."""
    return _set_paused(call, request, "pause", is_paused=True)


def resume_queue(call: Call, request: Any) -> Reply:
    """See the API reference."""
    return _set_paused(call, request, "resume", is_paused=False)


def _set_paused(call: Call, request: Any, verb: str, *, is_paused: bool) -> Reply:
    place = queue_of(request.name)
    check(call.session, resource_of(place), f"cloudtasks.queues.{verb}")
    head = find_queue(call.session, place)
    settings = msgspec.structs.replace(head.settings, paused=is_paused)
    return written(call.session, _alter(call.session, place, settings))


def purge_queue(call: Call, request: Any) -> Reply:
    """See the API reference: what was made before now is gone, and may be made again."""
    place = queue_of(request.name)
    session = call.session
    check(session, resource_of(place), "cloudtasks.queues.purge")
    head = find_queue(session, place)
    now_ms = session.wall_ms()
    session.submit(
        PurgeQueue(namespace=place.project, name=place.id, mode="before", before_ms=now_ms + 1)
    )
    standings_of(session, place).sweep(EVERYTHING)
    queue = kept_of(head.settings)
    set_time(queue.purge_time, now_ms)
    settings = _begin(_settings(queue, head.settings), now_ms)
    with by_broker(call):  # the door's own note of what is void
        return written(session, _alter(session, place, settings))


def delete_queue(call: Call, request: Any) -> Reply:
    """See the API reference."""
    place = queue_of(request.name)
    check(call.session, resource_of(place), "cloudtasks.queues.delete")
    find_queue(call.session, place)
    call.session.submit(DeleteQueue(namespace=place.project, name=place.id))
    standings_of(call.session, place).sweep(EVERYTHING)
    forget_policy(call, resource_of(place))
    return written(call.session, Empty())
