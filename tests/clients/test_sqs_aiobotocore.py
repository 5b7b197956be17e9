"""aiobotocore, unmodified, over TCP: many receives waiting at once in one thread."""

import asyncio
from typing import Any

import pytest
from aiobotocore.session import get_session
from tests.clients.sqs_work import DEADLINE_S, REGION, serving

pytestmark = pytest.mark.clients
WAITING = 20


def test_receives_that_wait_are_each_woken_by_a_message() -> None:
    with serving() as running:
        bodies = asyncio.run(_wait_and_send(running.sqs.url))
        assert sorted(bodies) == sorted(f"{n}" for n in range(WAITING))


async def _wait_and_send(endpoint: str) -> list[str]:
    options: dict[str, Any] = {
        "endpoint_url": endpoint,
        "region_name": REGION,
        "aws_access_key_id": "any",
        "aws_secret_access_key": "any",
    }
    async with get_session().create_client("sqs", **options) as sqs:
        url = (await sqs.create_queue(QueueName="orders"))["QueueUrl"]
        waiting = [
            asyncio.create_task(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))
            for _ in range(10)  # as many as the client opens connections
        ]
        found: list[str] = []
        entries = [{"Id": f"{n}", "MessageBody": f"{n}"} for n in range(10)]
        await sqs.send_message_batch(QueueUrl=url, Entries=entries)
        async with asyncio.timeout(DEADLINE_S):
            for answer in asyncio.as_completed(waiting):
                found += await _take(sqs, url, await answer)
        for number in range(10, WAITING):
            await sqs.send_message(QueueUrl=url, MessageBody=f"{number}")
        while len(found) < WAITING:
            answer = await sqs.receive_message(
                QueueUrl=url, WaitTimeSeconds=20, MaxNumberOfMessages=10
            )
            found += await _take(sqs, url, answer)
        return found


async def _take(sqs: Any, url: str, answer: Any) -> list[str]:
    for message in answer["Messages"]:
        await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in answer["Messages"]]
