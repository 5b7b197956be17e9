"""Acknowledge, release, reject, renew: what becomes of events that were received, token by token.

    POST /NS/topics/TOPIC/eventsubscriptions/SUB:acknowledge  {"lockTokens": ["..", ..]}
    200 {"succeededLockTokens": [".."], "failedLockTokens": [{"lockToken": "..", "error": {"code": "TokenLost", ..}}]}

A token of another subscription, of nothing, or of an event that is locked no more fails alone. `:release` takes
`releaseDelayInSeconds`, one of five.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from dragoman.doors.eventgrid.errors import bad_request
from dragoman.doors.eventgrid.pulling import Pulling, Reader
from dragoman.doors.shared.receipts import Receipts
from dragoman.doors.shared.rest.call import Call, Response, json_response
from dragoman.kernel.api import Outcome, Renew, Session, Settle, Token
from dragoman.model.errors import InvalidArgument, KernelError
from dragoman.model.levels import WRITTEN

DELAYS_S: Final = (0, 10, 60, 600, 3_600)
TOKENS_MAX: Final = 1_000  # in one request
LOST: Final = ("TokenLost", "The lock token is not valid: the event is locked no more.")
INVALID: Final = ("BadToken", "The lock token is none of this subscription.")


class _Tokens(msgspec.Struct, rename="camel"):
    lock_tokens: list[str]


_DECODER: Final = msgspec.json.Decoder(_Tokens)


class Settling:
    """Handlers of the four."""

    def __init__(self, pulling: Pulling, receipts: Receipts) -> None:
        self._pulling = pulling
        self._receipts = receipts

    def acknowledge(self, call: Call) -> Response:
        """They are done."""
        return self._each(call, lambda session, token, _: _settle(session, token, "ack"))

    def reject(self, call: Call) -> Response:
        """They are dead letters, or dropped."""
        return self._each(call, lambda session, token, _: _settle(session, token, "reject"))

    def release(self, call: Call) -> Response:
        """They may be received again, after the delay."""
        asked = parse_qs(call.request.query.decode("latin-1"))
        text = asked.get("releaseDelayInSeconds", ["0"])[0]
        if text not in map(str, DELAYS_S):
            raise bad_request(f"releaseDelayInSeconds is one of {DELAYS_S}, not {text:.20}.")
        delay_ms = 1_000 * int(text)
        return self._each(
            call, lambda session, token, _: _settle(session, token, "release", delay_ms)
        )

    def renew(self, call: Call) -> Response:
        """They are locked for the whole duration again."""
        return self._each(call, _renew)

    def _each(self, call: Call, carry_out: "CarryOut") -> Response:
        """One token after the other; what is gone is told, and hinders no other."""
        reader = self._pulling.reader(call)
        session = call.session
        succeeded: list[str] = []
        failed: list[dict[str, Any]] = []
        for text in _tokens(call.request.body):
            error = self._one(session, text, reader, carry_out)
            if error is None:
                succeeded.append(text)
            else:
                code, message = error
                failed.append({"lockToken": text, "error": {"code": code, "message": message}})
        response = json_response(
            200, {"succeededLockTokens": succeeded, "failedLockTokens": failed}
        )
        return response.after(session.position(), WRITTEN) if succeeded else response

    def _one(
        self, session: Session, text: str, reader: Reader, carry_out: "CarryOut"
    ) -> tuple[str, str] | None:
        try:
            token = self._receipts.read(session, text)
        except InvalidArgument:
            return INVALID
        if token.subscription != reader.id:
            return INVALID
        try:
            return None if carry_out(session, token, reader) else LOST
        except KernelError:
            return LOST


CarryOut = Callable[[Session, Token, Reader], bool]


def _settle(session: Session, token: Token, outcome: Outcome, delay_ms: int = 0) -> bool:
    command = Settle(token.subscription, token.partition, token.holder, _runs(token), outcome)
    command.delay_ms = delay_ms
    return session.settle(command).settled == 1


def _renew(session: Session, token: Token, reader: Reader) -> bool:
    session.submit(
        Renew(
            subscription=token.subscription,
            partition=token.partition,
            holder=token.holder,
            runs=_runs(token),
            lease_duration_ms=reader.lease_duration_ms,
        )
    )
    return True


def _runs(token: Token) -> list[tuple[int, int]]:
    return [(token.offset, token.offset + 1)]


def _tokens(body: bytes) -> Sequence[str]:
    try:
        tokens = _DECODER.decode(body).lock_tokens
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request(f"The request names no lock tokens: {error}.") from error
    if len(tokens) > TOKENS_MAX:
        raise bad_request(f"At most {TOKENS_MAX} lock tokens in one request.")
    return tokens
