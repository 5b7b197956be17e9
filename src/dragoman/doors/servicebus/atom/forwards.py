"""Where entities forward what comes, and what dies; and what waits for that, or could not be.

An entity's pumps and the queues beside it, see `definitions`. Both are made when somebody forwards for the first time.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from dragoman.doors.servicebus.atom.errors import bad
from dragoman.doors.servicebus.atom.fields import Said
from dragoman.doors.servicebus.definitions import (
    dead_letters_of,
    forwarding,
    forwarding_dead_letters,
    pump_of,
    transfer_letters_of,
)
from dragoman.doors.shared.amqp10.addresses import path_of
from dragoman.kernel.api import (
    CreatePump,
    DeclareQueue,
    DeletePump,
    DeleteQueue,
    DescribeQueue,
    FindStream,
    ListPumps,
    PumpInfo,
    QueueInfo,
    Session,
    SubscriptionSettings,
)
from dragoman.model.errors import PumpNotFound, StreamNotFound, SubscriptionNotFound

COMES: Final = "ForwardTo"
DIES: Final = "ForwardDeadLetteredMessagesTo"


class Forwards:
    """Those of the namespace's entities."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # --- what is said ---

    def asked(self, path: str, said: Said) -> dict[str, str]:
        """The targets that a description names, by element. Raises AtomError."""
        found = {element: self._target(path, said, element) for element in (COMES, DIES)}
        if found[COMES] and said.get("RequiresSession") == "true":
            raise bad("ForwardTo: not where sessions are required.")
        return found

    def _target(self, path: str, said: Said, element: str) -> str:
        target = path_of(said.get(element, "")).strip("/")
        if not target:
            return ""
        if target == path:
            raise bad(f"{element}: {path!r} is the entity itself.")
        try:
            self._session.submit(FindStream(name=target))
        except StreamNotFound:
            raise bad(f"{element}: there is no queue or topic {target!r}.") from None
        return target

    def told(self, path: str, info: QueueInfo) -> dict[str, str]:
        """What a description says of where the entity's messages go."""
        found = {}
        for element, pump in self._of(path, info.stream):
            found[element] = pump.settings.targets[0].name
        letters = info.settings.dead_letter
        if letters is not None and letters.name.lower() != dead_letters_of(path).lower():
            found[DIES] = letters.name or letters.key  # straight there, as a file may say
        return found

    # --- what is done ---

    def lead(
        self,
        path: str,
        source: str,
        subscription: str,
        settings: SubscriptionSettings,
        targets: Mapping[str, str],
    ) -> None:
        """Forward to these from now on, and to no others."""
        known = {element: pump.settings.targets[0].name for element, pump in self._of(path, source)}
        for element, target in targets.items():
            if known.get(element, "") == target:
                continue
            made = (
                forwarding(path, source, subscription, target)
                if element == COMES
                else forwarding_dead_letters(path, target)
            )
            self._stop(made.name)
            if target:
                self._begin(path, made, settings)

    def _begin(self, path: str, made: CreatePump, settings: SubscriptionSettings) -> None:
        self.declare(transfer_letters_of(path), settings)
        self._session.submit(made)

    def declare(self, name: str, settings: SubscriptionSettings) -> None:
        """A queue of dead letters, with the locks of the entity that has these settings."""
        own = SubscriptionSettings(lease_duration_ms=settings.lease_duration_ms)
        self._session.submit(DeclareQueue(name=name, settings=own))

    def stop(self, path: str) -> None:
        """The entity goes: so do its pumps and the queues beside it."""
        for name in (pump_of(path), pump_of(dead_letters_of(path))):
            self._stop(name)
        for name in (dead_letters_of(path), transfer_letters_of(path)):
            try:
                self._session.submit(DeleteQueue(name=name))
            except SubscriptionNotFound:
                continue

    def _stop(self, pump: str) -> None:
        try:
            self._session.submit(DeletePump(name=pump))
        except PumpNotFound:
            return

    # --- counts ---

    def waiting(self, path: str, source: str) -> dict[str, int]:
        """How many messages are yet to be forwarded, of those that came (ForwardTo) and of dead letters."""
        return {element: pump.left for element, pump in self._of(path, source)}

    def refused(self, path: str) -> QueueInfo | None:
        """The queue of what could not be forwarded."""
        try:
            found: QueueInfo = self._session.submit(DescribeQueue(name=transfer_letters_of(path)))
        except SubscriptionNotFound:
            return None
        return found

    def _of(self, path: str, source: str) -> Iterator[tuple[str, PumpInfo]]:
        letters = dead_letters_of(path)
        for element, stream, name in ((COMES, source, path), (DIES, letters, letters)):
            try:
                pumps: list[PumpInfo] = self._session.submit(ListPumps(source=stream))
            except StreamNotFound:
                continue
            for pump in pumps:
                if pump.name == pump_of(name):
                    yield element, pump
