from array import array

from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.block import MERGE_MAX, Block, Partition


def block(offset: int, *bodies: bytes, stored_ms: int = 1) -> Block:
    made = Block(offset, offset + len(bodies), 0, list(bodies), stored_ms)
    made.size = sum(map(len, bodies))
    return made


def packed(offset: int, count: int, size: int) -> Block:
    made = Block(offset, offset + count, 0, [bytes(size)], 1)
    made.packed = True
    made.size = size
    return made


def partition_of(*blocks: Block) -> Partition:
    partition = Partition(0)
    for each in blocks:
        partition.append(each)
    return partition


def test_alike_neighbours_become_one_block_up_to_a_limit() -> None:
    partition = partition_of(*[block(offset, b"x") for offset in range(MERGE_MAX + 1)])
    assert [(each.offset, each.end) for each in partition.blocks] == [
        (0, MERGE_MAX),
        (MERGE_MAX, MERGE_MAX + 1),
    ]


def test_what_a_checkpoint_has_takes_no_more() -> None:
    partition = partition_of(block(0, b"x"))
    partition.blocks[0].frozen = True
    assert not partition.append(block(1, b"y"))


def test_other_times_gaps_and_batches_stay_apart() -> None:
    partition = partition_of(
        block(0, b"x"), block(1, b"x", stored_ms=2), block(5, b"x", stored_ms=2), packed(6, 3, 10)
    )
    assert len(partition.blocks) == 4


@given(st.integers(1, 9), st.integers(0, 50), st.data())
def test_shares_of_a_batch_add_up_however_it_is_cut(
    count: int, size: int, data: st.DataObject
) -> None:
    batch = packed(10, count, size)
    cuts = [*sorted(data.draw(st.sets(st.integers(10, 10 + count)))), 10 + count]
    total, at = 0, 10
    for cut in cuts:
        total += batch.bytes_of(at, cut)
        at = cut
    assert total == size


def test_known_sizes_are_counted_exactly() -> None:
    made = block(5, b"a", b"bbb", b"cc")
    made.sizes = array("Q", [1, 3, 2])
    assert made.bytes_of(6, 8) == 5


def test_gaps_and_markers_are_no_messages() -> None:
    marker = block(4, b"")
    marker.control = True
    partition = partition_of(block(0, b"0", b"1"), marker, block(7, b"7", b"8"))
    assert partition.count(1, 9) == 3
    assert partition.messages(1, 8) == [(1, 2), (7, 8)]
    assert partition.messages(8, 8) == partition.messages(9, 8) == []


def test_a_block_is_found_by_any_of_its_offsets_and_a_gap_by_the_next_one() -> None:
    partition = partition_of(block(0, b"0", b"1"), block(5, b"5", b"6"))
    found = [partition.at(offset) for offset in (1, 3, 6, 7)]
    assert [each.offset if each else None for each in found] == [0, 5, 5, None]


def test_blocks_go_from_the_front_when_all_of_them_is_below_the_floor() -> None:
    partition = partition_of(block(0, b"0", b"1"), block(5, b"5", b"6"))
    assert partition.release(1) == []
    assert [each.offset for each in partition.release(6)] == [0]
    assert (partition.start, partition.size) == (6, 2)
    assert [each.offset for each in partition.release(9)] == [5]
    assert (partition.start, partition.end, partition.size) == (7, 7, 0)


def test_a_written_block_stands_for_those_of_its_group_that_are_still_there() -> None:
    blocks = [block(0, b"0"), block(1, b"1", stored_ms=2), block(2, b"2", stored_ms=3)]
    partition = partition_of(*blocks)
    partition.release(1)
    joined = block(0, b"0", b"1", b"2")
    assert partition.replace(blocks, joined) == 2
    assert partition.blocks[partition.first :] == [joined]
    partition.release(3)
    assert partition.replace([joined], block(0, b"0")) == 0


def test_bodies_taken_out_do_not_follow_what_the_block_takes_in() -> None:
    partition = partition_of(block(0, b"0"))
    taken = partition.blocks[0].slice(0, 1)
    partition.append(block(1, b"1"))
    assert taken == [b"0"]


def test_what_was_released_is_held_by_nobody_though_most_of_the_log_is_still_there() -> None:
    alive = [block(offset, b"x", stored_ms=offset) for offset in range(10)]
    partition = partition_of(*alive)
    gone = partition.release(3)
    assert [each.offset for each in gone] == [0, 1, 2]
    assert not set(gone) & set(partition.blocks)
    assert partition.at(0) is alive[3]
