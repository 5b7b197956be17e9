"""What RabbitMQ's users build, large: bindings, fan-out, queues, connections, calls and answers, dressed backlogs.

Each function is given a broker not yet started and returns one round's figures. The load is sent from here; only the
broker's CPU counts, that of its whole process tree from the first byte of a load until its answer to the last.
"""

import resource
import struct
import time
from collections.abc import Iterator
from typing import Any

from bench import measure
from bench.generators.amqp_wire import (
    BASIC_DELIVER,
    BODY,
    CHANNEL,
    HEADER,
    METHOD,
    AmqpSocket,
    ack,
    frame,
    long,
    method,
    short,
)
from bench.peers import Peer

Figures = dict[str, float]

BINDINGS = 10_000
TOPIC_MESSAGES = 100_000
TARGETS = 1_000
FANOUT_MESSAGES = 100
FANOUT_BYTES = 16 << 10
QUEUES_FACTOR = 10  # times the idle queues of `life/idle-queues`
CONNECTIONS = 10_000
OWN_FILES = 500
CALLS = 50_000
CALLS_AT_ONCE = 32
BLOCK = 500  # of what is sent before answers are read
SETTLE_S = 2.0
PRIORITIES = 10
LIFE_MS = 3_600_000
DIRECT = "amq.rabbitmq.reply-to"


class Wire(AmqpSocket):
    """A connection that sends many of a kind before it reads the answers."""

    published = 0  # all of them confirmed

    def confirms(self, count: int) -> None:
        """Until that many more publishes are confirmed."""
        waiting = set(range(self.published + 1, self.published + count + 1))
        self.published += count
        while waiting:
            tag, multiple = struct.unpack(">QB", self.expect(60, 80))
            waiting -= set(range(min(waiting), tag + 1)) if multiple else {tag}

    def many(self, frames: Iterator[bytes], class_id: int, method_id: int) -> int:
        """Send methods, BLOCK at a time, and expect an answer to each; how many there were."""
        count = 0
        waiting: list[bytes] = []
        for each in frames:
            waiting.append(each)
            count += 1
            if len(waiting) == BLOCK:
                self._flush(waiting, class_id, method_id)
        self._flush(waiting, class_id, method_id)
        return count

    def _flush(self, waiting: list[bytes], class_id: int, method_id: int) -> None:
        self.sock.sendall(b"".join(waiting))
        for _ in waiting:
            self.expect(class_id, method_id)
        waiting.clear()

    def deliveries(self, count: int) -> list[tuple[bytes, bytes, bytes]]:
        """(method's arguments, header, body) of the next `count` deliveries."""
        found: list[tuple[bytes, bytes, bytes]] = []
        while len(found) < count:
            kind, payload = self.receive_frame()
            assert (kind, payload[:4]) == (METHOD, struct.pack(">I", BASIC_DELIVER)), payload[:80]
            header = self.receive_frame()[1]
            body = self.receive_frame()[1] if struct.unpack_from(">Q", header, 4)[0] else b""
            found.append((payload[4:], header, body))
        return found


def _wire(peer: Peer) -> Wire:
    return Wire.connect(*peer.endpoint("amqp"))


def _queue(name: str, *, bits: int = 0, arguments: bytes = b"") -> bytes:
    return method(50, 10, b"\0\0" + short(name) + bytes([bits]) + long(arguments))


def _exchange(name: str, kind: str, *, durable: bool) -> bytes:
    bits = bytes([2 if durable else 0])
    return method(40, 10, b"\0\0" + short(name) + short(kind) + bits + long(b""))


def _binding(queue: str, exchange: str, key: str) -> bytes:
    names = short(queue) + short(exchange) + short(key)
    return method(50, 20, b"\0\0" + names + b"\0" + long(b""))


def _publish(exchange: str, key: str, body: bytes, flags: int = 0, values: bytes = b"") -> bytes:
    header = struct.pack(">HHQH", 60, 0, len(body), flags) + values
    arguments = b"\0\0" + short(exchange) + short(key) + b"\0"
    frames = method(60, 40, arguments) + frame(HEADER, CHANNEL, header)
    return frames + (frame(BODY, CHANNEL, body) if body else b"")


def _spent(peer: Peer, before: measure.Usage) -> float:
    """CPU seconds since then; work put off has its moment, too."""
    time.sleep(0.2)
    return measure.usage(peer.pids[:1]).since(before).cpu_s


def topic(peer: Peer, _options: Any, _generate: Any) -> Figures:
    """A topic exchange that one binding takes everything from; then the same with ten thousand, one for each key."""
    peer.start()
    wire = _wire(peer)
    wire.many(iter([_exchange("t", "topic", durable=False)]), 40, 11)
    figures: Figures = {"bindings": BINDINGS}
    keys = [f"site.{number}.seen" for number in range(BINDINGS)]
    block = b"".join(_publish("t", key, b"x" * 100) for key in keys)
    wire.many(iter([_queue("one"), _queue("each")]), 50, 11)
    for queue, patterns in (
        ("one", iter(["#"])),
        ("each", (f"site.{number}.*" for number in range(BINDINGS))),
    ):
        if queue == "each":
            wire.delete("one")
        since = time.monotonic()
        wire.many((_binding(queue, "t", pattern) for pattern in patterns), 50, 21)
        figures[f"bind_s_{queue}"] = time.monotonic() - since
        wire.sock.sendall(block)
        _until(wire, queue, BINDINGS)
        before = measure.usage(peer.pids[:1])
        for _ in range(TOPIC_MESSAGES // BINDINGS):
            wire.sock.sendall(block)
        _until(wire, queue, BINDINGS + TOPIC_MESSAGES)
        figures[f"cpu_us_{queue}"] = _spent(peer, before) * 1e6 / TOPIC_MESSAGES
    figures["us_more"] = figures["cpu_us_each"] - figures["cpu_us_one"]
    return figures


def _until(wire: Wire, queue: str, count: int) -> None:
    while wire.declare(queue, durable=False, passive=True) != count:
        time.sleep(0.01)


def fanout(peer: Peer, _options: Any, _generate: Any) -> Figures:
    """Confirmed, persistent messages of 16 KiB to a thousand queues: CPU for each target, and what the disk got."""
    peer.start()
    wire = _wire(peer)
    wire.many(iter([_exchange("f", "fanout", durable=True)]), 40, 11)
    names = [f"f{number}" for number in range(TARGETS)]
    wire.many((_queue(name, bits=2) for name in names), 50, 11)
    wire.many((_binding(name, "f", "") for name in names), 50, 21)
    wire.confirm_select()
    message = _publish("f", "", b"x" * FANOUT_BYTES, 0x1000, b"\x02")
    stored = _stored_bytes(peer)
    before = measure.usage(peer.pids[:1])
    since = time.monotonic()
    wire.sock.sendall(message * FANOUT_MESSAGES)
    wire.confirms(FANOUT_MESSAGES)
    took_s = time.monotonic() - since
    cpu_s = _spent(peer, before)
    copies = (_stored_bytes(peer) - stored) / (FANOUT_MESSAGES * FANOUT_BYTES)
    for name in (names[0], names[-1]):
        assert wire.declare(name, durable=True, passive=True) == FANOUT_MESSAGES, name
    count = TARGETS * FANOUT_MESSAGES
    return {
        "targets": TARGETS,
        "rate": count / took_s,
        "cpu_us_target": cpu_s * 1e6 / count,
        "copies_stored": copies,
    }


def _stored_bytes(peer: Peer) -> int:
    found = 0
    for path in peer.folder.rglob("*"):
        try:
            found += path.stat().st_blocks * 512 if path.is_file() else 0
        except OSError:
            continue
    return found


def queues(peer: Peer, options: Any, _generate: Any) -> Figures:
    """Many durable queues, declared BLOCK at a time; what they cost in memory."""
    peer.start()
    wire = _wire(peer)
    count = options.idle_queues * QUEUES_FACTOR
    since = time.monotonic()
    wire.many((_queue(f"q{number}", bits=2) for number in range(count)), 50, 11)
    took_s = time.monotonic() - since
    time.sleep(SETTLE_S)
    return {
        "queues": count,
        "declares_per_s": count / took_s,
        "rss_idle_mb": measure.rss_mb(peer.pids[:1]),
    }


def connections(peer: Peer, _options: Any, _generate: Any) -> Figures:
    """Many connections with a channel each that say nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < CONNECTIONS + OWN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(CONNECTIONS + OWN_FILES, hard), hard))
    peer.start()
    empty_mb = measure.rss_mb(peer.pids[:1])
    since = time.monotonic()
    wires = [_wire(peer) for _ in range(CONNECTIONS)]
    took_s = time.monotonic() - since
    time.sleep(SETTLE_S)
    full_mb = measure.rss_mb(peer.pids[:1])
    for wire in wires:
        wire.sock.close()
    return {
        "connections": CONNECTIONS,
        "opens_per_s": CONNECTIONS / took_s,
        "rss_empty_mb": empty_mb,
        "rss_idle_mb": full_mb,
        "kb_per_connection": (full_mb - empty_mb) * 1000 / CONNECTIONS,
    }


def calls(peer: Peer, _options: Any, _generate: Any) -> Figures:
    """Calls by messages: CALLS_AT_ONCE requests, their answers, and so on; to a queue of one's own, and directly."""
    peer.start()
    server, figures = _wire(peer), Figures()
    server.many(iter([_queue("calls")]), 50, 11)
    server.consume("calls", "s", prefetch=0, no_ack=True)
    for way in ("queue", "direct"):
        client = _wire(peer)
        reply_to = DIRECT
        if way == "queue":
            client.sock.sendall(_queue("", bits=4))
            arguments = client.expect(50, 11)
            reply_to = arguments[1 : 1 + arguments[0]].decode()
        client.consume(reply_to, "c", prefetch=0, no_ack=True)
        _call(client, server, reply_to, CALLS_AT_ONCE * 20)
        before = measure.usage(peer.pids[:1])
        since = time.monotonic()
        _call(client, server, reply_to, CALLS)
        took_s = time.monotonic() - since
        cpu_s = _spent(peer, before)
        figures[f"calls_per_s_{way}"] = CALLS / took_s
        figures[f"calls_per_cpu_s_{way}"] = CALLS / cpu_s
        client.close()
    return figures


def _call(client: Wire, server: Wire, reply_to: str, count: int) -> None:
    for _ in range(count // CALLS_AT_ONCE):
        asked = [
            _publish("", "calls", b"q" * 64, 0x0600, short(str(number)) + short(reply_to))
            for number in range(CALLS_AT_ONCE)
        ]
        client.sock.sendall(b"".join(asked))
        server.sock.sendall(b"".join(map(_answer, server.deliveries(CALLS_AT_ONCE))))
        for number, (_, header, body) in enumerate(client.deliveries(CALLS_AT_ONCE)):
            assert (header[15 : 15 + header[14]], body) == (str(number).encode(), b"a" * 64)


def _answer(delivery: tuple[bytes, bytes, bytes]) -> bytes:
    _, header, _ = delivery
    end = 15 + header[14]
    reply_to = header[end + 1 : end + 1 + header[end]].decode()
    return _publish("", reply_to, b"a" * 64, 0x0400, header[14:end])


def dressed(peer: Peer, options: Any, _generate: Any) -> Figures:
    """A backlog sent and drained as it is; then with ten priorities, and lives of messages and of their queue."""
    peer.start()
    wire = _wire(peer)
    wire.confirm_select()
    count = options.backlog_messages // BLOCK * BLOCK
    arguments = b"\x0ex-max-priorityI" + struct.pack(">I", PRIORITIES)
    arguments += b"\x0dx-message-ttlI" + struct.pack(">I", LIFE_MS)
    body = b"x" * 100
    figures: Figures = {"messages": count}
    for name, told in (("plain", b""), ("dressed", arguments)):
        wire.many(iter([_queue(name, bits=2, arguments=told)]), 50, 11)
        values = b"\x02" if name == "plain" else b""
        block = b"".join(
            _publish("", name, body, 0x1000, values)
            if name == "plain"
            else _publish(
                "", name, body, 0x1900, bytes([2, number % PRIORITIES]) + short(str(LIFE_MS))
            )
            for number in range(BLOCK)
        )
        before = measure.usage(peer.pids[:1])
        for _ in range(count // BLOCK):
            wire.sock.sendall(block)
            wire.confirms(BLOCK)
        figures[f"send_us_{name}"] = _spent(peer, before) * 1e6 / count
        figures[f"rss_mb_{name}"] = measure.rss_mb(peer.pids[:1])
        before = measure.usage(peer.pids[:1])
        _drain(_wire(peer), name, count)
        figures[f"drain_us_{name}"] = _spent(peer, before) * 1e6 / count
    figures["send_share"] = figures["send_us_plain"] / figures["send_us_dressed"]
    figures["drain_share"] = figures["drain_us_plain"] / figures["drain_us_dressed"]
    return figures


def _drain(wire: Wire, queue: str, count: int) -> None:
    wire.consume(queue, "d", prefetch=BLOCK, no_ack=False)
    got = 0
    while got < count:
        got += len(wire.deliveries(BLOCK // 2))
        wire.sock.sendall(ack(got, multiple=True))
    wire.close()


LIFE = {
    "life/rabbit-topic": topic,
    "life/rabbit-fanout": fanout,
    "life/rabbit-queues": queues,
    "life/rabbit-connections": connections,
    "life/rabbit-calls": calls,
    "life/rabbit-dressed": dressed,
}

GOALS: tuple[tuple[str, float, bool, str, str, str], ...] = (
    ("topic exchange with 10,000 bindings: CPU more", 3, True, "topic", "us_more", "us"),
    ("fan-out to 1,000 queues: CPU per target", 2, True, "fanout", "cpu_us_target", "us"),
    ("fan-out to 1,000 queues: copies on disk", 2, True, "fanout", "copies_stored", ""),
    ("100,000 queues: memory", 250, True, "queues", "rss_idle_mb", "MB"),
    ("100,000 queues: declared", 5_000, False, "queues", "declares_per_s", "/s"),
    ("calls per CPU second, own queue", 3, False, "calls", "calls_per_cpu_s_queue", "x"),
    ("calls per CPU second, direct reply-to", 3, False, "calls", "calls_per_cpu_s_direct", "x"),
    ("10,000 idle connections: memory", 150, True, "connections", "rss_idle_mb", "MB"),
    ("a backlog with priorities and lives, sent", 0.8, False, "dressed", "send_share", ""),
    ("a backlog with priorities and lives, drained", 0.8, False, "dressed", "drain_share", ""),
)
"""What is asked, the limit, whether less is better, of which row and figure; in x: to RabbitMQ's."""
