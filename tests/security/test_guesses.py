"""Who may try again: so many failures at once, then as time passes; a table that does not grow."""

from dragoman.security.guesses import ADDRESSES_MAX, GUESS_MS, GUESSES_MAX, Guesses, network_of

HOST = "192.0.2.1"


def exhausted(now_ms: int = 0) -> Guesses:
    guesses = Guesses()
    for _ in range(GUESSES_MAX):
        assert guesses.may_try(HOST, now_ms)
        guesses.failed(HOST, now_ms)
    return guesses


def test_after_so_many_failures_nothing_more_is_looked_at_until_time_has_passed() -> None:
    guesses = exhausted()
    assert not guesses.may_try(HOST, GUESS_MS - 1)
    assert guesses.may_try(HOST, GUESS_MS)
    guesses.failed(HOST, GUESS_MS)
    assert not guesses.may_try(HOST, GUESS_MS)
    assert guesses.may_try(HOST, 2 * GUESS_MS)


def test_another_address_is_not_held_responsible() -> None:
    assert exhausted().may_try("192.0.2.2", 0)


def test_failures_are_forgiven_in_time() -> None:
    guesses = exhausted()
    later_ms = GUESSES_MAX * GUESS_MS
    for _ in range(GUESSES_MAX):
        assert guesses.may_try(HOST, later_ms)
        guesses.failed(HOST, later_ms)
    assert not guesses.may_try(HOST, later_ms)


def test_of_addresses_those_that_failed_last_are_remembered() -> None:
    guesses = exhausted()
    for number in range(ADDRESSES_MAX):
        guesses.failed(f"host-{number}", 0)
        if number == ADDRESSES_MAX // 2:
            guesses.failed(HOST, 0)
    assert len(guesses) == ADDRESSES_MAX
    assert not guesses.may_try(HOST, 0)
    for number in range(ADDRESSES_MAX):
        guesses.failed(f"other-{number}", 0)
    assert len(guesses) == ADDRESSES_MAX
    assert guesses.may_try(HOST, 0)


def test_who_has_one_address_of_a_network_of_ipv6_has_all_of_it() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:192.0.2.1") == HOST
    assert network_of(HOST) == HOST
    assert network_of("") == ""
