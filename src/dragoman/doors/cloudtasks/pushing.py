"""Dispatch: what this service says to what is common to all who push (`shared.push`). Each task is an `Attempt`."""

from collections.abc import Sequence
from typing import Any

from dragoman.doors.cloudtasks.attempt import Attempt, Dispatch
from dragoman.doors.cloudtasks.executed import Executed
from dragoman.doors.cloudtasks.names import PROTOCOL
from dragoman.doors.cloudtasks.queues import kept_of
from dragoman.doors.shared.push.issuer import Issuer
from dragoman.doors.shared.push.renderer import Plan, PushedSubscription, PushMessage, Verdict
from dragoman.formats.errors import FormatError
from dragoman.kernel.api import ListPushed, Session
from dragoman.ports.outbound import Answered, Outgoing


class Pushing:
    """See `shared.push.renderer.Renderer`. What queues say is read when they change."""

    name = PROTOCOL

    def __init__(self, issuer: Issuer, executed: Executed) -> None:
        self._issuer = issuer
        self._executed = executed
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
        key = (subscription.namespace, subscription.stream)
        queue = self._queues[subscription.id]
        dispatch = Dispatch(self._session, self._issuer, self._executed, key, queue)
        return Attempt(dispatch, subscription, message, found).start()

    def judge(self, answered: Answered, attempt: int, subscription: PushedSubscription) -> Verdict:
        """Each request is judged by its own attempt."""
        raise NotImplementedError
