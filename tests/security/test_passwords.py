"""What is kept of passwords: ours, and what RabbitMQ keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.security.passwords import (
    ARGON2,
    HashRefused,
    hash_password,
    is_password,
    kept_of,
    told,
)

SHA256 = "rabbit_password_hashing_sha256"
OF_TEST12 = "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"  # of "test12", as RabbitMQ's guide works it out


def test_a_password_opens_what_was_kept_of_it_and_no_other_does() -> None:
    kept = hash_password(b"secret", b"sixteen bytes!!!")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert is_password(kept, b"secret")
    assert not is_password(kept, b"Secret")
    assert kept_of(*told(kept)) == kept


def test_a_hash_of_rabbitmqs_is_taken_as_it_is() -> None:
    kept = kept_of(SHA256, OF_TEST12)
    assert is_password(kept, b"test12")
    assert not is_password(kept, b"test13")
    assert told(kept) == (SHA256, OF_TEST12)


def test_nobody_comes_in_by_an_empty_password_or_without_one_kept() -> None:
    assert not is_password("", b"")
    assert not is_password("", b"x")
    assert not is_password(kept_of(SHA256, OF_TEST12), b"")
    assert told("") == (SHA256, "")


@pytest.mark.parametrize(
    ("algorithm", "text"),
    [
        ("rot13", OF_TEST12),
        (SHA256, "not base64"),
        (SHA256, "eA=="),
        ("rabbit_password_hashing_sha512", OF_TEST12),
        (ARGON2, OF_TEST12),
        (ARGON2, "$argon2id$v=19$m=99999999,t=2,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"),
        (ARGON2, "$argon2id$v=19$m=19456,t=99,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"),
        (ARGON2, "$argon2id$v=19$m=19456,t=2,p=0$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"),
        (ARGON2, "$argon2id$v=19$m=4,t=2,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"),
        (SHA256, "A" * 1_000),
    ],
)
def test_what_is_no_hash_or_takes_too_long_is_refused(algorithm: str, text: str) -> None:
    with pytest.raises(HashRefused):
        kept_of(algorithm, text)


@given(st.sampled_from([SHA256, ARGON2, ""]), st.text(max_size=80))
def test_any_text_is_a_hash_or_refused(algorithm: str, text: str) -> None:
    try:
        kept = kept_of(algorithm, text)
    except HashRefused:
        return
    assert told(kept) == (algorithm, text)
