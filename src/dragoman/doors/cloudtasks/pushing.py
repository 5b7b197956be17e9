"""Dispatch: a task as a request, and its answer as what becomes of it. What is common to all who push is `shared.push`.

not due            put back until it is          2xx                 done
deleted, or moved  dropped                       all else, no answer tried again: backoff, or Retry-After if later
                                                 attempts spent      dead-lettered where the queue says so, else gone
"""

from collections.abc import Sequence
from typing import Any, Final

from dragoman.doors.cloudtasks import standing as standings
from dragoman.doors.cloudtasks.mapping import Way, headers_of, way_of
from dragoman.doors.cloudtasks.names import PROTOCOL
from dragoman.doors.cloudtasks.protos import METHODS, HttpRequest, from_text
from dragoman.doors.cloudtasks.queues import kept_of
from dragoman.doors.cloudtasks.retries import backoff_ms, is_spent, retry_after_ms
from dragoman.doors.cloudtasks.standing import Standing, foreign_id
from dragoman.doors.shared.push.renderer import (
    ACK,
    Judged,
    Plan,
    PushedSubscription,
    PushMessage,
    Verdict,
)
from dragoman.formats.errors import FormatError
from dragoman.kernel.api import ListPushed, Session
from dragoman.model.message import Message
from dragoman.ports.outbound import Answered, Outgoing
from dragoman.wire.protobuf.cloudtasks import CLOUDTASKS

AGENT: Final = "Google-Cloud-Tasks"
BUSY_MS: Final = 1_000
_RETRY_CONFIG: Final[Any] = CLOUDTASKS["RetryConfig"]


class Pushing:
    """See `shared.push.renderer.Renderer`. Queues are remembered as long as their settings are the same object."""

    name = PROTOCOL

    def __init__(self) -> None:
        self._session: Session | None = None
        self._queues: dict[int, Any] = {}

    def pushed(self, session: Session) -> Sequence[PushedSubscription]:
        """What is pushed now; whoever asks is told when that changes."""
        self._session = session
        session.watch_pushed(PROTOCOL)
        found: list[PushedSubscription] = session.submit(ListPushed(face=PROTOCOL))
        self._queues = {each.id: kept_of(each.settings) for each in found}
        return found

    def plan(self, subscription: PushedSubscription) -> Plan | None:
        """A task to a request, each to its own URL, as fast and as many at once as the queue allows."""
        limits = self._queues[subscription.id].rate_limits
        return Plan(
            "",
            requests_max=limits.max_concurrent_dispatches,
            rate=limits.max_dispatches_per_second,
            burst=limits.max_burst_size,
        )

    def request_of(
        self, messages: Sequence[PushMessage], subscription: PushedSubscription
    ) -> Outgoing | Verdict:
        """The task's request; or what becomes of it without one."""
        (message,) = messages
        assert self._session is not None
        try:
            found = message.decode()
        except FormatError:
            return Verdict("reject", reason="rejected")
        attempt = _Attempt(
            self._session, subscription, self._queues[subscription.id], message, found
        )
        return attempt.start()

    def judge(self, answered: Answered, attempt: int, subscription: PushedSubscription) -> Verdict:
        """Each request is judged by its own attempt."""
        raise NotImplementedError


class _Attempt:
    """One attempt at one task."""

    def __init__(
        self,
        session: Session,
        subscription: PushedSubscription,
        queue: Any,
        pushed: PushMessage,
        message: Message,
    ) -> None:
        self._session = session
        self._namespace = subscription.namespace
        self._queue_id = subscription.stream
        self._queue = queue
        self._message = message
        self._place = (pushed.partition, pushed.offset)
        self._way = way_of(message) or Way("")
        self._is_own = self._way.queue == (self._namespace, self._queue_id)
        self._id = message.id or "" if self._is_own else foreign_id(*self._place)
        self._standing = standings.find(session, self._namespace, self._queue_id, self._id)
        if self._standing is None and not self._is_own:
            self._standing = Standing(*self._place, pushed.stored_ms, pushed.stored_ms)
        retry = self._way.retry
        self._retry: Any = from_text(_RETRY_CONFIG, retry) if retry else queue.retry_config

    def start(self) -> Outgoing | Verdict:
        """The request, noted as sent; or a verdict."""
        standing = self._standing
        if standing is None or (standing.partition, standing.offset) != self._place:
            return ACK
        if standing.over_ms:
            self._finish(standing)
            return ACK
        now_ms = self._session.wall_ms()
        if now_ms < standing.due_ms:
            return Verdict("release", delay_ms=standing.due_ms - now_ms, is_failed=False)
        target = _target(self._way, self._queue.http_target)
        if not target.url:
            return Verdict("reject", reason="rejected", text="no http_target in its queue")
        headers = self._headers(target)
        standing.dispatches += 1
        if standing.dispatches == 1:
            standing.first_ms, standing.first_scheduled_ms = now_ms, standing.due_ms
        standing.last_ms, standing.last_scheduled_ms = now_ms, standing.due_ms
        self._put()
        return Judged(
            METHODS.get(target.http_method, "POST"),
            target.url,
            headers,
            self._message.body or b"",
            self._way.deadline_ms,
            self._judge,
        )

    @property
    def _known(self) -> Standing:
        assert self._standing is not None
        return self._standing

    def _finish(self, standing: Standing) -> None:
        standings.finish(
            self._session, self._namespace, self._queue_id, self._id, standing, is_here=True
        )

    def _put(self) -> None:
        standings.put(self._session, self._namespace, self._queue_id, self._id, self._known)

    def _headers(self, target: Any) -> list[tuple[str, str]]:
        standing = self._known
        found = [*target.headers.items()]
        found += [each for each in headers_of(self._message) if each[0] not in target.headers]
        names = {name.lower() for name, _ in found}
        if self._message.body and "content-type" not in names:
            found.append(("Content-Type", "application/octet-stream"))
        seconds, ms = divmod(standing.due_ms, 1000)
        found += [
            ("User-Agent", AGENT),
            ("X-CloudTasks-QueueName", self._queue_id),
            ("X-CloudTasks-TaskName", self._id),
            ("X-CloudTasks-TaskRetryCount", str(standing.dispatches)),
            ("X-CloudTasks-TaskExecutionCount", str(standing.executions)),
            ("X-CloudTasks-TaskETA", f"{seconds}.{ms:03}000"),
        ]
        if standing.status:
            found.append(("X-CloudTasks-TaskPreviousResponse", str(standing.status)))
        if standing.dispatches and standing.reason:
            found.append(("X-CloudTasks-TaskRetryReason", standing.reason))
        return found

    def _judge(self, answered: Answered) -> Verdict:
        """What the answer means. What was deleted or run meanwhile stays so."""
        known = standings.find(self._session, self._namespace, self._queue_id, self._id)
        if known is not None and known.over_ms:
            self._finish(known)
        if known is None or known.over_ms or (known.partition, known.offset) != self._place:
            return ACK
        self._standing = known
        now_ms = self._session.wall_ms()
        if answered.failure == "busy":  # it was not sent
            known.dispatches -= 1
            self._put()
            return Verdict("release", delay_ms=BUSY_MS, is_failed=False)
        known.status = answered.status
        known.reason = "" if 200 <= answered.status < 300 else _reason(answered)
        known.answered_ms = now_ms if answered.status else 0
        known.responses += answered.status > 0
        known.executions += 0 < answered.status < 500
        if 200 <= answered.status < 300:
            self._finish(known)
            return ACK
        return self._failed(known, answered, now_ms)

    def _failed(self, known: Standing, answered: Answered, now_ms: int) -> Verdict:
        text = known.reason
        if is_spent(self._retry, known.dispatches, known.first_ms, now_ms):
            self._finish(known)
            return Verdict("reject", reason="delivery_limit", text=text)
        asked = dict(answered.headers).get("retry-after", "")
        delay_ms = max(backoff_ms(self._retry, known.dispatches), retry_after_ms(asked, now_ms))
        known.due_ms = now_ms + delay_ms
        self._put()
        return Verdict("release", delay_ms=delay_ms, is_failed=False, text=text)


def _reason(answered: Answered) -> str:
    return f"HTTP status code {answered.status}" if answered.status else answered.failure.upper()


def _target(way: Way, override: Any) -> Any:
    """Where a task goes once its queue has had its say."""
    target = HttpRequest(url=way.url, http_method=override.http_method or way.method)
    uri = override.uri_override
    if uri.host and (not way.url or uri.uri_override_enforce_mode != 1):
        scheme = "http" if uri.scheme == 1 else "https"
        port = f":{uri.port}" if uri.port else ""
        path = uri.path_override.path or "/"
        query = uri.query_override.query_params
        target.url = f"{scheme}://{uri.host}{port}{path}" + (f"?{query}" if query else "")
    for each in override.header_overrides:
        target.headers[each.header.key] = each.header.value
    return target
