"""Amazon SQS: `sqs://REGION/QUEUE` in the cloud, `sqs://[KEY:SECRET@]HOST:PORT/QUEUE[?region=..][&tls=true]` elsewhere.

Without a key and a secret, boto3 finds credentials as it always does. A reader receives, and deletes what was written
elsewhere; what it still holds when it closes is made visible again. A queue's own count is an estimate, so only silence
ends a copy from it. A writer sends batches of ten, several at once unless the queue is a FIFO one.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from dragoman.cli.copying.ends import Entry, Taken
from dragoman.cli.copying.needs import library
from dragoman.cli.copying.places import Place
from dragoman.cli.errors import UNREACHABLE, CommandError
from dragoman.formats import translate
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.formats.sqs import BYTES, TEXT, SqsMessage, pack_attribute, unpack, unpack_attributes
from dragoman.formats.sqsvalues import BINARY, base_of
from dragoman.model.levels import SQS
from dragoman.ports.clock import Clock

REQUEST_MAX: Final = 10  # messages of one
REQUEST_BYTES_MAX: Final = 1 << 20
REQUESTS_MAX: Final = 8  # at once
HELD_S: Final = 300  # how long a message is ours: far longer than a batch takes
REGION: Final = "us-east-1"  # where nobody says one: brokers other than Amazon's ask for none
FIFO: Final = ".fifo"
NO_GROUP: Final = "copy"  # of a message that has none, in a FIFO queue


class _Queue:
    """A queue and its client, whose methods may be called from several threads."""

    def __init__(self, place: Place) -> None:
        place.only("region", "tls")
        boto3 = library("boto3", "sqs")
        botocore = library("botocore.exceptions", "sqs")
        config = library("botocore.config", "sqs")
        self.place = place
        self.errors = (botocore.BotoCoreError, botocore.ClientError)
        said: dict[str, Any] = {"region_name": place.options.get("region", REGION)}
        if place.port is None:
            said["region_name"] = place.host
        else:
            scheme = "https" if place.options.get("tls") == "true" else "http"
            said["endpoint_url"] = f"{scheme}://{place.servers}"
        if place.user is not None:
            said |= {
                "aws_access_key_id": place.user,
                "aws_secret_access_key": place.password or "",
            }
        try:
            self.client = boto3.client(
                "sqs", config=config.Config(max_pool_connections=REQUESTS_MAX + 1), **said
            )
            self.url = self.client.get_queue_url(QueueName=place.name)["QueueUrl"]
        except self.errors as error:
            raise self.failed(error) from error

    def failed(self, error: object) -> CommandError:
        return CommandError(f"{self.place}: {error}", UNREACHABLE)

    def call(self, operation: str, **members: Any) -> Any:
        """Raises CommandError."""
        try:
            return getattr(self.client, operation)(QueueUrl=self.url, **members)
        except self.errors as error:
            raise self.failed(error) from error


class SqsReader:
    """See the module."""

    is_done: Final = False

    def __init__(self, place: Place, clock: Clock, *, looks: bool) -> None:
        self._queue = _Queue(place)
        self._clock = clock
        self._looks = looks
        self._held: dict[str, None] = {}  # receipt handles; at most what is under way
        self.expected: int | None = None

    def read(self, count_max: int, wait_s: float) -> list[Taken]:
        """As many requests as there is room for, while they bring something. Raises CommandError."""
        found: list[Taken] = []
        while len(found) < count_max:
            messages = self._queue.call(
                "receive_message",
                MaxNumberOfMessages=min(REQUEST_MAX, count_max - len(found)),
                WaitTimeSeconds=0 if found else max(1, round(wait_s)),
                VisibilityTimeout=HELD_S,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            if not messages:
                break
            for message in messages:
                self._held[message["ReceiptHandle"]] = None
                entry = Entry(SQS, _packed(message), self._clock.wall_ms())
                found.append(Taken(entry, message["ReceiptHandle"]))
        return found

    def settle(self, taken: Sequence[Taken]) -> None:
        """Delete. Raises CommandError."""
        if self._looks:
            return
        for start in range(0, len(taken), REQUEST_MAX):
            handles = [one.token for one in taken[start : start + REQUEST_MAX]]
            answer = self._queue.call("delete_message_batch", Entries=_handles(handles))
            if answer.get("Failed"):
                raise self._queue.failed(f"not deleted: {answer['Failed'][0].get('Message')}")
            for handle in handles:
                del self._held[handle]

    def close(self) -> None:
        """Make visible again what is still held."""
        handles = list(self._held)
        for start in range(0, len(handles), REQUEST_MAX):
            entries = [
                one | {"VisibilityTimeout": 0}
                for one in _handles(handles[start : start + REQUEST_MAX])
            ]
            self._queue.call("change_message_visibility_batch", Entries=entries)
        self._queue.client.close()


def _handles(handles: Sequence[str]) -> list[dict[str, Any]]:
    return [{"Id": str(index), "ReceiptHandle": one} for index, one in enumerate(handles)]


def _packed(message: dict[str, Any]) -> bytes:
    """A received message as a broker stores it."""
    system = message.get("Attributes", {})
    found = SqsMessage(sent_ms=int(system.get("SentTimestamp", 0)), body=message["Body"].encode())
    found.group = system.get("MessageGroupId", "").encode()
    found.dedup = system.get("MessageDeduplicationId", "").encode()
    found.trace = system.get("AWSTraceHeader", "").encode()
    attributes = message.get("MessageAttributes", {})
    found.attributes = b"".join(_attribute(name, attributes[name]) for name in sorted(attributes))
    return found.pack()


def _attribute(name: str, said: dict[str, Any]) -> bytes:
    kind = said["DataType"]
    is_binary = base_of(kind) == BINARY
    value = said["BinaryValue"] if is_binary else said["StringValue"].encode()
    return pack_attribute(name.encode(), kind.encode(), BYTES if is_binary else TEXT, value)


class SqsWriter:
    """See the module."""

    def __init__(self, place: Place, clock: Clock) -> None:
        self._queue = _Queue(place)
        self._clock = clock
        self._is_fifo: Final = place.name.endswith(FIFO)
        self._requests = ThreadPoolExecutor(1 if self._is_fifo else REQUESTS_MAX, "sqs")

    def write(self, entries: Sequence[Entry]) -> list[str]:
        """Raises CommandError."""
        refusals = [""] * len(entries)
        said: list[tuple[int, dict[str, Any]]] = []
        for index, entry in enumerate(entries):
            try:
                said.append((index, self._said(entry)))
            except FormatError as error:
                refusals[index] = str(error)
        for answer in self._requests.map(self._send, _requests(said)):
            for index, refusal in answer:
                refusals[index] = refusal
        return refusals

    def _said(self, entry: Entry) -> dict[str, Any]:
        """What SendMessage is told. Raises FormatError."""
        options = RenderOptions(self._queue.place.name, self._clock.wall_ms())
        (stored,) = translate(entry.format, entry.data, SQS, options, entry.stored_ms)
        message = unpack(stored)
        found: dict[str, Any] = {
            "MessageBody": message.body.decode(),
            "MessageAttributes": {
                name.decode(): _spelled(kind.decode(), value)
                for name, kind, _, value in unpack_attributes(message.attributes)
            },
        }
        if message.group or self._is_fifo:  # a standard queue is fair to groups
            found["MessageGroupId"] = message.group.decode() or NO_GROUP
        if self._is_fifo and message.dedup:
            found["MessageDeduplicationId"] = message.dedup.decode()
        if message.trace:
            value = {"DataType": "String", "StringValue": message.trace.decode()}
            found["MessageSystemAttributes"] = {"AWSTraceHeader": value}
        return found

    def _send(self, said: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, str]]:
        """Raises CommandError."""
        entries = [{"Id": str(index), **message} for index, message in said]
        answer = self._queue.call("send_message_batch", Entries=entries)
        sent = [(int(one["Id"]), "") for one in answer.get("Successful", [])]
        return sent + [
            (int(one["Id"]), f"{one['Code']}: {one.get('Message', '')}")
            for one in answer.get("Failed", [])
        ]

    def count(self) -> int | None:
        """A queue of SQS has an estimate only."""
        return None

    def close(self) -> None:
        """Nothing is under way: `write` waits for every answer."""
        self._requests.shutdown()
        self._queue.client.close()


def _spelled(kind: str, value: bytes) -> dict[str, Any]:
    if base_of(kind) == BINARY:
        return {"DataType": kind, "BinaryValue": value}
    return {"DataType": kind, "StringValue": value.decode()}


def _requests(said: list[tuple[int, dict[str, Any]]]) -> list[list[tuple[int, dict[str, Any]]]]:
    """As many as go into one, by number and size."""
    found: list[list[tuple[int, dict[str, Any]]]] = []
    room = 0
    for index, message in said:
        size = _size(message)
        if not found or len(found[-1]) == REQUEST_MAX or size > room:
            found.append([])
            room = REQUEST_BYTES_MAX
        found[-1].append((index, message))
        room -= size
    return found


def _size(message: dict[str, Any]) -> int:
    """Of body and attributes, as SQS counts them."""
    attributes = message["MessageAttributes"]
    return len(message["MessageBody"].encode()) + sum(
        len(name) + len(one["DataType"]) + len(one.get("StringValue", "").encode())
        + len(one.get("BinaryValue", b""))
        for name, one in attributes.items()
    )  # fmt: skip
