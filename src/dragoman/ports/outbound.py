"""Outbound HTTP as a port: who pushes messages says what to send; `push` sends it and says what came back."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

Failure = Literal["", "blocked", "refused", "unresolved", "tls", "timeout", "broken", "busy"]
"""Why there is no answer: the target may not be called (`blocked`), would not be connected to (`refused`,
`unresolved`, `tls`), took too long, spoke no HTTP or broke off (`broken`); `busy`: it already has as many requests
under way as it may, and was not asked."""


class Outgoing:
    """One request to send.

    timeout_ms  for all of it, until the answer's last byte
    at_once     how many its target may get at the same time, where somebody has said so; 0: what is good for targets
                in general
    """

    __slots__ = ("at_once", "body", "headers", "method", "timeout_ms", "url")

    def __init__(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        timeout_ms: int,
        *,
        at_once: int = 0,
    ) -> None:
        self.at_once = at_once
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout_ms = timeout_ms


class Answered:
    """What came of it: an answer with its status, headers (lower-case names) and the first bytes of its body, or, with
    status 0, the reason why there is none.
    """

    __slots__ = ("body", "elapsed_ms", "failure", "headers", "status", "text")

    def __init__(
        self,
        status: int,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        failure: Failure = "",
        text: str = "",
        elapsed_ms: int = 0,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.failure: Failure = failure
        self.text = text  # for people: what exactly went wrong
        self.elapsed_ms = elapsed_ms


class Outbound(Protocol):
    """Sends requests, each when its target's turn has come: one that refuses or hangs costs the others nothing."""

    def send(self, request: Outgoing, done: Callable[[Answered], None]) -> None:
        """Send; `done` is called once, in a later turn, on the thread that called. Never raises: a URL that is none
        is `blocked`. Beyond a target's room requests wait for their turn, some; what finds no place is `busy`.
        `timeout_ms` counts from when it is sent.
        """
        ...

    def room(self, url: str) -> int:
        """How many more requests the URL's target (scheme, host, port) takes now. Asked before messages are leased for
        it, so that few wait leased for a connection: whoever has none under way may send one whatever this says.
        """
        ...
