"""Lives of a whole node from seeds. A failing one says its seed; `--seed N` plays it again, step by step the same.

Seeds that once found a fault are kept in FOUND: they always run, whatever the range is.
"""

from collections import Counter

import pytest
from tests.sim.simulation import STEPS, live

FAST_SEEDS = range(40)
ALL_SEEDS = range(300)
SEEDS_AT_ONCE = 20

FOUND = {
    2: "publishes alone left a queue's count behind at a checkpoint",
    7: "a confirm was promised a frame that had been handed over already; two cold heads, one place",
    9: "a new head of another partition did not arm the deadline",
    13: "bytes given away by one decision were given away again",
    14: "an expired head stayed when the one before it was taken",
    30: "a limit passed just before a crash was not looked at after it",
    65: "bytes of a batch did not add up once it was cut",
    79: "a headers route forgot limits that refuse",
    90: "a delivery waited for a sync that nobody asked for",
    139: "a delivery grew with the block it came from",
    148: "nothing expired after a start until somebody came",
}

FEATURES = [  # every one of them is met more than MET_MIN times in a full run
    "AlterStream",
    "Bind",
    "Cancel",
    "Consume",
    "CreateStream",
    "DeclareQueue",
    "DeclareRoute",
    "DeleteQueue",
    "DeleteRoute",
    "DeleteStream",
    "Lease",
    "OpenPool",
    "PurgeQueue",
    "Read",
    "SetCredit",
    "TrimStream",
    "Unbind",
    "ack",
    "attach a queue",
    "cancelled by deletion",
    "checkpoint begun",
    "checkpoint committed",
    "close",
    "confirm left",
    "consume in a pool",
    "consume with priority",
    "consume without acknowledging",
    "crash in recovery",
    "dead letter: delivery_limit",
    "dead letter: expired",
    "dead letter: maxlen",
    "dead letter: rejected",
    "delivery",
    "delivery again",
    "drop a segment",
    "hold back",
    "kill -9",
    "make a queue",
    "node stopped: Failed",
    "power loss",
    "power lost inside a call",
    "publish",
    "publish a batch",
    "publish nowhere",
    "publish packed",
    "publish refused",
    "publish through a route",
    "publish to several",
    "publish with expiry",
    "purge something",
    "read an entry",
    "reject",
    "release",
    "rest",
    "room again for the checkpointer",
    "room again for the commit",
    "settle in part",
    "settle twice",
    "settlement left",
    "storage runs",
    "swept: 5",
    "swept: 7",
    "time passes",
    "trim the journal",
    "turn",
    "wall clock steps",
]
MET_MIN = 100


def run(seeds: list[int]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for seed in seeds:
        try:
            counts += live(seed).counts
        except BaseException as error:
            error.add_note(f"seed {seed}, {STEPS} steps: pytest tests/sim --seed {seed}")
            raise
    return counts


def test_one_seed_again(seed: int | None) -> None:
    run([0 if seed is None else seed])


def test_seeds_that_found_a_fault_find_it_no_more(seed: int | None) -> None:
    if seed is None:
        run(sorted(FOUND))


def test_every_life_keeps_the_invariants(seed: int | None) -> None:
    if seed is None:
        run(list(FAST_SEEDS))


def test_a_life_replays_step_by_step_from_its_seed() -> None:
    for seed in (3, 14):
        one, other = live(seed), live(seed)
        assert one.disk.fingerprint() == other.disk.fingerprint()
        assert one.counts == other.counts


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_full_run_keeps_the_invariants_and_meets_every_feature(seed: int | None) -> None:
    if seed is not None:
        return
    counts: Counter[str] = Counter()
    for first in range(0, len(ALL_SEEDS), SEEDS_AT_ONCE):
        counts += run(list(ALL_SEEDS[first : first + SEEDS_AT_ONCE]))
    print("\n".join(f"{count:7} {feature}" for feature, count in sorted(counts.items())))  # noqa: T201
    rare = {feature: counts[feature] for feature in FEATURES if counts[feature] <= MET_MIN}
    assert not rare, f"met too seldom: {rare}"
