"""Google Cloud Pub/Sub: `pubsub://PROJECT/NAME` in the cloud, `pubsub://[KEY:SECRET@]HOST:PORT/PROJECT/NAME` elsewhere.

To read from, the name is a subscription's; to write to, a topic's. Credentials of the cloud are found as Google's
client always does. A message is protobuf's bytes as the broker stores them; its ordering key goes with it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from dragoman.cli.copying.ends import Entry, Taken
from dragoman.cli.copying.needs import library
from dragoman.cli.copying.places import Place
from dragoman.cli.errors import UNREACHABLE, CommandError
from dragoman.formats import translate
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import PUBSUB
from dragoman.ports.clock import Clock

HELD_S: Final = 600  # the longest there is: a batch takes far less
CONFIRM_S: Final = 120.0
IDS_MAX: Final = 1_000  # of one request
REQUEST_BYTES_MAX: Final = 8 << 20  # of messages; Google takes ten
ANSWER_S: Final = 30.0
PULL_S: Final = 1.0  # for an answer to come back once it was given


class _Client:
    """One of Google's clients, and where it is."""

    def __init__(self, place: Place, kind: str) -> None:
        place.only()
        library("google.cloud.pubsub_v1", "pubsub")
        self.types = library("google.pubsub_v1", "pubsub")
        self._errors = library("google.api_core.exceptions", "pubsub")
        auth = library("google.auth.exceptions", "pubsub")
        self.place = place
        self.project: Final = place.host if place.port is None else place.path
        if not self.project or (place.port is None and place.path):
            raise CommandError(f"{place}: expected pubsub://PROJECT/NAME")
        try:
            self._client = getattr(self.types, f"{kind}Client")(**self._where(kind))
        except auth.GoogleAuthError as error:
            raise self.failed(error) from error
        key = f"{place.user}:{place.password or ''}"
        self._metadata: Final = () if place.user is None else (("x-goog-api-key", key),)

    def _where(self, kind: str) -> dict[str, Any]:
        """Nothing but for a broker at an address of its own, without TLS."""
        if self.place.port is None:
            return {}
        service = f"google.pubsub_v1.services.{kind.lower()}.transports"
        transport = getattr(library(service, "pubsub"), f"{kind}GrpcTransport")
        channel = library("grpc", "pubsub").insecure_channel(self.place.servers)
        return {"transport": transport(channel=channel)}

    def call(self, method: str, timeout_s: float = ANSWER_S, **request: Any) -> Any:
        """Raises CommandError, Quiet when the time is over, BadRequest when the request is at fault."""
        try:
            return getattr(self._client, method)(
                request=request, timeout=timeout_s, retry=None, metadata=self._metadata
            )
        except self._errors.DeadlineExceeded as error:
            raise Quiet from error
        except self._errors.InvalidArgument as error:
            raise BadRequest(error.message) from error
        except self._errors.GoogleAPIError as error:
            raise self.failed(error) from error

    def failed(self, error: object) -> CommandError:
        return CommandError(f"{self.place}: {error}", UNREACHABLE)

    def close(self) -> None:
        self._client.transport.close()


class Quiet(CommandError):
    """No answer came in time."""

    def __init__(self) -> None:
        super().__init__("no answer came in time", UNREACHABLE)


class BadRequest(CommandError):
    """The broker does not take what it was told."""


class PubsubReader:
    """See the module."""

    is_done: Final = False  # a subscription has no count

    def __init__(self, place: Place, clock: Clock, *, looks: bool) -> None:
        self._it = _Client(place, "Subscriber")
        self._looks = looks
        self._name = f"projects/{self._it.project}/subscriptions/{place.name}"
        self._held: dict[str, None] = {}
        self.expected: int | None = None
        self._it.call("get_subscription", subscription=self._name)

    def read(self, count_max: int, wait_s: float) -> list[Taken]:
        """Raises CommandError."""
        if not count_max:
            return []
        wait_s += PULL_S
        try:
            answer = self._it.call("pull", wait_s, subscription=self._name, max_messages=count_max)
        except Quiet:
            return []
        handles = [one.ack_id for one in answer.received_messages]
        self._each("modify_ack_deadline", handles, ack_deadline_seconds=HELD_S)
        self._held.update(dict.fromkeys(handles))
        return [Taken(_entry(one.message), one.ack_id) for one in answer.received_messages]

    def _each(self, method: str, handles: Sequence[str], **more: Any) -> None:
        for start in range(0, len(handles), IDS_MAX):
            ids = handles[start : start + IDS_MAX]
            self._it.call(method, subscription=self._name, ack_ids=ids, **more)

    def settle(self, taken: Sequence[Taken]) -> None:
        """Acknowledge. Raises CommandError."""
        if self._looks:
            return
        self._each("acknowledge", [one.token for one in taken])
        for one in taken:
            del self._held[one.token]

    def close(self) -> None:
        """Give back what is still held."""
        self._each("modify_ack_deadline", list(self._held), ack_deadline_seconds=0)
        self._it.close()


def _entry(message: Any) -> Entry:
    """As the broker stores it: without what it says of the message itself."""
    published: datetime | None = message.publish_time
    stored_ms = 0 if published is None else int(published.timestamp() * 1000)
    kind = type(message)
    plain = kind(
        data=message.data, attributes=message.attributes, ordering_key=message.ordering_key
    )
    return Entry(PUBSUB, kind.serialize(plain), stored_ms)


class PubsubWriter:
    """A batch is one request, or a few where it is large. One that is refused is sent again message by message."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self._it = _Client(place, "Publisher")
        self._clock = clock
        self._topic = f"projects/{self._it.project}/topics/{place.name}"
        self._it.call("get_topic", topic=self._topic)

    def write(self, entries: Sequence[Entry]) -> list[str]:
        """Raises CommandError."""
        refusals = [""] * len(entries)
        ready: list[tuple[int, bytes]] = []
        for index, entry in enumerate(entries):
            try:
                ready.append((index, self._stored(entry)))
            except FormatError as error:
                refusals[index] = str(error)
        for request in _requests(ready):
            self._send(request, refusals)
        return refusals

    def _stored(self, entry: Entry) -> bytes:
        """Raises FormatError."""
        options = RenderOptions(self._it.place.name, self._clock.wall_ms())
        (stored,) = translate(entry.format, entry.data, PUBSUB, options, entry.stored_ms)
        return stored

    def _send(self, request: list[tuple[int, bytes]], refusals: list[str]) -> None:
        """Raises CommandError."""
        messages = [self._it.types.PubsubMessage.deserialize(stored) for _, stored in request]
        try:
            self._it.call("publish", CONFIRM_S, topic=self._topic, messages=messages)
        except BadRequest as error:
            if len(request) == 1:
                refusals[request[0][0]] = str(error)
                return
            for one in request:
                self._send([one], refusals)

    def count(self) -> int | None:
        """A topic has none."""
        return None

    def close(self) -> None:
        """Nothing is under way: `write` waits for every answer."""
        self._it.close()


def _requests(ready: list[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """As many messages as go into one, by number and size."""
    found: list[tuple[int, bytes]] = []
    size = 0
    for one in ready:
        size += len(one[1])
        if found and (len(found) == IDS_MAX or size > REQUEST_BYTES_MAX):
            yield found
            found, size = [], len(one[1])
        found.append(one)
    if found:
        yield found
