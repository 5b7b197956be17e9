"""What users of LocalStack count on beyond SQS itself, with `--like localstack`.

GET  /_localstack/health                                what runs
GET  /_aws/sqs/messages?QueueUrl=...                    messages of a queue, looked at and not received: XML, or JSON
GET  /_aws/sqs/messages/REGION/ACCOUNT/QUEUE            for who accepts it; ShowInvisible, ShowDelayed = true
POST /_aws/sqs/messages                                 the same as ReceiveMessage of either protocol
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from dragoman.doors.shared.rest.call import Call, Request, Response, Route, json_response
from dragoman.doors.shared.rest.problem import problem
from dragoman.doors.sqs.asking import Asked, RequestIds, refusal
from dragoman.doors.sqs.errors import missing, refusal_of
from dragoman.doors.sqs.names import Place, check_account
from dragoman.doors.sqs.queue import Queue, Queues
from dragoman.doors.sqs.spelling import Reader, Wanted, add_fifo, show, system_attributes
from dragoman.formats import translate
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.formats.sqs import SqsMessage, unpack
from dragoman.kernel.api import Peek, Peeked, Tokens
from dragoman.model.levels import SQS
from dragoman.wire.aws.query import read_form
from dragoman.wire.aws.shapes import Received, ReceivedMessages
from dragoman.wire.aws.xml import SQS_NAMESPACE

HANDLE: Final = "SQS/BACKDOOR/ACCESS"
SHOWN_MAX: Final = 1_000
VISIBLE: Final = ("READY", "RETURNED")
INVISIBLE: Final = ("LEASED", "WAITING")
DELAYED: Final = ("DELAYED",)
SERVICES: Final = ("sqs", "sns")
_ACTION: Final = "ReceiveMessage"
_NOBODY: Final = Tokens(bytes(32))  # nobody is given a handle


class LocalstackFace:
    """See `doors.shared.rest.call.Face`."""

    name = "localstack"

    def __init__(self) -> None:
        self._queues = Queues()
        self._ids = RequestIds()

    def routes(self) -> Sequence[Route]:
        """See the module."""
        return (
            Route("GET", "/_localstack/health", self._health),
            Route("GET", "/_aws/sqs/messages", self._peek),
            Route("POST", "/_aws/sqs/messages", self._receive),
            Route("GET", "/_aws/sqs/messages/{region}/{account}/{queue}", self._peek),
        )

    def refuse(self, request: Request, error: Exception) -> Response:
        """As SQS would."""
        return refusal(request, refusal_of(error), self._ids.last())

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """Whatever else begins like LocalStack's own paths."""
        if request.path.startswith((b"/_localstack", b"/_aws")):
            return problem(405 if allowed else 404, "not-here")
        return None

    def _health(self, call: Call) -> Response:
        version = call.session.node().version
        services = dict.fromkeys(SERVICES, "running")
        return json_response(200, {"services": services, "edition": "dragoman", "version": version})

    # --- looking ---

    def _peek(self, call: Call) -> Response:
        asked = Asked(call, self._ids.next(call.session))
        asked.authenticate()
        options = read_form(call.request.query)
        if call.parameters:
            account = check_account(call.parameters["account"])
            queue = self._queues.at(call.session, Place(account, call.parameters["queue"]))
        elif options.get("QueueUrl"):
            queue = self._queues.of(asked, options["QueueUrl"])
        else:
            raise missing("QueueUrl")
        messages = self._messages(asked, queue, options)
        if b"json" not in (call.request.header(b"accept") or b""):
            asked.action = _ACTION
            return asked.answer(ReceivedMessages(messages or msgspec.UNSET))
        return json_response(200, _as_xml_says(messages, asked.request_id))

    def _receive(self, call: Call) -> Response:
        asked = Asked(call, self._ids.next(call.session))
        request = asked.read()
        queue = self._queues.of(asked, request.queue_url)
        messages = self._messages(asked, queue, read_form(call.request.query))
        return asked.answer(ReceivedMessages(messages or msgspec.UNSET))

    def _messages(self, asked: Asked, queue: Queue, options: Mapping[str, str]) -> list[Received]:
        states: tuple[str, ...] = VISIBLE
        if options.get("ShowInvisible", "").lower() == "true":
            states += INVISIBLE
        if options.get("ShowDelayed", "").lower() == "true":
            states += DELAYED
        wanted = Wanted(["All"], ["All"])
        session = asked.session
        reader = Reader(
            queue.place, queue.head.uuid, asked.region, wanted, _NOBODY, 0, session.wall_ms()
        )
        found: list[Received] = []
        for partition in range(queue.head.partition_count):
            command = Peek(
                namespace=queue.namespace,
                name=queue.head.name,
                partition=partition,
                count_max=SHOWN_MAX,
                states=states,
            )
            found += [_shown(reader, queue, partition, one) for one in session.submit(command)]
        return found


def _shown(reader: Reader, queue: Queue, partition: int, one: Peeked) -> Received:
    message = _entry(queue, one, reader.now_ms)
    shown = show(reader, message, HANDLE, partition, one.offset)
    told = system_attributes(reader, message, one.tries, 0, one.stored_ms)
    if queue.traits.is_fifo:
        add_fifo(told, reader.wanted.system, message, shown.message_id, one.offset)
    shown.attributes = told
    return shown


def _entry(queue: Queue, one: Peeked, now_ms: int) -> SqsMessage:
    """What cannot be read is shown as the bytes it is."""
    try:
        options = RenderOptions(queue.head.name, now_ms)
        return unpack(translate(one.format, one.body, SQS, options, one.stored_ms)[0])
    except (FormatError, IndexError):
        return SqsMessage(body=one.body)


def _as_xml_says(messages: list[Received], request_id: str) -> dict[str, Any]:
    """The XML answer, element by element, in JSON."""
    told = [
        {
            "MessageId": one.message_id,
            "ReceiptHandle": one.receipt_handle,
            "MD5OfBody": one.body_md5,
            "Body": one.body,
            "Attribute": [
                {"Name": name, "Value": value} for name, value in (one.attributes or {}).items()
            ],
            "MessageAttribute": [
                {"Name": name, "Value": value}
                for name, value in (one.message_attributes or {}).items()
            ],
        }
        for one in messages
    ]
    return {
        "ReceiveMessageResponse": {
            "@xmlns": SQS_NAMESPACE,
            "ReceiveMessageResult": {"Message": told} if told else None,
            "ResponseMetadata": {"RequestId": request_id},
        }
    }
