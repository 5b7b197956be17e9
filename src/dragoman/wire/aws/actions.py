"""The 23 actions of Amazon SQS: the request of each, and how the query protocol names the lists and maps of both sides.

JSON names are member names; the query protocol has names of its own for what repeats, flattened: `Attribute.1.Name=`.
"""

from collections.abc import Mapping
from typing import Final

from dragoman.wire.aws import shapes as s

ACTIONS: Final[Mapping[str, type[s.Request]]] = {
    shape.__name__: shape
    for shape in (
        s.AddPermission,
        s.CancelMessageMoveTask,
        s.ChangeMessageVisibility,
        s.ChangeMessageVisibilityBatch,
        s.CreateQueue,
        s.DeleteMessage,
        s.DeleteMessageBatch,
        s.DeleteQueue,
        s.GetQueueAttributes,
        s.GetQueueUrl,
        s.ListDeadLetterSourceQueues,
        s.ListMessageMoveTasks,
        s.ListQueueTags,
        s.ListQueues,
        s.PurgeQueue,
        s.ReceiveMessage,
        s.RemovePermission,
        s.SendMessage,
        s.SendMessageBatch,
        s.SetQueueAttributes,
        s.StartMessageMoveTask,
        s.TagQueue,
        s.UntagQueue,
    )
}

# --- of the query protocol: requests ---

REQUEST_LISTS: Final[Mapping[str, str]] = {
    "AWSAccountId": "AWSAccountIds",
    "ActionName": "Actions",
    "AttributeName": "AttributeNames",
    "MessageSystemAttributeName": "MessageSystemAttributeNames",
    "MessageAttributeName": "MessageAttributeNames",
    "TagKey": "TagKeys",
    "SendMessageBatchRequestEntry": "Entries",
    "DeleteMessageBatchRequestEntry": "Entries",
    "ChangeMessageVisibilityBatchRequestEntry": "Entries",
    "StringListValue": "StringListValues",
    "BinaryListValue": "BinaryListValues",
}
REQUEST_MAPS: Final[Mapping[str, tuple[str, str]]] = {
    "Attribute": ("Attributes", "Name"),
    "MessageAttribute": ("MessageAttributes", "Name"),
    "MessageSystemAttribute": ("MessageSystemAttributes", "Name"),
    "Tag": ("Tags", "Key"),
}
"""Name there: (member, what the key of an item is called); its value is `Value`."""

# --- and results ---

RESULT_LISTS: Final[Mapping[str, str]] = {
    "QueueUrls": "QueueUrl",
    "queueUrls": "QueueUrl",
    "Messages": "Message",
    "Results": "ListMessageMoveTasksResultEntry",
    "Failed": "BatchResultErrorEntry",
}
RESULT_MAPS: Final[Mapping[str, tuple[str, str]]] = {
    "Attributes": ("Attribute", "Name"),
    "MessageAttributes": ("MessageAttribute", "Name"),
    "Tags": ("Tag", "Key"),
}


def list_name(action: str, member: str) -> str:
    """What an item of a result's list is called."""
    return f"{action}ResultEntry" if member == "Successful" else RESULT_LISTS[member]
