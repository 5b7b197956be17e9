"""SCRAM against the examples of its specifications, and against what is no SCRAM."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.security.scram import (
    HASHES,
    Exchange,
    ScramRefused,
    credential_of,
    salted_password,
    user_of,
)

# RFC 7677, section 3.
FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
CHALLENGE = (
    b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
)
PROOF = b",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
FINAL = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0" + PROOF
SIGNATURE = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def exchange(first: bytes = FIRST) -> Exchange:
    salted = salted_password("SCRAM-SHA-256", b"pencil", SALT, 4096)
    return Exchange(
        "SCRAM-SHA-256", credential_of("SCRAM-SHA-256", SALT, 4096, salted), first, NONCE
    )


def test_the_example_of_the_specification() -> None:
    assert user_of(FIRST) == "user"
    assert exchange().challenge == CHALLENGE
    assert exchange().finish(FINAL) == SIGNATURE


@pytest.mark.parametrize(
    "final",
    [
        FINAL.replace(b"dHzb", b"dHzc"),
        FINAL.replace(b"r=rOpr", b"r=xOpr"),
        FINAL[:-3],
        FINAL.replace(b"=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", b"="),
        b"",
        b"\xff" * 5000,
    ],
)
def test_a_proof_that_does_not_hold_is_refused(final: bytes) -> None:
    with pytest.raises(ScramRefused):
        exchange().finish(final)


@pytest.mark.parametrize("first", [b"", b"n,,", b"p=tls-unique,,n=u,r=x", b"n,,r=x", b"x" * 5000])
def test_a_first_message_that_is_none_is_refused(first: bytes) -> None:
    with pytest.raises(ScramRefused):
        user_of(first)


def test_a_name_may_hold_what_separates_names() -> None:
    assert user_of(b"n,,n=a=2Cb=3Dc,r=x") == "a,b=c"


@given(st.binary(max_size=200))
def test_no_bytes_break_it(data: bytes) -> None:
    for attempt in (user_of, exchange, exchange().finish):
        try:
            attempt(data)
        except ScramRefused:
            continue


def test_both_hashes_are_there() -> None:
    assert set(HASHES) == {"SCRAM-SHA-256", "SCRAM-SHA-512"}
