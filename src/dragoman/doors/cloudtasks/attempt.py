"""One attempt at one task: the request, and what its answer means.

void, deleted, or left over              dropped           2xx                 done
no target                                rejected          all else, no answer tried again: backoff, or Retry-After if
                                                                               that is later
                                                           attempts spent      rejected: dead-lettered where the queue
                                                                               says so, else gone
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from dragoman.doors.cloudtasks.executed import Executed
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
HELD_MS: Final = 1_000  # between two looks at a message that is left alone: what comes of the run is not waited for


class Outcome(Enum):
    """What an answer makes of a task."""

    UNSENT = "unsent"
    DONE = "done"
    AGAIN = "again"
    SPENT = "spent"


class Dispatch:
    """What attempts of a queue have in common: who signs, who counts, what the queue says."""

    def __init__(
        self, session: Session, issuer: Issuer, executed: Executed, key: tuple[str, str], queue: Any
    ) -> None:
        self.session = session
        self.issuer = issuer
        self.executed = executed
        self.key = key
        self.queue = queue


class Shot:
    """One request of a task, and what its answer makes of the task: whoever has it sent acts upon that."""

    def __init__(self, dispatch: Dispatch, message: Message, id_: str, standing: Standing) -> None:
        self._dispatch = dispatch
        self._message = message
        self._id = id_
        self._standing = standing
        self._way = way_of(message) or NO_WAY
        self.deadline_ms = self._way.deadline_ms

    def start(self, judge: Callable[[Answered], Verdict]) -> Judged | None:
        """The request; None for a task that goes nowhere."""
        dispatch, standing = self._dispatch, self._standing
        target = target_of(self._way, dispatch.queue.http_target)
        if not target.url:
            return None
        now_ms = dispatch.session.wall_ms()
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
            self.deadline_ms,
            judge,
            at_once=dispatch.queue.rate_limits.max_concurrent_dispatches,
        )

    def _headers(self, target: Target) -> list[tuple[str, str]]:
        found = [*target.headers.items()]
        taken = {name.lower() for name in target.headers}
        if target.token is not None:
            dispatch = self._dispatch
            token = bearer(dispatch.session, dispatch.issuer, target.token, target.url)
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
            "QueueName": self._dispatch.key[1],
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

    def weigh(self, answered: Answered) -> tuple[Outcome, int]:
        """(what becomes of the task, how long until the next attempt). Its standing knows of the answer."""
        standing, session = self._standing, self._dispatch.session
        if answered.failure == "busy":  # it was not sent
            standing.dispatches -= 1
            return Outcome.UNSENT, BUSY_MS
        now_ms = session.wall_ms()
        self._dispatch.executed.note(self._dispatch.key, session.elapsed_ms())
        standing.status = answered.status
        standing.responses += answered.status > 0
        standing.executions += 0 < answered.status < 500
        if 200 <= answered.status < 300:
            return Outcome.DONE, 0
        standing.answered_ms = now_ms if answered.status else 0
        standing.reason = _reason(answered)
        retry = self._retry()
        if is_spent(retry, standing.dispatches, standing.first_ms, now_ms):
            return Outcome.SPENT, 0
        asked = dict(answered.headers).get("retry-after", "")
        delay_ms = max(backoff_ms(retry, standing.dispatches), retry_after_ms(asked, now_ms))
        standing.due_ms = now_ms + delay_ms
        return Outcome.AGAIN, delay_ms

    def _retry(self) -> Any:
        retry = self._way.retry
        return from_text(RETRY_CONFIG, retry) if retry else self._dispatch.queue.retry_config


class Attempt:
    """A message of the queue that has come up. Its standing is kept once it has failed; until then it is known by its
    message alone.
    """

    def __init__(
        self,
        dispatch: Dispatch,
        subscription: PushedSubscription,
        pushed: PushMessage,
        message: Message,
    ) -> None:
        self._session = dispatch.session
        self._key = dispatch.key
        self._since_ms = since_of(subscription.settings)
        self._message = message
        self._place = Place(pushed.partition, pushed.offset)
        self._standings = Standings(self._session, *self._key)
        self._id = id_of(message, self._key, self._place)
        kept = self._standings.find(self._id)
        if kept is None:
            kept = standing_of(message, pushed.stored_ms)
            kept.dispatches = (
                pushed.attempt - 1
            )  # unless there was no room to keep what came of them
        self._standing = kept
        self._shot = Shot(dispatch, message, self._id, kept)

    def start(self) -> Outgoing | Verdict:
        """The request, or a verdict at once."""
        standing = self._standing
        if is_void(self._message, self._key, self._since_ms) or self._is_elsewhere(standing):
            return ACK
        if standing.over_ms:
            return self._left(standing)
        held_ms = standing.held_ms - self._session.wall_ms()
        if held_ms > 0:
            return Verdict("release", delay_ms=min(held_ms, HELD_MS), is_failed=False)
        made = self._shot.start(self._judge)
        if made is None:
            return Verdict("reject", reason="rejected", text="no http_target in its queue")
        return made

    def _is_elsewhere(self, standing: Standing) -> bool:
        return standing.place is not None and standing.place != self._place

    def _left(self, standing: Standing) -> Verdict:
        """It was over before its message came up."""
        self._standings.finish(self._id, standing)
        if not standing.is_spent:
            return ACK
        return Verdict("reject", reason="delivery_limit", text=standing.reason)

    def _judge(self, answered: Answered) -> Verdict:
        """What the answer means. What was deleted or run meanwhile stays so."""
        known = self._standings.find(self._id)
        if known is not None and self._is_elsewhere(known):
            return ACK
        standing = self._standing
        if known is not None and known.over_ms:
            return self._left(known)
        outcome, delay_ms = self._shot.weigh(answered)
        if outcome is Outcome.DONE:
            if known is not None:
                self._standings.finish(self._id, standing)
            return ACK
        if outcome is Outcome.UNSENT:
            self._keep()
            return Verdict("release", delay_ms=delay_ms, is_failed=False)
        return self._failed(standing, outcome, delay_ms)

    def _failed(self, standing: Standing, outcome: Outcome, delay_ms: int) -> Verdict:
        if not self._is_wanted():
            return ACK
        if outcome is Outcome.SPENT:
            self._standings.finish(self._id, standing)
            return Verdict("reject", reason="delivery_limit", text=standing.reason)
        self._keep()
        return Verdict("release", delay_ms=delay_ms, text=standing.reason)

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


def _reason(answered: Answered) -> str:
    return f"HTTP status code {answered.status}" if answered.status else answered.failure.upper()
