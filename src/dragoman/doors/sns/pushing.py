"""Messages to URLs: what is posted for each, and answers as what becomes of it. What is common to all who push is
`shared.push`.

POST URL                                 Content-Type: text/plain; charset=UTF-8, or as the delivery policy says
x-amz-sns-message-type: Notification     x-amz-sns-message-id    x-amz-sns-topic-arn    x-amz-sns-subscription-arn
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.shared.push.renderer import Plan, PushedSubscription, PushMessage, Verdict
from dragoman.doors.sns.messages import NOTIFICATION
from dragoman.doors.sns.schedule import TEXT, judge
from dragoman.doors.sns.web import FACE, HEADER_RAW, HEADER_TYPE, Note, note_of
from dragoman.formats import render
from dragoman.formats.errors import FormatError, TooLarge
from dragoman.formats.options import RenderOptions
from dragoman.formats.sqs import SqsMessage, id_text, unpack, unpack_attributes
from dragoman.model.levels import SQS
from dragoman.ports.outbound import Answered, Outgoing

ANSWER_MS: Final = 15_000  # "Amazon SNS ... considers the delivery attempt failed after 15 seconds"
AGENT: Final = "Amazon Simple Notification Service Agent"


class Pushing:
    """See `shared.push.renderer.Renderer`."""

    name = FACE

    def __init__(self) -> None:
        self._notes: dict[int, tuple[str, Note]] = {}  # what was read, by subscription

    def plan(self, subscription: PushedSubscription) -> Plan | None:
        """To its endpoint, one message at a time in each request."""
        return Plan(self._note(subscription).url)

    def request_of(
        self, messages: Sequence[PushMessage], subscription: PushedSubscription
    ) -> Outgoing | Verdict:
        """The message as it is stored."""
        (message,) = messages
        note = self._note(subscription)
        try:
            entry = _entry(message)
        except TooLarge:
            return Verdict("reject", reason="too-large")
        except FormatError:
            return Verdict("reject", reason="rejected")
        said = {
            name.decode(): value.decode()
            for name, _, _, value in unpack_attributes(entry.attributes)
        }
        kind = said.get(HEADER_TYPE, NOTIFICATION)
        is_notification = kind == NOTIFICATION
        headers = [
            ("Content-Type", note.schedule.content_type if is_notification else TEXT),
            ("User-Agent", AGENT),
            (HEADER_TYPE, kind),
            ("x-amz-sns-message-id", id_text(entry.id)),
            ("x-amz-sns-topic-arn", note.topic),
        ]
        if is_notification:
            headers.append(("x-amz-sns-subscription-arn", note.subscription))
        if HEADER_RAW in said:
            headers.append((HEADER_RAW, "true"))
        return Outgoing("POST", note.url, headers, entry.body, ANSWER_MS)

    def judge(self, answered: Answered, attempt: int, subscription: PushedSubscription) -> Verdict:
        """What the answer means."""
        return judge(answered, attempt, self._note(subscription).schedule.retry)

    def _note(self, subscription: PushedSubscription) -> Note:
        text = subscription.settings.notes[FACE]
        known = self._notes.get(subscription.id)
        if known is None or known[0] is not text:
            known = self._notes[subscription.id] = (text, note_of(subscription.settings))
        return known[1]


def _entry(message: PushMessage) -> SqsMessage:
    """As a message of SQS, whatever it was; what another protocol's client put there has no headers of ours."""
    if message.format == SQS:
        return unpack(message.body)
    options = RenderOptions("", message.stored_ms)
    entry = unpack(render([(message.decode(), None)], SQS, options)[0])
    entry.attributes = b""
    return entry
