"""One attempt at one task: the request, and what its answer means.

void, deleted, or left over from a run   dropped           2xx                 done
no target                                rejected          all else, no answer tried again: backoff, or Retry-After if
                                                                               that is later
                                                           attempts spent      rejected: dead-lettered where the queue
                                                                               says so, else gone
"""

from typing import Any, Final

from dragoman.doors.cloudtasks.finding import id_of, is_void, standing_of
from dragoman.doors.cloudtasks.ids import Place
from dragoman.doors.cloudtasks.mapping import headers_of, way_of
from dragoman.doors.cloudtasks.protos import from_text
from dragoman.doors.cloudtasks.queues import since_of
from dragoman.doors.cloudtasks.retries import backoff_ms, is_spent, retry_after_ms
from dragoman.doors.cloudtasks.standing import Standing, Standings
from dragoman.doors.cloudtasks.targets import NO_WAY, Target, target_of
from dragoman.doors.cloudtasks.telling import RETRY_CONFIG
from dragoman.doors.cloudtasks.tokens import bearer
from dragoman.doors.shared.push.issuer import Issuer
from dragoman.doors.shared.push.renderer import (
    ACK,
    Judged,
    PushedSubscription,
    PushMessage,
    Verdict,
)
from dragoman.kernel.api import FindQueue, Session
from dragoman.model.errors import QuotaExceeded, SubscriptionNotFound
from dragoman.model.message import Message
from dragoman.ports.outbound import Answered, Outgoing

AGENT: Final = "Google-Cloud-Tasks"
APP_ENGINE_AGENT: Final = "AppEngine-Google; (+http://code.google.com/appengine)"
BUSY_MS: Final = 1_000


class Attempt:
    """See the module. Its standing is kept once it has failed; until then it is known by its message alone."""

    def __init__(
        self,
        session: Session,
        issuer: Issuer,
        subscription: PushedSubscription,
        queue: Any,
        pushed: PushMessage,
        message: Message,
    ) -> None:
        self._session = session
        self._issuer = issuer
        self._key = (subscription.namespace, subscription.stream)
        self._queue = queue
        self._since_ms = since_of(subscription.settings)
        self._message = message
        self._place = Place(pushed.partition, pushed.offset)
        self._way = way_of(message) or NO_WAY
        self._standings = Standings(session, *self._key)
        self._id = id_of(message, self._key, self._place)
        kept = self._standings.find(self._id)
        if kept is None:
            kept = standing_of(message, pushed.stored_ms)
            kept.dispatches = (
                pushed.attempt - 1
            )  # unless there was no room to keep what came of them
        self._standing = kept

    def start(self) -> Outgoing | Verdict:
        """The request, or a verdict at once."""
        standing = self._standing
        if is_void(self._message, self._key, self._since_ms) or self._is_elsewhere(standing):
            return ACK
        if standing.over_ms:
            self._standings.finish(self._id, standing)
            return ACK
        target = target_of(self._way, self._queue.http_target)
        if not target.url:
            return Verdict("reject", reason="rejected", text="no http_target in its queue")
        now_ms = self._session.wall_ms()
        headers = self._headers(target)
        standing.dispatches += 1
        if standing.dispatches == 1 or not standing.first_ms:
            standing.first_ms, standing.first_scheduled_ms = now_ms, standing.due_ms
        standing.last_ms, standing.last_scheduled_ms = now_ms, standing.due_ms
        return Judged(
            target.method,
            target.url,
            headers,
            self._message.body or b"",
            self._way.deadline_ms,
            self._judge,
        )

    def _is_elsewhere(self, standing: Standing) -> bool:
        return standing.place is not None and standing.place != self._place

    def _headers(self, target: Target) -> list[tuple[str, str]]:
        found = [*target.headers.items()]
        taken = {name.lower() for name in target.headers}
        if target.token is not None:
            token = bearer(self._session, self._issuer, target.token, target.url)
            found.append(("Authorization", f"Bearer {token}"))
            taken.add("authorization")
        found += [each for each in headers_of(self._message) if each[0].lower() not in taken]
        if self._message.body and not any(name.lower() == "content-type" for name, _ in found):
            found.append(("Content-Type", "application/octet-stream"))
        return found + self._own_headers()

    def _own_headers(self) -> list[tuple[str, str]]:
        standing = self._standing
        seconds, ms = divmod(standing.due_ms, 1000)
        is_http = self._way.service is None
        own = {
            "QueueName": self._key[1],
            "TaskName": self._id,
            "TaskRetryCount": str(standing.dispatches),
            "TaskExecutionCount": str(standing.executions),
            "TaskETA": f"{seconds}.{ms:03}000",
        }
        if standing.status:
            own["TaskPreviousResponse"] = str(standing.status)
        if standing.dispatches and standing.reason:
            own["TaskRetryReason"] = standing.reason
        prefix = "X-CloudTasks-" if is_http else "X-AppEngine-"
        agent = ("User-Agent", AGENT if is_http else APP_ENGINE_AGENT)
        return [agent, *((prefix + name, value) for name, value in own.items())]

    # --- answered ---

    def _judge(self, answered: Answered) -> Verdict:
        """What the answer means. What was deleted or run meanwhile stays so."""
        known = self._standings.find(self._id)
        if known is not None and self._is_elsewhere(known):
            return ACK
        standing = self._standing
        if known is not None and known.over_ms:
            self._standings.finish(self._id, known)
            return ACK
        if answered.failure == "busy":  # it was not sent
            standing.dispatches -= 1
            self._keep()
            return Verdict("release", delay_ms=BUSY_MS, is_failed=False)
        standing.status = answered.status
        standing.responses += answered.status > 0
        standing.executions += 0 < answered.status < 500
        if 200 <= answered.status < 300:
            if known is not None:
                self._standings.finish(self._id, known)
            return ACK
        now_ms = self._session.wall_ms()
        standing.answered_ms = now_ms if answered.status else 0
        standing.reason = _reason(answered)
        return self._failed(standing, answered, now_ms)

    def _failed(self, standing: Standing, answered: Answered, now_ms: int) -> Verdict:
        if not self._is_wanted():
            return ACK
        text = standing.reason
        retry = self._retry()
        if is_spent(retry, standing.dispatches, standing.first_ms, now_ms):
            self._standings.finish(self._id, standing)
            return Verdict("reject", reason="delivery_limit", text=text)
        asked = dict(answered.headers).get("retry-after", "")
        delay_ms = max(backoff_ms(retry, standing.dispatches), retry_after_ms(asked, now_ms))
        standing.due_ms = now_ms + delay_ms
        self._keep()
        return Verdict("release", delay_ms=delay_ms, text=text)

    def _keep(self) -> None:
        """What came of it, as far as there is room: else its attempts are all that is known of it."""
        self._standing.place = self._place
        try:
            self._standings.put(self._id, self._standing)
        except QuotaExceeded:
            self._standings.forget(self._id)

    def _is_wanted(self) -> bool:
        """Whether its queue is there, and was not purged meanwhile."""
        namespace, name = self._key
        try:
            head = self._session.submit(FindQueue(namespace=namespace, name=name))
        except SubscriptionNotFound:
            return False
        return not is_void(self._message, self._key, since_of(head.settings))

    def _retry(self) -> Any:
        retry = self._way.retry
        return from_text(RETRY_CONFIG, retry) if retry else self._queue.retry_config


def _reason(answered: Answered) -> str:
    return f"HTTP status code {answered.status}" if answered.status else answered.failure.upper()
