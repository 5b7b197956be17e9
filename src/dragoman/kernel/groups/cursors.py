"""Committed cursors: durable, one per (group, stream, partition). Decided here, applied here, live and in recovery.

A cursor belongs to the stream it was committed for, by the stream's id: one made again under the same name begins anew.
"""

from typing import TYPE_CHECKING

from dragoman.kernel.groups.commands import CommitCursors, CursorInfo, DeleteCursors
from dragoman.kernel.groups.group import Cursor, Group, GroupKey
from dragoman.kernel.records import CursorsCommitted, CursorsDeleted, GroupDeleted, Record

if TYPE_CHECKING:
    from dragoman.kernel.state import State


def decide_commit(
    state: "State", command: CommitCursors, now_ms: int
) -> tuple[list[Record], list[bool]]:
    """Who may commit was judged before. Which cursors were taken: those of partitions that are there."""
    taken: list[bool] = []
    rows: list[tuple[int, int, int, int, str]] = []
    for name, partition, offset, epoch, metadata in command.cursors:
        stream = state.streams_named.get((command.namespace, name))
        is_there = stream is not None and 0 <= partition < len(stream.partitions)
        taken.append(is_there)
        if stream is not None and is_there:
            rows.append((stream.id, partition, offset, epoch, metadata))
    if not rows:
        return [], taken
    return [CursorsCommitted(command.namespace, command.group, tuple(rows), now_ms)], taken


def apply_cursors_committed(state: "State", record: CursorsCommitted) -> None:
    """The group goes on there; it exists from now on, if it did not."""
    key: GroupKey = (record.namespace, record.group)
    group = state.groups.by_key.get(key)
    if group is None:
        group = state.groups.by_key[key] = Group(key, record.stored_ms)
    for stream_id, partition, offset, epoch, metadata in record.cursors:
        if stream_id in state.streams:
            group.cursors[stream_id, partition] = Cursor(offset, epoch, metadata, record.stored_ms)
    state.groups.dirty[key] = group


def decide_delete_cursors(state: "State", group: Group, command: DeleteCursors) -> list[Record]:
    """Those that are there are forgotten."""
    gone: list[tuple[int, int]] = []
    for name, partition in command.cursors:
        stream = state.streams_named.get((command.namespace, name))
        if stream is not None and (stream.id, partition) in group.cursors:
            gone.append((stream.id, partition))
    return [CursorsDeleted(*group.key, tuple(gone))] if gone else []


def apply_cursors_deleted(state: "State", record: CursorsDeleted) -> None:
    """The group has no such cursors any more."""
    key: GroupKey = (record.namespace, record.group)
    group = state.groups.by_key.get(key)
    if group is not None:
        for place in record.cursors:
            group.cursors.pop((place[0], place[1]), None)
        state.groups.dirty[key] = group


def apply_group_deleted(state: "State", record: GroupDeleted) -> None:
    """The group is forgotten, cursors and all."""
    key: GroupKey = (record.namespace, record.group)
    group = state.groups.by_key.pop(key, None)
    if group is not None:
        state.groups.dirty[key] = group


def forget_stream(state: "State", stream_id: int) -> None:
    """The stream is gone: so is every cursor in it."""
    for key, group in state.groups.by_key.items():
        gone = [place for place in group.cursors if place[0] == stream_id]
        for place in gone:
            del group.cursors[place]
        if gone:
            state.groups.dirty[key] = group


def cursor_infos(state: "State", group: Group) -> list[CursorInfo]:
    """All cursors of the group."""
    found: list[CursorInfo] = []
    for (stream_id, partition), cursor in group.cursors.items():
        stream = state.streams.get(stream_id)
        if stream is not None:
            found.append(
                CursorInfo(
                    stream.name,
                    stream.uuid,
                    partition,
                    cursor.offset,
                    cursor.epoch,
                    cursor.metadata,
                )
            )
    return found
