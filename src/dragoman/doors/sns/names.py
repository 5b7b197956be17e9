"""What topics and subscriptions are called.

    arn:aws:sns:REGION:ACCOUNT:NAME          a topic
    arn:aws:sns:REGION:ACCOUNT:NAME:UUID     a subscription of it

Accounts are namespaces and regions part nothing, as with queues.
"""

import re
from typing import Final, NamedTuple

from dragoman.doors.sns.errors import invalid
from dragoman.doors.sqs.names import FIFO, namespace_of

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo", re.ASCII)
_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:sns:([a-z0-9-]*):([0-9]{12}):([A-Za-z0-9_.-]{1,256})(?::([0-9a-f-]{36}))?",
    re.ASCII,
)
ARN_MAX: Final = 512
PREFIX: Final = "sns/"  # of streams that are SNS's own


class Name(NamedTuple):
    """A topic, or a subscription where there is an id, as one region sees it."""

    region: str
    account: str
    topic: str
    id: str = ""

    @property
    def namespace(self) -> str:
        """The account's."""
        return namespace_of(self.account)

    @property
    def is_fifo(self) -> bool:
        """Whether the topic is one of first in, first out."""
        return self.topic.endswith(FIFO)

    @property
    def arn(self) -> str:
        """As clients spell it."""
        end = f":{self.id}" if self.id else ""
        return f"arn:aws:sns:{self.region}:{self.account}:{self.topic}{end}"

    @property
    def key(self) -> str:
        """What a subscription is called among documents."""
        return f"{self.topic}:{self.id}"

    @property
    def stream(self) -> str:
        """The stream that is a FIFO topic's, or a pushed subscription's."""
        return PREFIX + (self.id or self.topic)


def check_name(name: str) -> str:
    """Raises Refused unless a topic may be called so."""
    if not _NAME.fullmatch(name):
        raise invalid("Topic Name")
    return name


def topic_name(arn: str | None) -> Name:
    """Raises Refused."""
    found = _read(arn)
    if found is None or found.id:
        raise invalid("TopicArn", "An ARN must have at least 6 elements and name a topic")
    return found


def subscription_name(arn: str | None) -> Name:
    """Raises Refused."""
    found = _read(arn)
    if found is None or not found.id:
        raise invalid("SubscriptionArn", "An ARN of a subscription is expected")
    return found


def _read(arn: str | None) -> Name | None:
    if not arn or len(arn) > ARN_MAX:
        return None
    found = _ARN.fullmatch(arn)
    return Name(found[1], found[2], found[3], found[4] or "") if found else None
