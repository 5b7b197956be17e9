"""Requests and results of Amazon SQS, member by member, as its API reference (2012-11-05) has them.

Every member of a request may be absent: what is required is the door's to say. Members of results that say nothing are
left out (some clients stumble over empty ones). Bytes are base64 in JSON and in XML.
"""

import msgspec
from msgspec import UNSET, UnsetType, field

Names = list[str]
Map = dict[str, str]


class Request(msgspec.Struct, rename="pascal", kw_only=True, frozen=True, gc=False):
    """Root of requests."""


class Result(msgspec.Struct, rename="pascal", omit_defaults=True):
    """Root of results."""


class AttributeValue(
    msgspec.Struct, rename="pascal", kw_only=True, omit_defaults=True, frozen=True, gc=False
):
    """A message attribute. List values are in the API and in no service."""

    string_value: str | None = None
    binary_value: bytes | None = None
    data_type: str | None = None
    string_list_values: list[str] | None = None
    binary_list_values: list[str] | None = None


Attributes = dict[str, AttributeValue]


class OfQueue(Request, frozen=True):
    """A request about one queue."""

    queue_url: str | None = None


# --- queues ---


class CreateQueue(Request, frozen=True):
    """See the API reference; `tags` is written small there."""

    queue_name: str | None = None
    attributes: Map | None = None
    tags: Map | None = field(default=None, name="tags")


class DeleteQueue(OfQueue, frozen=True):
    """See the API reference."""


class PurgeQueue(OfQueue, frozen=True):
    """See the API reference."""


class GetQueueUrl(Request, frozen=True):
    """See the API reference."""

    queue_name: str | None = None
    queue_owner: str | None = field(default=None, name="QueueOwnerAWSAccountId")


class ListQueues(Request, frozen=True):
    """See the API reference."""

    queue_name_prefix: str | None = None
    next_token: str | None = None
    max_results: int | None = None


class ListDeadLetterSourceQueues(OfQueue, frozen=True):
    """See the API reference."""

    next_token: str | None = None
    max_results: int | None = None


class GetQueueAttributes(OfQueue, frozen=True):
    """See the API reference."""

    attribute_names: Names | None = None


class SetQueueAttributes(OfQueue, frozen=True):
    """See the API reference."""

    attributes: Map | None = None


class TagQueue(OfQueue, frozen=True):
    """See the API reference."""

    tags: Map | None = None


class UntagQueue(OfQueue, frozen=True):
    """See the API reference."""

    tag_keys: Names | None = None


class ListQueueTags(OfQueue, frozen=True):
    """See the API reference."""


class AddPermission(OfQueue, frozen=True):
    """See the API reference."""

    label: str | None = None
    account_ids: Names | None = field(default=None, name="AWSAccountIds")
    actions: Names | None = None


class RemovePermission(OfQueue, frozen=True):
    """See the API reference."""

    label: str | None = None


class QueueUrl(Result):
    """CreateQueue, GetQueueUrl."""

    queue_url: str


class QueueUrls(Result):
    """ListQueues."""

    queue_urls: Names | UnsetType = UNSET
    next_token: str | None = None


class SourceUrls(Result):
    """ListDeadLetterSourceQueues: `queueUrls` is written small there."""

    queue_urls: Names = field(name="queueUrls")
    next_token: str | None = None


class QueueAttributes(Result):
    """GetQueueAttributes."""

    attributes: Map | UnsetType = UNSET


class QueueTags(Result):
    """ListQueueTags."""

    tags: Map | UnsetType = UNSET


# --- sending ---


class SendMessage(OfQueue, frozen=True):
    """See the API reference."""

    message_body: str | None = None
    delay_seconds: int | None = None
    message_attributes: Attributes | None = None
    message_system_attributes: Attributes | None = None
    message_deduplication_id: str | None = None
    message_group_id: str | None = None


class SendEntry(Request, frozen=True):
    """SendMessageBatchRequestEntry."""

    id: str | None = None
    message_body: str | None = None
    delay_seconds: int | None = None
    message_attributes: Attributes | None = None
    message_system_attributes: Attributes | None = None
    message_deduplication_id: str | None = None
    message_group_id: str | None = None


class SendMessageBatch(OfQueue, frozen=True):
    """See the API reference."""

    entries: list[SendEntry] | None = None


class Sent(Result):
    """SendMessage."""

    message_id: str
    body_md5: str = field(name="MD5OfMessageBody")
    attributes_md5: str | None = field(default=None, name="MD5OfMessageAttributes")
    system_md5: str | None = field(default=None, name="MD5OfMessageSystemAttributes")
    sequence_number: str | None = None


class SentEntry(Result):
    """SendMessageBatchResultEntry."""

    id: str
    message_id: str
    body_md5: str = field(name="MD5OfMessageBody")
    attributes_md5: str | None = field(default=None, name="MD5OfMessageAttributes")
    system_md5: str | None = field(default=None, name="MD5OfMessageSystemAttributes")
    sequence_number: str | None = None


class FailedEntry(msgspec.Struct, rename="pascal"):
    """BatchResultErrorEntry."""

    id: str
    sender_fault: bool
    code: str
    message: str


class SentBatch(Result):
    """SendMessageBatch. Both lists are there where somebody succeeded, failed alone where all did."""

    successful: list[SentEntry] | UnsetType = UNSET
    failed: list[FailedEntry] | UnsetType = UNSET


# --- receiving ---


class ReceiveMessage(OfQueue, frozen=True):
    """See the API reference; `attribute_names` is the old name of system attributes."""

    attribute_names: Names | None = None
    message_system_attribute_names: Names | None = None
    message_attribute_names: Names | None = None
    max_number_of_messages: int | None = None
    visibility_timeout: int | None = None
    wait_time_seconds: int | None = None
    receive_request_attempt_id: str | None = None


class Received(Result):
    """One message."""

    message_id: str
    receipt_handle: str
    body_md5: str = field(name="MD5OfBody")
    body: str
    attributes: Map | None = None
    attributes_md5: str | None = field(default=None, name="MD5OfMessageAttributes")
    message_attributes: Attributes | None = None


class ReceivedMessages(Result):
    """ReceiveMessage; nothing at all where there is no message."""

    messages: list[Received] | UnsetType = UNSET


class DeleteMessage(OfQueue, frozen=True):
    """See the API reference."""

    receipt_handle: str | None = None


class ChangeMessageVisibility(OfQueue, frozen=True):
    """See the API reference."""

    receipt_handle: str | None = None
    visibility_timeout: int | None = None


class DeleteEntry(Request, frozen=True):
    """DeleteMessageBatchRequestEntry."""

    id: str | None = None
    receipt_handle: str | None = None


class ChangeEntry(Request, frozen=True):
    """ChangeMessageVisibilityBatchRequestEntry."""

    id: str | None = None
    receipt_handle: str | None = None
    visibility_timeout: int | None = None


class DeleteMessageBatch(OfQueue, frozen=True):
    """See the API reference."""

    entries: list[DeleteEntry] | None = None


class ChangeMessageVisibilityBatch(OfQueue, frozen=True):
    """See the API reference."""

    entries: list[ChangeEntry] | None = None


class DoneEntry(msgspec.Struct, rename="pascal"):
    """DeleteMessageBatchResultEntry, ChangeMessageVisibilityBatchResultEntry."""

    id: str


class DoneBatch(Result):
    """DeleteMessageBatch, ChangeMessageVisibilityBatch."""

    successful: list[DoneEntry] | UnsetType = UNSET
    failed: list[FailedEntry] | UnsetType = UNSET


# --- moving ---


class StartMessageMoveTask(Request, frozen=True):
    """See the API reference."""

    source_arn: str | None = None
    destination_arn: str | None = None
    rate: int | None = field(default=None, name="MaxNumberOfMessagesPerSecond")


class CancelMessageMoveTask(Request, frozen=True):
    """See the API reference."""

    task_handle: str | None = None


class ListMessageMoveTasks(Request, frozen=True):
    """See the API reference."""

    source_arn: str | None = None
    max_results: int | None = None


class TaskStarted(Result):
    """StartMessageMoveTask."""

    task_handle: str


class TaskCancelled(msgspec.Struct, rename="pascal"):
    """CancelMessageMoveTask."""

    moved: int = field(name="ApproximateNumberOfMessagesMoved")


class Task(Result):
    """ListMessageMoveTasksResultEntry."""

    task_handle: str | None = None
    status: str | None = None
    source_arn: str | None = None
    destination_arn: str | None = None
    rate: int | None = field(default=None, name="MaxNumberOfMessagesPerSecond")
    moved: int | None = field(default=None, name="ApproximateNumberOfMessagesMoved")
    to_move: int | None = field(default=None, name="ApproximateNumberOfMessagesToMove")
    failure: str | None = field(default=None, name="FailureReason")
    started_ms: int | None = field(default=None, name="StartedTimestamp")


class Tasks(Result):
    """ListMessageMoveTasks."""

    results: list[Task] | UnsetType = UNSET
