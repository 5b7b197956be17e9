"""Endpoints: handshakes are answered and not counted, requests are taken from bytes, whole and in pieces."""

from typing import Any

from bench.generators.webhooks import ANSWER, Webhook

REQUEST = b'POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\n{"due":"42"}'
HANDSHAKE = b"OPTIONS / HTTP/1.1\r\nHost: h\r\n\r\n"


class Transport:
    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data


def webhook(is_silent: list[bool]) -> tuple[Webhook, Transport, list[list[bytes]]]:
    seen: list[list[bytes]] = []
    transport: Any = Transport()
    found = Webhook(lambda due, _: seen.append(due), is_silent)
    found.connection_made(transport)
    return found, transport, seen


def test_each_request_is_seen_and_answered() -> None:
    found, transport, seen = webhook([])
    for byte in HANDSHAKE + REQUEST + REQUEST:
        found.data_received(bytes([byte]))
    assert seen == [[b"42"], [b"42"]]
    assert transport.written == ANSWER * 3


def test_a_silent_one_takes_and_says_nothing() -> None:
    found, transport, seen = webhook([True])
    found.data_received(REQUEST)
    assert (seen, transport.written) == ([[b"42"]], b"")
