"""Rows of entities come back as what they were made of."""

from dragoman.kernel.groups.group import Cursor, Group
from dragoman.runtime.snapshot import group_change, group_of, id_key, partition_key


def test_a_group_comes_back_with_its_cursors_and_nobody_in_it() -> None:
    group = Group(("default", "readers"), 0)
    group.cursors[7, 2] = Cursor(99, 3, "where I was", 1_234)
    table, key, data = group_change(group, exists=True)
    assert (table, key) == ("cursors", "default/readers")
    assert data is not None
    again = group_of(data)
    assert again.key == group.key
    assert again.cursors[7, 2].offset == 99
    assert again.cursors[7, 2].metadata == "where I was"


def test_a_group_without_cursors_has_no_row() -> None:
    assert group_change(Group(("default", "idle"), 0), exists=True)[2] is None


def test_keys_sort_as_their_numbers_do() -> None:
    assert id_key(9) < id_key(10) < id_key(1 << 36)
    assert partition_key(9, 1) < partition_key(10, 0)
