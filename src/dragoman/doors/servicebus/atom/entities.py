"""Entities for administration: found, made, changed, deleted. One command of a client may be several of the kernel's,
all of one turn.
"""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from dragoman.doors.servicebus.atom.errors import bad, conflict, missing
from dragoman.doors.servicebus.atom.fields import COUNT_NAMES, COUNTS, RIGHTS, Said
from dragoman.doors.servicebus.atom.forwards import COMES, DIES, Forwards
from dragoman.doors.servicebus.atom.made import (
    limit_ms,
    stream_elements,
    stream_settings,
    subscription_elements,
    subscription_settings,
)
from dragoman.doors.servicebus.atom.times import spell_time
from dragoman.doors.servicebus.definitions import (
    DEAD_LETTERS,
    DEFAULT_RULE,
    DIALECT,
    dead_letters_of,
    path_of_subscription,
)
from dragoman.doors.servicebus.rulebook import Rule
from dragoman.kernel.api import (
    Address,
    AlterStream,
    AlterSubscription,
    CreateStream,
    CreateSubscription,
    DeclareQueue,
    DeleteQueue,
    DeleteStream,
    DeleteSubscription,
    DescribeQueue,
    DescribeStream,
    FindStream,
    ListQueues,
    ListSchedules,
    ListStreams,
    ListSubscriptions,
    QueueInfo,
    Session,
    StreamInfo,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import NotFound, StreamNotFound, SubscriptionNotFound

NAME_CHARS_MAX: Final = 260
SUBSCRIPTION_CHARS_MAX: Final = 50
DROPPED: Final = (COMES, DIES, "UserMetadata", RIGHTS)
_HIDDEN: Final = "/" + DEAD_LETTERS.lower()


class Entities:
    """Those of the namespace, as one request sees them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._now = spell_time(session.wall_ms())
        self._forwards = Forwards(session)

    # --- queues ---

    def queue(self, name: str) -> QueueInfo | None:
        """None where there is no such queue."""
        if is_hidden(name):
            return None
        try:
            found: QueueInfo = self.session.submit(DescribeQueue(name=name))
        except SubscriptionNotFound:
            return None
        return found

    def queues(self) -> list[QueueInfo]:
        """All of them, by name."""
        found: list[QueueInfo] = self.session.submit(ListQueues())
        return [info for info in found if not is_hidden(info.name)]

    def create_queue(self, name: str, said: Said) -> None:
        """Raises AtomError, and what the kernel's commands raise."""
        check_name(name)
        self._check_new(name)
        said = {**said, "CreatedAt": self._now, "UpdatedAt": self._now}
        settings = subscription_settings(SubscriptionSettings(), said)
        stream = stream_settings(StreamSettings(), said, notes=False)
        targets = self._forwards.asked(name, said)
        settings = self._with_dead_letters(name, settings)
        self.session.submit(DeclareQueue(name=name, settings=settings, stream=stream))
        self._forwards.lead(name, name, "", settings, targets)

    def update_queue(self, info: QueueInfo, said: Said) -> None:
        """Raises AtomError, and what the kernel's commands raise."""
        name = info.name
        said = self._changed(self.queue_elements(info), said)
        stream = self._stream(name)
        altered = stream_settings(stream.settings, said, notes=False)
        self._alter_stream(stream, altered)
        self._alter(name, name, info, subscription_settings(info.settings, said), said)

    def delete_queue(self, info: QueueInfo) -> None:
        """With its dead letters."""
        self.session.submit(DeleteQueue(name=info.name))
        self._forwards.stop(info.name)

    def queue_elements(self, info: QueueInfo) -> dict[str, str]:
        """What a description of it says."""
        stream = self._stream(info.name)
        said = stream_elements(stream.settings, notes=False)
        said |= subscription_elements(info.settings) | self._forwards.told(info.name, info)
        said["SizeInBytes"] = str(size_of(stream))
        return said | self._counts(info.name, info)

    # --- topics ---

    def topic(self, name: str) -> StreamInfo | None:
        """None where there is no such topic, or it is a queue."""
        if is_hidden(name) or self.queue(name) is not None:
            return None
        try:
            return self._stream(name)
        except StreamNotFound:
            return None

    def topics(self) -> list[StreamInfo]:
        """All of them, by name."""
        queues = {info.stream for info in self.session.submit(ListQueues())}
        found: list[StreamInfo] = self.session.submit(ListStreams())
        return [info for info in found if info.name not in queues]

    def create_topic(self, name: str, said: Said) -> None:
        """Raises AtomError, and what the kernel's commands raise."""
        check_name(name)
        self._check_new(name)
        said = {**said, "CreatedAt": self._now, "UpdatedAt": self._now}
        settings = stream_settings(StreamSettings(), said, notes=True)
        self.session.submit(CreateStream(name=name, settings=settings))

    def update_topic(self, info: StreamInfo, said: Said) -> None:
        """Lives of its subscriptions' messages follow. Raises AtomError, and what the kernel's commands raise."""
        said = self._changed(self.topic_elements(info), said)
        self._alter_stream(info, stream_settings(info.settings, said, notes=True))
        for subscription in self.subscriptions(info.name):
            settings = subscription_settings(
                subscription.settings, subscription_elements(subscription.settings), limit_ms(said)
            )
            self._submit_altered(subscription, settings)

    def delete_topic(self, info: StreamInfo) -> None:
        """With its subscriptions."""
        for subscription in self.subscriptions(info.name):
            self.delete_subscription(subscription)
        self.session.submit(DeleteStream(name=info.name))

    def topic_elements(self, info: StreamInfo) -> dict[str, str]:
        """What a description of it says."""
        said = stream_elements(info.settings, notes=True)
        said["SizeInBytes"] = str(size_of(info))
        said["SubscriptionCount"] = str(len(self.subscriptions(info.name)))
        said[COUNTS] = spell_counts(0, 0, self._scheduled(info.name))
        return said

    # --- subscriptions ---

    def subscription(self, topic: str, name: str) -> QueueInfo | None:
        """None where there is no such subscription."""
        try:
            found: QueueInfo = self.session.submit(DescribeQueue(name=topic, subscription=name))
        except SubscriptionNotFound:
            return None
        return found if name and found.name != found.stream else None

    def subscriptions(self, topic: str) -> list[QueueInfo]:
        """Those of a topic, by name. Raises StreamNotFound."""
        found: list[QueueInfo] = self.session.submit(ListSubscriptions(name=topic))
        return [info for info in found if info.name != info.stream]

    def create_subscription(self, topic: str, name: str, said: Said, rule: Rule | None) -> None:
        """It takes what is sent from now on. Raises AtomError, and what the kernel's commands raise."""
        stream = self._stream(topic)
        if not 0 < len(name) <= SUBSCRIPTION_CHARS_MAX or "/" in name:
            raise bad(f"A subscription's name has 1 to {SUBSCRIPTION_CHARS_MAX} characters.")
        path = path_of_subscription(topic, name)
        if self.subscription(topic, name) is not None:
            raise conflict(path)
        said = {**said, "CreatedAt": self._now, "UpdatedAt": self._now}
        limit = limit_ms(stream_elements(stream.settings, notes=True))
        settings = subscription_settings(SubscriptionSettings(), said, limit)
        targets = self._forwards.asked(path, said)
        settings = replace(
            self._with_dead_letters(path, settings),
            filter={"rules": [rule or self.stamped(DEFAULT_RULE)]},
            dialect=DIALECT,
        )
        self.session.submit(
            CreateSubscription(name=topic, subscription=name, settings=settings, from_end=True)
        )
        self._forwards.lead(path, topic, name, settings, targets)

    def update_subscription(self, info: QueueInfo, said: Said) -> None:
        """Raises AtomError, and what the kernel's commands raise."""
        path = path_of_subscription(info.stream, info.name)
        said = self._changed(self.subscription_elements(info), said)
        limit = limit_ms(stream_elements(self._stream(info.stream).settings, notes=True))
        settings = subscription_settings(info.settings, said, limit)
        self._alter(path, info.stream, info, settings, said)

    def delete_subscription(self, info: QueueInfo) -> None:
        """With its dead letters."""
        path = path_of_subscription(info.stream, info.name)
        self.session.submit(DeleteSubscription(name=info.stream, subscription=info.name))
        self._forwards.stop(path)

    def subscription_elements(self, info: QueueInfo) -> dict[str, str]:
        """What a description of it says."""
        path = path_of_subscription(info.stream, info.name)
        said = subscription_elements(info.settings) | self._forwards.told(path, info)
        return said | self._counts(path, info)

    def stamped(self, rule: Rule) -> dict[str, Any]:
        """A rule, made now."""
        return {**rule, "created_ms": self.session.wall_ms()}

    # --- parts ---

    def _changed(self, now: Said, said: Said) -> dict[str, str]:
        """What holds after a change: what has a default stays where nobody says otherwise, the rest goes."""
        kept = {name: text for name, text in now.items() if name not in DROPPED}
        return {**kept, **said, "UpdatedAt": self._now}

    def _stream(self, name: str) -> StreamInfo:
        found: StreamInfo = self.session.submit(DescribeStream(name=name))
        return found

    def _check_new(self, name: str) -> None:
        try:
            self.session.submit(FindStream(name=name))
        except NotFound:
            return
        raise conflict(name)

    def _with_dead_letters(self, path: str, settings: SubscriptionSettings) -> SubscriptionSettings:
        """Its dead letters go to a queue that there is now."""
        letters = dead_letters_of(path)
        self._forwards.declare(letters, settings)
        return replace(settings, dead_letter=Address(letters))

    def _alter_stream(self, info: StreamInfo, settings: StreamSettings) -> None:
        if bool(settings.dedup_window_ms) != bool(info.settings.dedup_window_ms):
            raise bad("RequiresDuplicateDetection cannot be changed.")
        if settings != info.settings:
            self.session.submit(AlterStream(name=info.name, settings=settings))

    def _alter(
        self, path: str, source: str, info: QueueInfo, settings: SubscriptionSettings, said: Said
    ) -> None:
        """Raises AtomError, InvalidArgument."""
        targets = self._forwards.asked(path, said)
        settings = self._with_dead_letters(path, settings)
        self._submit_altered(info, settings)
        subscription = "" if info.name == info.stream else info.name
        self._forwards.lead(path, source, subscription, settings, targets)

    def _submit_altered(self, info: QueueInfo, settings: SubscriptionSettings) -> None:
        subscription = "" if info.name == info.stream else info.name
        self.session.submit(
            AlterSubscription(name=info.stream, subscription=subscription, settings=settings)
        )

    def _counts(self, path: str, info: QueueInfo) -> dict[str, str]:
        waiting = self._forwards.waiting(path, info.stream)
        dead, refused = self._dead(info) - waiting.get(DIES, 0), self._forwards.refused(path)
        counts = (
            open_count(info) - waiting.get(COMES, 0),
            dead,
            self._scheduled(info.name) if info.name == info.stream else 0,
            sum(waiting.values()),
            0 if refused is None else open_count(refused),
        )
        return {"MessageCount": str(sum(counts)), COUNTS: spell_counts(*counts)}

    def _dead(self, info: QueueInfo) -> int:
        """How many dead letters there are, where they are nobody else's."""
        letters = info.settings.dead_letter
        if letters is None or letters.is_route or not is_hidden(letters.name):
            return 0
        try:
            return open_count(self.session.submit(DescribeQueue(name=letters.name)))
        except SubscriptionNotFound:
            return 0

    def _scheduled(self, name: str) -> int:
        """How many messages wait for their time, as far as the kernel looks."""
        return len(self.session.submit(ListSchedules(name=name)).found)


def open_count(info: QueueInfo) -> int:
    """Messages that are not done, whoever has them."""
    return info.ready + info.leased + info.delayed + info.waiting + info.deferred


def size_of(info: StreamInfo) -> int:
    """Bytes stored."""
    return sum(partition.size_bytes for partition in info.partitions)


def spell_counts(
    active: int, dead: int, scheduled: int, transfer: int = 0, transfer_dead: int = 0
) -> str:
    """What stands in `CountDetails`, by spaces, in the order of COUNT_NAMES."""
    counts: Sequence[int] = (active, dead, scheduled, transfer, transfer_dead)
    assert len(counts) == len(COUNT_NAMES)
    return " ".join(map(str, counts))


def is_hidden(name: str) -> bool:
    """Whether it is a queue of dead letters, which is no entity of its own."""
    return name.lower().endswith(_HIDDEN)


def check_name(name: str) -> None:
    """Raises AtomError."""
    if not 0 < len(name) <= NAME_CHARS_MAX or is_hidden(name):
        raise bad(f"The name of a queue or topic has 1 to {NAME_CHARS_MAX} characters.")


def found(info: Any, path: str) -> Any:
    """What was looked for. Raises AtomError."""
    if info is None:
        raise missing(path)
    return info
