"""What becomes of received events, token by token."""

from typing import Any

import pytest
from tests.doors.eventgrid.client import CLOUD, Grid, cloud, code, read

from dragoman.kernel.api import Address, CreateStream, DescribeQueue, QueueInfo, StreamSettings

PATH = "/topics/orders/eventsubscriptions/sub"


def locked(count: int = 1, **settings: Any) -> tuple[Grid, list[str]]:
    found = Grid()
    found.subscribe("sub", lease_duration_ms=60_000, attempts_counted="leased", **settings)
    for number in range(count):
        found.post("/topics/orders:publish", cloud(number + 1), CLOUD)
    return found, tokens(found, count) if count else []


def tokens(found: Grid, count: int = 10) -> list[str]:
    values = read(found.post(f"{PATH}:receive?maxEvents={count}"))["value"]
    return [value["brokerProperties"]["lockToken"] for value in values]


def settle(
    found: Grid, verb: str, locks: list[str], query: str = ""
) -> tuple[list[str], list[str]]:
    """Tokens that succeeded, and codes of those that failed."""
    answer = read(found.post(f"{PATH}:{verb}{query}", {"lockTokens": locks}))
    return answer["succeededLockTokens"], [
        one["error"]["code"] for one in answer["failedLockTokens"]
    ]


def info(found: Grid) -> QueueInfo:
    state: QueueInfo = found.submit(DescribeQueue(name="orders", subscription="sub"))
    return state


def test_what_is_acknowledged_is_done_and_only_once() -> None:
    found, locks = locked(2)
    assert settle(found, "acknowledge", locks) == (locks, [])
    assert settle(found, "acknowledge", locks) == ([], ["TokenLost"] * 2)
    assert (info(found).ready, info(found).leased) == (0, 0)


def test_each_token_has_its_own_fate() -> None:
    found, locks = locked(2)
    settle(found, "acknowledge", locks[:1])
    assert settle(found, "acknowledge", [*locks, "nonsense"]) == (
        locks[1:],
        ["TokenLost", "BadToken"],
    )


def test_what_is_released_comes_again_at_once() -> None:
    found, locks = locked()
    assert settle(found, "release", locks) == (locks, [])
    (again,) = tokens(found)
    assert again != locks[0]


def test_what_is_released_with_a_delay_comes_after_it() -> None:
    found, locks = locked()
    assert settle(found, "release", locks, "?releaseDelayInSeconds=60") == (locks, [])
    assert info(found).ready == 0
    found.world.advance(60_000)
    assert info(found).ready == 1


def test_what_is_rejected_is_a_dead_letter() -> None:
    found, _ = locked(0)
    found.submit(CreateStream(name="grave", settings=StreamSettings(retention_ms=-1)))
    found, locks = locked(1, dead_letter=Address("grave"))
    found.submit(CreateStream(name="grave", settings=StreamSettings(retention_ms=-1)))
    assert settle(found, "reject", locks) == (locks, [])
    (body,) = found.stored("grave")
    assert b'"deadletterreason":"Rejected"' in body
    assert b'"deliveryattempts":1' in body


def test_a_renewed_lock_lasts_its_whole_time_again() -> None:
    found, locks = locked()
    found.world.advance(59_000)
    assert settle(found, "renewLock", locks) == (locks, [])
    found.world.advance(59_000)
    assert info(found).leased == 1
    found.world.advance(1_000)
    assert settle(found, "renewLock", locks) == ([], ["TokenLost"])


def test_a_token_of_another_subscription_is_none_of_this_one() -> None:
    found, locks = locked()
    found.subscribe("other")
    answer = found.post(
        "/topics/orders/eventsubscriptions/other:acknowledge", {"lockTokens": locks}
    )
    assert read(answer)["failedLockTokens"][0]["error"]["code"] == "BadToken"
    assert info(found).leased == 1


@pytest.mark.parametrize("delay", ["1", "-10", "x", "3601"])
def test_a_delay_is_one_of_five(delay: str) -> None:
    found, locks = locked()
    answer = found.post(f"{PATH}:release?releaseDelayInSeconds={delay}", {"lockTokens": locks})
    assert code(answer) == (400, "BadRequest")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"lockTokens": "x"}', b'{"lockTokens": [1]}', b"\xff", b"[" * 9999],
)
@pytest.mark.parametrize("verb", ["acknowledge", "release", "reject", "renewLock"])
def test_a_body_without_tokens_is_refused(body: bytes, verb: str) -> None:
    assert code(locked(0)[0].post(f"{PATH}:{verb}", body)) == (400, "BadRequest")


def test_more_tokens_than_anybody_can_have_are_refused() -> None:
    answer = locked(0)[0].post(f"{PATH}:acknowledge", {"lockTokens": ["x"] * 1_001})
    assert code(answer) == (400, "BadRequest")
