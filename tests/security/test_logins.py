"""Of which failed logins the operator is told, and in which words of the client's."""

import pytest

from dragoman.security.logins import (
    CHARS_MAX,
    LINE_MS,
    LINES_MAX,
    QUIET_MS,
    REMEMBERED_MAX,
    FailedLogin,
    FailedLogins,
    cleaned,
)

PEER = ("192.0.2.1", 50_000)


def fail(
    logins: FailedLogins, now_ms: int, user: str = "ann", peer: tuple[str, int] = PEER
) -> FailedLogin | None:
    return logins.failed("PLAIN", user, peer, 9092, now_ms)


def test_one_line_is_told_and_the_next_says_how_many_it_stands_for() -> None:
    logins = FailedLogins()
    assert fail(logins, 0) == FailedLogin("PLAIN", "ann", *PEER, 9092, 0)
    assert [fail(logins, now_ms) for now_ms in (1, 2, QUIET_MS - 1)] == [None] * 3
    told = fail(logins, QUIET_MS)
    assert told is not None
    assert told.more == 3
    assert fail(logins, QUIET_MS + 1) is None


def test_another_name_mechanism_or_address_has_a_line_of_its_own_but_not_another_port() -> None:
    logins = FailedLogins()
    assert fail(logins, 0)
    assert fail(logins, 0, user="bob")
    assert fail(logins, 0, peer=("192.0.2.2", 50_000))
    assert logins.failed("SCRAM-SHA-256", "ann", PEER, 9092, 0)
    assert fail(logins, 0, peer=(PEER[0], 50_001)) is None
    assert fail(logins, 0, peer=("2001:db8::1", 1))
    assert fail(logins, 0, peer=("2001:db8::2", 1)) is None  # whoever has one has the network


def test_however_many_names_are_tried_lines_are_few_and_nothing_grows() -> None:
    logins = FailedLogins()
    told = [fail(logins, 0, user=str(number)) for number in range(2 * REMEMBERED_MAX)]
    assert len([each for each in told if each]) == LINES_MAX
    assert len(logins) == REMEMBERED_MAX
    assert fail(logins, LINE_MS - 1, user="late") is None
    late = fail(logins, LINE_MS, user="late")
    assert late is not None
    assert late.more == 1
    assert fail(logins, LINE_MS, user="later") is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ann", "ann"),
        ("zo\xeb", "zo\xeb"),
        ("a\nlogin refused: b", "a?login refused: b"),
        ("\x1b[2J\u202eevil", "?[2J?evil"),
        ("x" * CHARS_MAX, "x" * CHARS_MAX),
        ("x" * (CHARS_MAX + 1), "x" * (CHARS_MAX - 1) + "\N{HORIZONTAL ELLIPSIS}"),
    ],
)
def test_what_clients_say_of_themselves_is_cleaned_and_cut(said: str, told: str) -> None:
    assert cleaned(said) == told
    login = FailedLogins().failed(said, said, PEER, 9092, 0)
    assert login is not None
    assert (login.mechanism, login.user) == (told, told)
