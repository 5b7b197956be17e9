"""Lives of a whole node from seeds. A failing one says its seed; `--seed N` plays it again, step by step the same.

Seeds that once found a fault are kept in FOUND, with the families they played: they always run, whatever the range is.
What a seed plays changes with the mix, so each fault has a test of its own besides, beside the module it was in.
"""

from collections import Counter
from collections.abc import Iterable

import pytest
from tests.sim.actions import MET
from tests.sim.simulation import STEPS, families_of, live

FAST_SEEDS = range(20)
ALL_SEEDS = range(1_400)

FOUND: dict[tuple[int, tuple[str, ...]], str] = {
    (2, ()): "publishes alone left a queue's count behind at a checkpoint",
    (
        7,
        (),
    ): "a confirm was promised a frame that had been handed over already; two cold heads, one place",
    (9, ()): "a new head of another partition did not arm the deadline",
    (13, ()): "bytes given away by one decision were given away again",
    (14, ()): "an expired head stayed when the one before it was taken",
    (30, ()): "a limit passed just before a crash was not looked at after it",
    (65, ()): "bytes of a batch did not add up once it was cut",
    (79, ()): "a headers route forgot limits that refuse",
    (90, ()): "a delivery waited for a sync that nobody asked for",
    (139, ()): "a delivery grew with the block it came from",
    (148, ()): "nothing expired after a start until somebody came",
    (0, ("orders",)): "a holder had the number of somebody in an earlier life",
    (3, ()): "stored bytes lost count of a written extent whose first entries were gone",
    (38, ("orders",)): "a checkpoint merged messages without a key with those that had one",
    (4, ("orders",)): "an ordered reader did not look at later heads that expire",
    (12, ("orders",)): "what a new ordered reader found never expired",
    (51, ("orders",)): "a consumer of high priority that could get nothing starved the others",
    (14, ("deadlines", "orders")): "a deferred message was leased while somebody had its key",
    (2, ("sessions",)): "a batch took messages of several keys to one partition",
    (4, ("sessions",)): "a session without a name was in two partitions",
    (132, ("seeking",)): "a retry waited for before a seek broke the node after it",
    (
        0,
        ("scheduling",),
    ): "an id was told before it was safe, by a planted fault that mixed lives miss",
    (26, ("scheduling",)): "likewise",
    (29, ("scheduling",)): "likewise",
    (9, ("scheduling",)): "the id of a schedule was another message's after a power cut",
    (4, ("scheduling",)): "likewise: the mix has changed, and 9 plays something else now",
    (37, ("scheduling",)): "what was decided for a message without room reached the next",
    (60, ("unique",)): "ids were forgotten early where the clock had stepped back",
    (3, ("transactions", "seeking")): "a seek forgot what waits for a transaction",
    (37, ("transactions", "seeking")): "a snapshot forgot what waits for a transaction",
    (7, ("pumps",)): "a pump carried what was trimmed",
    (77, ("pumps",)): "cursors were not shown what gathered while they were caught up",
    (25, ("orders",)): "a message waited for two retries at once",
    (117, ("limits",)): "a block was as old as its last message, which was not its youngest",
    (407, ("atomic", "limits", "pumps")): "a dead letter was lost to a quota",
    (5, ("deadlines", "pumps", "sessions", "unique")): "a deferred message was not done when taken",
    (303, ("delays", "groups", "looking", "seeking")): "dead letters put a queue over its limit",
    (363, ("atomic", "orders")): "a set settled what a release of its own took back",
    (386, ("delays", "deadlines")): "deferred messages were leased beyond the limit",
    (
        186,
        ("delays", "orders", "pumps", "transactions"),
    ): "a producer's batch counted once for each key in it",
    (544, ("groups", "pumps")): "a group was deleted that somebody was still to join",
    (
        6011,
        ("deadlines", "pumps", "scheduling", "transactions"),
    ): "what had become safe waited for a sync all the same",
    (7837, ("guarding", "keeping", "orders", "pumps")): "dead letters and a pump went in a circle",
    (2795, ("compacting", "orders", "seeking")): "a tombstone went before a value in a whole batch",
    (1046, ("keeping", "limits", "orders", "scheduling")): "a trim freed a key and told nobody",
    (4702, ("delays", "orders", "seeking")): "what a new reader found was a checkpoint's whim",
    (5072, ("atomic", "delays", "orders")): "likewise, with a reader left that needed some of it",
    (10, ("revising", "orders", "deadlines")): "a message that a reader had changed never expired",
    (
        792,
        ("delays", "revising"),
    ): "one that expired while others were taken was looked for on disk",
    (
        918,
        ("compacting", "scheduling", "sharing"),
    ): "a clock set back between two lives hid a head that had expired",
}

MET_MIN = 100


Played = tuple[int, tuple[str, ...]]


def run(lives: Iterable[Played]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for seed, families in lives:
        try:
            counts += live(seed, families).counts
        except BaseException as error:
            again = f"pytest tests/sim --seed {seed} --families {','.join(families) or 'none'}"
            error.add_note(f"seed {seed}, {STEPS} steps: {again}")
            raise
    return counts


def played(seeds: Iterable[int]) -> list[Played]:
    return [(seed, families_of(seed)) for seed in seeds]


def test_one_seed_again(seed: int | None, families: tuple[str, ...] | None) -> None:
    one = 0 if seed is None else seed
    run([(one, families_of(one) if families is None else families)])


@pytest.mark.slow
def test_seeds_that_found_a_fault_find_it_no_more(seed: int | None) -> None:
    if seed is None:
        run(sorted(FOUND))


def test_every_life_keeps_the_invariants(seed: int | None) -> None:
    if seed is None:
        run(played(FAST_SEEDS))


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
    counts = run(played(ALL_SEEDS))
    for family, features in MET.items():
        print(f"{family:>12}", "  ".join(f"{name} {counts[name]}" for name in features))  # noqa: T201
    features = [name for known in MET.values() for name in known]
    rare = {name: counts[name] for name in features if counts[name] <= MET_MIN}
    assert not rare, f"met too seldom: {rare}"
