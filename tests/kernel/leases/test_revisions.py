"""What stands in for messages of one subscription, and how long."""

from dragoman.kernel.block import Block, Partition
from dragoman.kernel.leases.revisions import Revisions, block_of, standing_in


def block(count: int = 4) -> Block:
    made = Block(10, 10 + count, 3, [b"%d" % at for at in range(count)], 500)
    made.expires_ms = list(range(1_000, 1_000 + count))
    made.hops = 2
    return made


def revised(*offsets: int) -> Revisions:
    known = Revisions()
    for offset in offsets:
        known.put(standing_in(block(), offset, 7, b"new"))
    return known


def test_a_revision_has_all_that_was_true_of_the_message_but_its_bytes() -> None:
    found = revised(12).blocks[12]
    assert (found.offset, found.end, found.format, found.bodies) == (12, 13, 7, [b"new"])
    assert (found.expires_ms, found.stored_at(12), found.hops, found.packed) == (
        [1_002],
        500,
        2,
        False,
    )
    assert found.keys is None and found.priorities is None


def test_whoever_asks_for_an_offset_gets_the_revision_else_the_streams_block() -> None:
    partition = Partition(0)
    partition.append(block())
    known = revised(11)
    assert block_of(known, partition, 11) is known.blocks[11]
    assert block_of(known, partition, 12) is partition.blocks[0]
    assert block_of(None, partition, 11) is partition.blocks[0]


def test_the_last_one_counts_and_so_do_its_bytes() -> None:
    known = revised(11, 11, 13)
    assert (len(known.blocks), known.size, known.dirty) == (2, 6, {11, 13})


def test_what_is_done_is_forgotten_however_it_is_said() -> None:
    for start, end in ((11, 12), (0, 1 << 60)):
        known = revised(11)
        known.saved.add(11)
        known.forget(start, end)
        assert (known.blocks, known.size, known.dirty, known.saved) == ({}, 0, set(), {11})


def test_a_run_ends_before_the_next_revision() -> None:
    known = revised(12)
    assert known.first_in(10, 14) == 12
    assert known.first_in(13, 14) == 14
    assert Revisions().first_in(10, 14) == 14
