"""Requests and results of Amazon SNS, member by member, as its API reference (2010-03-31) has them: those that fan out.

Every member of a request may be absent: what is required is the door's to say.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import field

from dragoman.wire.aws.shapes import Attributes, Map, Request, Result

VERSION: Final = "2010-03-31"
CONTAINERS: Final = frozenset(
    ("Attributes", "MessageAttributes", "PublishBatchRequestEntries", "TagKeys", "Tags")
)
"""Members that are lists or maps; some clients say that one is empty by no text at all."""


class Tag(Result, omit_defaults=False):
    """In both directions."""

    key: str
    value: str = ""


class OfTopic(Request, frozen=True):
    """A request about one topic."""

    topic_arn: str | None = None


class OfSubscription(Request, frozen=True):
    """A request about one subscription."""

    subscription_arn: str | None = None


class OfResource(Request, frozen=True):
    """A request about tags."""

    resource_arn: str | None = None


# --- topics ---


class CreateTopic(Request, frozen=True):
    """See the API reference."""

    name: str | None = None
    attributes: Map | None = None
    tags: list[Tag] | None = None
    data_protection_policy: str | None = None


class DeleteTopic(OfTopic, frozen=True):
    """See the API reference."""


class GetTopicAttributes(OfTopic, frozen=True):
    """See the API reference."""


class SetTopicAttributes(OfTopic, frozen=True):
    """See the API reference."""

    attribute_name: str | None = None
    attribute_value: str | None = None


class ListTopics(Request, frozen=True):
    """See the API reference."""

    next_token: str | None = None


class TagResource(OfResource, frozen=True):
    """See the API reference."""

    tags: list[Tag] | None = None


class UntagResource(OfResource, frozen=True):
    """See the API reference."""

    tag_keys: list[str] | None = None


class ListTagsForResource(OfResource, frozen=True):
    """See the API reference."""


# --- subscriptions ---


class Subscribe(OfTopic, frozen=True):
    """See the API reference."""

    protocol: str | None = None
    endpoint: str | None = None
    attributes: Map | None = None
    return_subscription_arn: bool | None = None


class ConfirmSubscription(OfTopic, frozen=True):
    """See the API reference."""

    token: str | None = None
    authenticate_on_unsubscribe: str | None = None


class Unsubscribe(OfSubscription, frozen=True):
    """See the API reference."""


class GetSubscriptionAttributes(OfSubscription, frozen=True):
    """See the API reference."""


class SetSubscriptionAttributes(OfSubscription, frozen=True):
    """See the API reference."""

    attribute_name: str | None = None
    attribute_value: str | None = None


class ListSubscriptions(Request, frozen=True):
    """See the API reference."""

    next_token: str | None = None


class ListSubscriptionsByTopic(OfTopic, frozen=True):
    """See the API reference."""

    next_token: str | None = None


# --- messages ---


class Message(Request, frozen=True):
    """What Publish and an entry of PublishBatch have in common."""

    message: str | None = None
    subject: str | None = None
    message_structure: str | None = None
    message_attributes: Attributes | None = None
    message_deduplication_id: str | None = None
    message_group_id: str | None = None


class Publish(Message, frozen=True):
    """See the API reference."""

    topic_arn: str | None = None
    target_arn: str | None = None
    phone_number: str | None = None


class PublishEntry(Message, frozen=True):
    """PublishBatchRequestEntry."""

    id: str | None = None


class PublishBatch(OfTopic, frozen=True):
    """See the API reference."""

    publish_batch_request_entries: list[PublishEntry] | None = None


ACTIONS: Final[Mapping[str, type[Request]]] = {
    shape.__name__: shape
    for shape in (
        ConfirmSubscription,
        CreateTopic,
        DeleteTopic,
        GetSubscriptionAttributes,
        GetTopicAttributes,
        ListSubscriptions,
        ListSubscriptionsByTopic,
        ListTagsForResource,
        ListTopics,
        Publish,
        PublishBatch,
        SetSubscriptionAttributes,
        SetTopicAttributes,
        Subscribe,
        TagResource,
        Unsubscribe,
        UntagResource,
    )
}

# --- results ---


class Nothing(Result):
    """A result without members."""


class TopicArn(Result):
    """CreateTopic, and in ListTopics."""

    topic_arn: str


class Topics(Result):
    """ListTopics."""

    topics: list[TopicArn]
    next_token: str | None = None


class AttributesResult(Result):
    """GetTopicAttributes, GetSubscriptionAttributes."""

    attributes: Map


class TagsResult(Result):
    """ListTagsForResource."""

    tags: list[Tag]


class SubscriptionArn(Result):
    """Subscribe, ConfirmSubscription."""

    subscription_arn: str


class SubscriptionItem(Result):
    """In lists."""

    subscription_arn: str
    owner: str
    protocol: str
    endpoint: str
    topic_arn: str


class Subscriptions(Result):
    """ListSubscriptions, ListSubscriptionsByTopic."""

    subscriptions: list[SubscriptionItem]
    next_token: str | None = None


class Published(Result):
    """Publish."""

    message_id: str
    sequence_number: str | None = None


class PublishedEntry(Result):
    """PublishBatchResultEntry."""

    id: str
    message_id: str
    sequence_number: str | None = None


class FailedEntry(Result):
    """BatchResultErrorEntry."""

    id: str
    code: str
    message: str
    sender_fault: bool


class PublishedBatch(Result, omit_defaults=False):
    """PublishBatch."""

    failed: list[FailedEntry] = field(default_factory=list)
    successful: list[PublishedEntry] = field(default_factory=list)
