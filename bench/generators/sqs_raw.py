"""SQS load in JSON 1.0 from prebuilt requests: one process, one epoll loop, one request at a time per connection.

| mode          | a connection's turn                                                    | messages a turn |
|---------------|------------------------------------------------------------------------|-----------------|
| send          | SendMessage                                                            | 1               |
| send-batch    | SendMessageBatch                                                       | 10              |
| receive       | ReceiveMessage of one, DeleteMessage                                   | 1               |
| receive-batch | ReceiveMessage of ten, DeleteMessageBatch                              | 10              |

Receiving modes fill the queue first, and end when time is up or the queue is empty. Every answer must be 200, a batch
whole, and no message id may come twice; at the end the queue must hold what is left. Requests carry a signature that
nobody checks: keys are not configured.

Parameters: host, port, mode, size_bytes, connections, seconds, queue, fill (messages, of receiving modes), name (of a
queue that stays).
"""

import contextlib
import json
import re
import select
import socket
import time

from bench.generators import control

BATCH = 10
RECEIVE_BYTES = 1 << 18
POLL_S = 0.05
TIMEOUT_S = 30.0
FILL = 60_000
COUNT_S_MAX = 2.0
FILL_S_MAX = 5.0  # who is slow to fill a queue is slow to empty it
DRAIN_TURNS_MAX = 3  # receives of nothing before a queue is taken for empty
HANDLE = re.compile(rb'"ReceiptHandle":\s*"([^"]+)"')
IDENTITY = re.compile(rb'"MessageId":\s*"([^"]+)"')
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AKIDBENCH/20300102/us-east-1/sqs/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=" + "0" * 64
)


def request(host: str, action: str, members: dict[str, object]) -> bytes:
    """A request's bytes, as boto3 sends them."""
    body = json.dumps(members)
    return (
        f"POST / HTTP/1.1\r\nHost: {host}\r\nX-Amz-Target: AmazonSQS.{action}\r\n"
        "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20300102T030405Z\r\n"
        f"Authorization: {AUTHORIZATION}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Answers:
    """Whole answers out of a connection's bytes; `is_last` says that no other follows on it."""

    def __init__(self) -> None:
        self._data = b""
        self.is_last = False

    def feed(self, data: bytes) -> bytes | None:
        """The body of the answer, once it is whole. Raises LoadFailedError unless it is 200."""
        self._data += data
        head_end = self._data.find(b"\r\n\r\n")
        if head_end < 0:
            return None
        head = self._data[:head_end].lower()
        start = head_end + 4
        at = head.find(b"content-length:")
        body: bytes | None
        if at >= 0:
            size = int(head[at + 15 : (head + b"\r\n").index(b"\r\n", at)])
            whole = len(self._data) >= start + size
            body = self._data[start : start + size] if whole else None
        else:
            body = _chunked(self._data, start)
        if body is None:
            return None
        if b" 200 " not in head[:16]:
            raise control.LoadFailedError(f"answered {self._data[:300]!r}")
        self._data = b""
        self.is_last = b"\r\nconnection: close" in head
        return body


def _chunked(data: bytes, at: int) -> bytes | None:
    """A chunked body from `at` on, once it is whole."""
    parts: list[bytes] = []
    while True:
        line_end = data.find(b"\r\n", at)
        if line_end < 0:
            return None
        size = int(data[at:line_end], 16)
        start = line_end + 2
        if len(data) < start + size + 2:
            return None
        if size == 0:
            return b"".join(parts)
        parts.append(data[start : start + size])
        at = start + size + 2


class Lane:
    """One connection after another, where the broker ends each with its answer; else one alone."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._connect()
        self.receives = False  # what it waits for is messages, not their deletion
        self.misses = 0

    def _connect(self) -> None:
        self.sock = socket.create_connection(self._address, TIMEOUT_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = Answers()

    def send(self, data: bytes) -> bool:
        """A request; whether it went by a new connection."""
        is_new = self.answers.is_last
        if is_new:
            self.sock.close()
            self._connect()
        self.sock.sendall(data)
        return is_new

    def ask(self, data: bytes) -> bytes:
        """A request and its answer, waited for."""
        self.send(data)
        while True:
            body = self.answers.feed(received(self.sock))
            if body is not None:
                return body


def received(sock: socket.socket) -> bytes:
    """What came. Raises LoadFailedError at the end of the connection."""
    data = sock.recv(RECEIVE_BYTES)
    if not data:
        raise control.LoadFailedError("the broker closed the connection")
    return data


def answers(address: tuple[str, int]) -> bool:
    """Whether somebody serves SQS there."""
    try:
        lane = Lane(address)
    except OSError:
        return False
    try:
        return lane.ask(request(f"{address[0]}:{address[1]}", "ListQueues", {})) is not None
    except (OSError, control.LoadFailedError):
        return False
    finally:
        lane.sock.close()


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.address = (str(parameters["host"]), int(parameters["port"]))
        self.host = f"{self.address[0]}:{self.address[1]}"
        self.mode = str(parameters["mode"])
        self.seconds = float(parameters["seconds"])
        self.lanes = [Lane(self.address)]
        self.is_kept = "name" in parameters
        self.queue = str(parameters.get("name", parameters["queue"]))
        self.body = "b" * int(parameters["size_bytes"])
        created = self.lanes[0].ask(request(self.host, "CreateQueue", {"QueueName": self.queue}))
        self.url = json.loads(created)["QueueUrl"]
        self.fill = int(parameters.get("fill", FILL)) if self.mode.startswith("receive") else 0
        self.send_one = self._request("SendMessage", MessageBody=self.body)
        entries = [{"Id": f"e{n}", "MessageBody": self.body} for n in range(BATCH)]
        self.send_batch = self._request("SendMessageBatch", Entries=entries)
        take = BATCH if self.mode.endswith("batch") else 1
        self.receive = self._request(
            "ReceiveMessage", MaxNumberOfMessages=take, VisibilityTimeout=600
        )
        self.seen: set[bytes] = set()
        self.count = 0
        self.requests = 0
        self.before = self._waiting()
        self._fill()
        # Not before: a broker may cut off who says nothing for long.
        self.lanes += [Lane(self.address) for _ in range(int(parameters["connections"]) - 1)]
        for lane in self.lanes:  # whom a broker ends with each answer, it may end when idle
            lane.answers.is_last = self.lanes[0].answers.is_last

    def _request(self, action: str, **members: object) -> bytes:
        return request(self.host, action, {"QueueUrl": self.url, **members})

    def _fill(self) -> None:
        end = time.perf_counter() + FILL_S_MAX
        for count in range(self.fill // BATCH):
            if time.perf_counter() > end:
                self.fill = count * BATCH
                return
            self.lanes[0].ask(self.send_batch)

    def run(self) -> control.Result:
        """All lanes at once until time is up; then what is under way is let end."""
        receives = self.mode.startswith("receive")
        first = self.receive if receives else self._sending()
        poll = select.epoll()
        by_number: dict[int, Lane] = {}
        start = time.perf_counter()
        end = start + self.seconds
        for lane in self.lanes:
            lane.receives = receives
            lane.send(first)
            poll.register(lane.sock.fileno(), select.EPOLLIN)
            by_number[lane.sock.fileno()] = lane
        busy = len(self.lanes)
        while busy:
            events = poll.poll(POLL_S)
            is_over = time.perf_counter() >= end
            if time.perf_counter() > end + control.OVERTIME_MAX_S:
                raise control.LoadFailedError("answers are missing")
            for number, _ in events:
                lane = by_number[number]
                body = lane.answers.feed(received(lane.sock))
                if body is None:
                    continue
                self.requests += 1
                following = self._next(lane, body, is_over=is_over)
                if following is None:
                    busy -= 1
                    poll.unregister(number)  # a broker may hang up on it
                elif lane.send(following):
                    poll.register(lane.sock.fileno(), select.EPOLLIN)
                    by_number[lane.sock.fileno()] = lane
        elapsed_s = time.perf_counter() - start
        self._check()
        return {
            "count": self.count,
            "rate": self.count / elapsed_s,
            "requests_per_s": self.requests / elapsed_s,
        }

    def _sending(self) -> bytes:
        return self.send_batch if self.mode == "send-batch" else self.send_one

    def _next(self, lane: Lane, body: bytes, *, is_over: bool) -> bytes | None:
        """What a lane sends next; None when it is done."""
        if b'"Failed"' in body and b'"Failed": []' not in body and b'"Failed":[]' not in body:
            raise control.LoadFailedError(f"part of a batch failed: {body[:300]!r}")
        if not self.mode.startswith("receive"):
            self.count += BATCH if self.mode == "send-batch" else 1
            return None if is_over else self._sending()
        if lane.receives:
            return self._delete(lane, body, is_over=is_over)
        lane.receives = True
        return None if is_over else self.receive

    def _delete(self, lane: Lane, body: bytes, *, is_over: bool) -> bytes | None:
        handles = HANDLE.findall(body)
        if not handles:
            lane.misses += 1
            return None if is_over or lane.misses >= DRAIN_TURNS_MAX else self.receive
        lane.misses = 0
        lane.receives = False
        identities = IDENTITY.findall(body)
        before = len(self.seen)
        self.seen.update(identities)
        if len(self.seen) != before + len(handles):
            raise control.LoadFailedError("a message came twice")
        self.count += len(handles)
        if self.mode == "receive":
            return self._request("DeleteMessage", ReceiptHandle=handles[0].decode())
        entries = [
            {"Id": f"e{n}", "ReceiptHandle": handle.decode()} for n, handle in enumerate(handles)
        ]
        return self._request("DeleteMessageBatch", Entries=entries)

    def _check(self) -> None:
        """The queue holds what was sent and not received; counts are approximate, and may be late."""
        expected = self.before + (self.fill - self.count if self.fill else self.count)
        end = time.perf_counter() + COUNT_S_MAX
        while (found := self._waiting()) != expected:
            if time.perf_counter() > end:
                raise control.LoadFailedError(f"{found} where {expected} messages should be")
            time.sleep(POLL_S)

    def _waiting(self) -> int:
        """Messages in the queue, in flight or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        asked = self._request("GetQueueAttributes", AttributeNames=names)
        found = json.loads(self.lanes[0].ask(asked))["Attributes"]
        return sum(int(found[name]) for name in names)

    def clean(self) -> None:
        """The queue goes, or what is in it."""
        with contextlib.suppress(control.LoadFailedError):
            self.lanes[0].ask(self._request("PurgeQueue" if self.is_kept else "DeleteQueue"))


if __name__ == "__main__":
    control.serve(Load)
