"""Azure Service Bus: `servicebus://[KEYNAME:KEY@]NAMESPACE.servicebus.windows.net/QUEUE`.

To read from also `.../TOPIC/Subscriptions/SUBSCRIPTION`. With a port it is a broker at that address, without TLS, as
the emulator is. A reader completes what was written elsewhere, and abandons the rest when it closes; where the entity
wants sessions (`?sessions=true`) it takes one after the other, and goes on when one has nothing more. A writer sends as
many messages at once as a link takes; those of a session not together with those of another.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from dragoman.cli.copying.azuremessage import entry_of, message_of
from dragoman.cli.copying.ends import Entry, Taken
from dragoman.cli.copying.needs import library
from dragoman.cli.copying.places import Place
from dragoman.cli.errors import UNREACHABLE, CommandError
from dragoman.formats import translate
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import AMQP10
from dragoman.ports.clock import Clock

KEY_NAME: Final = "RootManageSharedAccessKey"
SUBSCRIPTIONS: Final = "/subscriptions"
SESSION_WAIT_S: Final = 1.0  # for one that is free


class _Link:
    """The client, and what it raises."""

    def __init__(self, place: Place) -> None:
        place.only("sessions")
        servicebus = library("azure.servicebus", "servicebus")
        self.errors = (
            library("azure.servicebus.exceptions", "servicebus").ServiceBusError,
            library("azure.core.exceptions", "servicebus").AzureError,
            ValueError,
        )
        self.none_left = library("azure.servicebus.exceptions", "servicebus").OperationTimeoutError
        self.next_session = servicebus.NEXT_AVAILABLE_SESSION
        self.amqp = library("azure.servicebus.amqp", "servicebus")
        self.place = place
        self.client = servicebus.ServiceBusClient.from_connection_string(_connection_string(place))

    def failed(self, error: object) -> CommandError:
        return CommandError(f"{self.place}: {error}", UNREACHABLE)


def _connection_string(place: Place) -> str:
    said = (
        f"Endpoint=sb://{place.servers};SharedAccessKeyName={place.user or KEY_NAME};"
        f"SharedAccessKey={place.password or 'none'};"
    )
    return said if place.port is None else f"{said}UseDevelopmentEmulator=true;"


class ServicebusReader:
    """See the module."""

    is_done: Final = False  # its count is for administrators

    def __init__(self, place: Place, clock: Clock, *, looks: bool) -> None:
        self._link = _Link(place)
        self._clock = clock
        self._looks = looks
        self._held: dict[int, tuple[Any, Any]] = {}  # by sequence number: by whom, and the message
        self._has_sessions: Final = place.options.get("sessions") == "true"
        self._left: list[
            Any
        ] = []  # receivers of sessions that have nothing more, but are still held
        self.expected: int | None = None
        self._receiver: Any = None
        try:
            if not self._has_sessions:
                self._receiver = self._open()
                self._receiver.peek_messages(1)  # it is there, and we may
        except self._link.errors as error:
            raise self._link.failed(error) from error

    def _open(self, **told: Any) -> Any:
        client, place = self._link.client, self._link.place
        if place.path.lower().endswith(SUBSCRIPTIONS):
            topic = place.path[: -len(SUBSCRIPTIONS)]
            return client.get_subscription_receiver(topic, place.name, **told)
        return client.get_queue_receiver(_entity(place), **told)

    def _next_session(self) -> bool:
        """Whether one is free that has messages."""
        receiver = self._open(session_id=self._link.next_session, max_wait_time=SESSION_WAIT_S)
        try:
            receiver.__enter__()
        except self._link.none_left:
            receiver.close()
            return False
        self._receiver = receiver
        return True

    def _leave_session(self) -> None:
        self._left.append(self._receiver)
        self._receiver = None
        self._close_left()

    def _close_left(self) -> None:
        """A lock ends with its receiver, which has to settle first what it took."""
        busy = {id(receiver) for receiver, _ in self._held.values()}
        for receiver in [each for each in self._left if id(each) not in busy]:
            self._left.remove(receiver)
            receiver.close()

    def read(self, count_max: int, wait_s: float) -> list[Taken]:
        """Raises CommandError."""
        if not count_max:
            return []  # the client keeps its connection itself
        try:
            if self._receiver is None and not self._next_session():
                return []
            messages = self._receiver.receive_messages(count_max, wait_s)
        except self._link.errors as error:
            raise self._link.failed(error) from error
        if self._has_sessions and not messages:
            self._leave_session()
            return []
        found = []
        for message in messages:
            self._held[message.sequence_number] = (self._receiver, message)
            try:
                entry = entry_of(message.raw_amqp_message, self._clock.wall_ms())
            except FormatError as error:
                raise self._link.failed(error) from error
            found.append(Taken(entry, message.sequence_number))
        return found

    def settle(self, taken: Sequence[Taken]) -> None:
        """Complete. Raises CommandError."""
        if self._looks:
            return
        try:
            for one in taken:
                receiver, message = self._held.pop(one.token)
                receiver.complete_message(message)
            self._close_left()
        except self._link.errors as error:
            raise self._link.failed(error) from error

    def close(self) -> None:
        """Abandon what is still held."""
        try:
            for receiver, message in self._held.values():
                receiver.abandon_message(message)
        finally:
            for receiver in [*self._left, self._receiver]:
                if receiver is not None:
                    receiver.close()
            self._link.client.close()


def _entity(place: Place) -> str:
    """A name may have parts."""
    return f"{place.path}/{place.name}" if place.path else place.name


class ServicebusWriter:
    """See the module."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self._link = _Link(place)
        self._clock = clock
        self._sender = self._link.client.get_queue_sender(_entity(place))
        try:
            self._sender.create_message_batch()  # opens the link
        except self._link.errors as error:
            raise self._link.failed(error) from error

    def write(self, entries: Sequence[Entry]) -> list[str]:
        """Raises CommandError."""
        refusals = [""] * len(entries)
        ready: list[tuple[int, Any]] = []
        for index, entry in enumerate(entries):
            try:
                ready.append((index, self._message(entry)))
            except FormatError as error:
                refusals[index] = str(error)
        for batch in self._batches(ready, refusals):
            try:
                self._sender.send_messages(batch)
            except self._link.errors as error:
                raise self._link.failed(error) from error
        return refusals

    def _message(self, entry: Entry) -> Any:
        """Raises FormatError."""
        options = RenderOptions(_entity(self._link.place), self._clock.wall_ms())
        (stored,) = translate(entry.format, entry.data, AMQP10, options, entry.stored_ms)
        return message_of(stored, self._link.amqp)

    def _batches(self, ready: list[tuple[int, Any]], refusals: list[str]) -> Iterator[Any]:
        for _, group in groupby(ready, lambda one: one[1].properties.group_id):
            batch = self._sender.create_message_batch()
            for index, message in group:
                if self._add(batch, message):
                    continue
                if len(batch):
                    yield batch
                    batch = self._sender.create_message_batch()
                if not self._add(batch, message):
                    refusals[index] = f"larger than a link takes, {batch.max_size_in_bytes} bytes"
            if len(batch):
                yield batch

    def _add(self, batch: Any, message: Any) -> bool:
        """Whether there was room."""
        try:
            batch.add_message(message)
        except ValueError:  # MessageSizeExceededError is one
            return False
        return True

    def count(self) -> int | None:
        """Its count is for administrators."""
        return None

    def close(self) -> None:
        """Nothing is under way: `write` waits for every answer."""
        self._sender.close()
        self._link.client.close()
