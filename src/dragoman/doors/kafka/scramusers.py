"""Users that prove themselves by SCRAM: made, described and forgotten by clients (KIP-554); `shared.users` keeps them.

What is kept of a password judges a proof and makes none. A user that also has a password, made by RabbitMQ's tools,
keeps it when its last credential here goes.
"""

from typing import Any, Final

import msgspec

from dragoman.doors.kafka.allowed import check_cluster, denied
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.doors.shared import users
from dragoman.doors.shared.users import User
from dragoman.kernel.api import ALTER, DESCRIBE, NAMESPACE
from dragoman.model.levels import SYNCED
from dragoman.security.scram import (
    ITERATIONS_MAX,
    ITERATIONS_MIN,
    Credential,
    Exchange,
    ScramRefused,
    credential_of,
    user_of,
)
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]
Kept = dict[str, Credential]

MECHANISMS: Final = {1: "SCRAM-SHA-256", 2: "SCRAM-SHA-512"}
NUMBERS: Final = {name: number for number, name in MECHANISMS.items()}
NONCE_BYTES: Final = 16


def answer(talk: Talk, token: bytes) -> tuple[str | None, bytes]:
    """Who has proved itself, and what is said to it; nobody and nothing: the proof has failed."""
    try:
        if talk.exchange is not None:
            (user, exchange), talk.exchange = talk.exchange, None
            return user, exchange.finish(token)
        user = talk.claimed = user_of(token)
        credential = _kept(talk, user).get(talk.mechanism)
        if credential is None:
            return None, b""
        nonce = talk.session.token(NONCE_BYTES).hex()
        exchange = Exchange(talk.mechanism, credential, token, nonce)
    except ScramRefused:
        return None, b""
    talk.exchange = (user, exchange)
    return None, exchange.challenge


def _kept(talk: Talk, user: str) -> Kept:
    found = users.find(talk.session, user)
    return {} if found is None else found.scram


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeUserScramCredentials: of the users asked for, or of all."""
    code = denied(talk, DESCRIBE, NAMESPACE)
    if code:
        return {"error_code": code, "error_message": ErrorCode(code).message, "results": []}
    asked = message["users"]
    if asked:
        names = [user["name"] for user in asked]
    else:
        names = [name for name, user in users.all_of(talk.session).items() if user.scram]
    return {
        "error_code": 0,
        "error_message": None,
        "results": [
            _described(name, _kept(talk, name), names.count(name)) for name in dict.fromkeys(names)
        ],
    }


def _described(name: str, kept: Kept, count: int) -> Message:
    code: int = 0 if kept else ErrorCode.RESOURCE_NOT_FOUND
    if count > 1:
        code = ErrorCode.DUPLICATE_RESOURCE
    return {
        "user": name,
        "error_code": code,
        "error_message": ErrorCode(code).message if code else None,
        "credential_infos": [
            {"mechanism": NUMBERS[mechanism], "iterations": credential.iterations}
            for mechanism, credential in kept.items()
            if not code
        ],
    }


def serve_alter(talk: Talk, request: Request, message: Message) -> Message:
    """AlterUserScramCredentials: all changes of a user, or none."""
    changes: dict[str, list[Message]] = {}
    for change in [*message["deletions"], *message["upsertions"]]:
        changes.setdefault(change["name"], []).append(change)
    results: list[Message] = []
    for user, given in changes.items():
        code, text = 0, None
        try:
            _alter(talk, user, given)
        except REFUSALS as error:
            code, text = code_of(error), why(error)
        results.append({"user": user, "error_code": code, "error_message": text})
    talk.wait_for(SYNCED)
    return {"results": results}


def _alter(talk: Talk, user: str, changes: list[Message]) -> None:
    check_cluster(talk, ALTER)
    if not user:
        raise Refused(ErrorCode.UNACCEPTABLE_CREDENTIAL, "a user has a name")
    found = users.find(talk.session, user) or User()
    kept = dict(found.scram)
    named = [change["mechanism"] for change in changes]
    if len(set(named)) < len(named):
        raise Refused(ErrorCode.DUPLICATE_RESOURCE)
    for change in changes:
        mechanism = MECHANISMS.get(change["mechanism"])
        if mechanism is None:
            raise Refused(ErrorCode.UNSUPPORTED_SASL_MECHANISM)
        if "salt" in change:
            kept[mechanism] = _credential(mechanism, change)
        elif kept.pop(mechanism, None) is None:
            raise Refused(ErrorCode.RESOURCE_NOT_FOUND, f"{user} has no {mechanism}")
    if kept or found.password or found.tags:
        users.put(talk.session, user, msgspec.structs.replace(found, scram=kept))
    else:
        users.delete(talk.session, user)


def _credential(mechanism: str, change: Message) -> Credential:
    iterations = change["iterations"]
    if not ITERATIONS_MIN <= iterations <= ITERATIONS_MAX:
        text = f"{ITERATIONS_MIN} to {ITERATIONS_MAX} iterations"
        raise Refused(ErrorCode.UNACCEPTABLE_CREDENTIAL, text)
    salt, salted = bytes(change["salt"]), bytes(change["salted_password"])
    return credential_of(mechanism, salt, iterations, salted)
