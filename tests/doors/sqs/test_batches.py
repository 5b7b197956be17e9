"""The rules that all batches share."""

from typing import Any

import pytest
from tests.doors.sqs.client import Refused, Sqs, url_of

from dragoman.doors.sqs.batches import Batch
from dragoman.doors.sqs.errors import OVER_LIMIT
from dragoman.doors.sqs.errors import Refused as Said
from dragoman.model.errors import StorageFull
from dragoman.wire.aws.shapes import DoneEntry

ACTIONS = ["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"]


def entry(name: Any) -> dict[str, Any]:
    return {"Id": name, "MessageBody": "x", "ReceiptHandle": "x", "VisibilityTimeout": 1}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "EmptyBatchRequest"),
        (None, "EmptyBatchRequest"),
        ([f"{n}" for n in range(11)], "TooManyEntriesInBatchRequest"),
        (["a", "b", "a"], "BatchEntryIdsNotDistinct"),
        (["a b"], "InvalidBatchEntryId"),
        (["x" * 81], "InvalidBatchEntryId"),
        ([""], "InvalidBatchEntryId"),
        ([None], "InvalidBatchEntryId"),
    ],
)
def test_a_batch_that_is_none(action: str, ids: list[Any] | None, code: str) -> None:
    sqs = Sqs()
    sqs.make("orders")
    entries = None if ids is None else [entry(name) for name in ids]
    with pytest.raises(Refused) as refused:
        sqs.ask(action, QueueUrl=url_of("orders"), Entries=entries)
    assert refused.value.code == f"AWS.SimpleQueueService.{code}"
    assert sqs.receive("orders") == []


def test_results_stand_in_the_order_of_the_request_and_empty_halves_nowhere() -> None:
    batch: Batch[DoneEntry] = Batch(["a", "b", "c"])
    batch.succeed(2, DoneEntry("c"))
    batch.succeed(0, DoneEntry("a"))
    successful, failed = batch.halves()
    assert (successful, bool(failed)) == ([DoneEntry("a"), DoneEntry("c")], False)
    batch.fail(1, Said(OVER_LIMIT, "full"))
    (one,) = batch.halves()[1]  # type: ignore[misc]
    assert (one.id, one.code, one.sender_fault, one.message) == ("b", "OverLimit", True, "full")


def test_who_is_at_fault_is_told() -> None:
    batch: Batch[DoneEntry] = Batch(["a"])
    batch.fail(0, StorageFull("full"))
    (one,) = batch.halves()[1]  # type: ignore[misc]
    assert (one.code, one.sender_fault) == ("ServiceUnavailable", False)
