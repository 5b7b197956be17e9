"""Answers taken from bytes, whole and in pieces."""

import pytest
from bench.generators.sqs_raw import Answers, request

from bench.generators import control


def test_a_request_is_what_boto3_sends() -> None:
    head, _, body = request("h:1", "SendMessage", {"MessageBody": "x"}).partition(b"\r\n\r\n")
    assert head.startswith(
        b"POST / HTTP/1.1\r\nHost: h:1\r\nX-Amz-Target: AmazonSQS.SendMessage\r\n"
    )
    assert f"Content-Length: {len(body)}".encode() in head
    assert body == b'{"MessageBody": "x"}'


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n",
            b"{}",
        ),
    ],
)
def test_an_answer_is_whole_or_not_there(data: bytes, body: bytes) -> None:
    answers = Answers()
    for at in range(len(data) - 1):
        assert answers.feed(data[at : at + 1]) is None
    assert answers.feed(data[-1:]) == body
    assert Answers().feed(data) == body


def test_a_refusal_ends_the_load() -> None:
    with pytest.raises(control.LoadFailedError, match="400"):
        Answers().feed(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}")


def test_an_answer_may_be_the_last_of_its_connection() -> None:
    answers = Answers()
    answers.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert not answers.is_last
    answers.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    assert answers.is_last
