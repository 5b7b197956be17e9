"""A face's pushed subscriptions on one session that has no socket: it is only handed deliveries and told of changes.

A `ConnectionDoor` like those of protocols, so that the runtime's rules hold for it: what it is delivered is as durable
as its readers may see. Its leases are bound to the session: they end with the process, and what was under way then is
delivered again at the next start. Subscriptions that do not (yet) go anywhere are looked at again when the set changes.

A turn costs what is delivered in it, however many subscriptions there are: only those with a rate are asked for the
time, and a large set that has changed is gone through after a pause in proportion to its size.
"""

from collections.abc import Callable, Sequence
from typing import Final

from dragoman.doors.shared.push.feed import Faulty, Feed
from dragoman.doors.shared.push.renderer import PushedSubscription, Renderer
from dragoman.kernel.api import Delivery, Holder, ListPushed, Session
from dragoman.model.errors import KernelError
from dragoman.ports.outbound import Outbound

LOOKED_AT_PER_MS: Final = 100
"""Subscriptions, when their set has changed: of ten thousand a tenth of a second lies between two looks."""

Pushed = Callable[[Session], Sequence[PushedSubscription]]
"""The face's subscriptions as they are now, each the same object until it is altered; whoever asks is told
(`progressed`) when any of them has changed."""


def pushed_by(face: str) -> Pushed:
    """What the kernel has for the face."""

    def pushed(session: Session) -> Sequence[PushedSubscription]:
        session.watch_pushed(face)
        found: list[PushedSubscription] = session.submit(ListPushed(face=face))
        return found

    return pushed


class PushDoor:
    """See `kernel.api.ConnectionDoor`."""

    def __init__(
        self,
        session: Session,
        outbound: Outbound,
        renderer: Renderer,
        pushed: Pushed,
        on_fault: Faulty,
    ) -> None:
        self._session = session
        self._outbound = outbound
        self._renderer = renderer
        self._pushed = pushed
        self._on_fault = on_fault
        self._feeds: dict[int, Feed] = {}  # by id of the subscription
        self._rated: dict[int, Feed] = {}  # those of them that have a rate
        self._refresh_ms: int | None = (
            None  # elapsed time at which the set is looked at, as it has changed
        )
        self._leaving: list[Feed] = []  # with something under way when they were last looked at
        self._is_closing = False

    @property
    def is_idle(self) -> bool:
        """Nothing is under way."""
        return not any(feed.held for feed in (*self._feeds.values(), *self._leaving))

    def refresh(self) -> None:
        """Push what is to be pushed now, and nothing else."""
        self._refresh_ms = None
        self._leaving = [feed for feed in self._leaving if feed.held]
        found = [] if self._is_closing else self._pushed(self._session)
        feeds = self._feeds
        for subscription in found:
            feed = feeds.get(subscription.id)
            if feed is None:
                feed = feeds[subscription.id] = Feed(
                    self._session, self._outbound, self._renderer, subscription, self._on_fault
                )
                self._plan(feed)
            elif feed.subscription is not subscription or feed.plan is None:
                feed.subscription = subscription
                self._plan(feed)
        if len(feeds) > len(found):
            there = {subscription.id for subscription in found}
            for id_ in [known for known in feeds if known not in there]:
                self._leave(feeds.pop(id_))
        self._rated = {id_: feed for id_, feed in feeds.items() if feed.plan and feed.plan.rate}

    def _plan(self, feed: Feed) -> None:
        """A subscription that another reader has for itself is asked again at the next change."""
        try:
            plan = self._renderer.plan(feed.subscription)
        except Exception as error:  # noqa: BLE001 - a fault of the face costs this subscription alone
            self._on_fault(error)
            plan = None
        if plan is None:
            feed.close()
            return
        try:
            feed.open(plan)
        except KernelError:
            feed.plan = None

    def _leave(self, feed: Feed) -> None:
        feed.close()
        if feed.held:
            self._leaving.append(feed)

    # --- as a door ---

    def receive(self, data: bytes) -> None:
        """There is no peer."""

    def deliver(self, deliveries: list[Delivery]) -> None:
        """All that came in a turn, before any of it goes: batches are as full as they can be."""
        feeds: dict[Feed, None] = {}
        for delivery in deliveries:
            feed: Feed = delivery.holder.tag
            feed.take(delivery)
            feeds[feed] = None
        for feed in feeds:
            feed.adjust()

    def cancelled(self, holder: Holder) -> None:
        """The subscription was deleted."""
        feed: Feed = holder.tag
        feed.holder = None
        self._feeds.pop(feed.subscription.id, None)
        self._rated.pop(feed.subscription.id, None)
        self._leave(feed)

    def answered(self, ticket: int, result: object) -> None:
        """Nothing was promised."""

    def progressed(self) -> None:
        """The set of pushed subscriptions has changed."""
        pause_ms = len(self._feeds) // LOOKED_AT_PER_MS
        if not pause_ms:
            self.refresh()
        elif self._refresh_ms is None:
            self._refresh_ms = self._session.elapsed_ms() + pause_ms

    def tick(self) -> None:
        """The set is to be looked at, or a rate allows a request that it did not allow before."""
        now_ms = self._session.elapsed_ms()
        if self._refresh_ms is not None and self._refresh_ms <= now_ms:
            self.refresh()
        for feed in list(self._rated.values()):
            due_ms = feed.next_ms()
            if due_ms is not None and due_ms <= now_ms:
                feed.adjust()

    def next_tick_ms(self) -> int | None:
        due = [self._refresh_ms, *(feed.next_ms() for feed in self._rated.values())]
        return min((ms for ms in due if ms is not None), default=None)

    def data_to_send(self) -> Sequence[bytes | memoryview]:
        return ()

    def is_full(self) -> bool:
        return False

    def is_closing(self) -> bool:
        return self._is_closing

    def lost(self) -> None:
        """The session closes next: what it has is nobody's."""

    def shut(self, reason: str) -> None:
        """Take nothing more."""
        self._is_closing = True
        self.refresh()
