"""Rot, and everything else that must be told from a torn tail: refused, named, and salvaged exactly."""

import random

import pytest
from google_crc32c import value as crc32c
from tests.sim.disk import SeededEntropy, SimDisk

from dragoman.ports.storage import Corrupt, Tail, VersionUnknown
from dragoman.storage.journal import Damage, Journal, Rot
from dragoman.storage.journal import mark as marks
from dragoman.storage.journal.files import file_name
from dragoman.storage.journal.frame import HEADER_BYTES, encode
from dragoman.storage.journal.walk import Walk

FILE_BYTES = 4096


def made(disk: SimDisk, *, salvage: bool = False) -> Journal:
    return Journal(disk, SeededEntropy.from_seed(1), file_bytes=FILE_BYTES, salvage=salvage)


def written(count: int, *, seed: int = 1, size: int = 200) -> tuple[SimDisk, dict[int, bytes]]:
    """A closed journal of `count` frames."""
    disk, chance = SimDisk(seed), random.Random(seed)
    journal = made(disk)
    journal.open()
    frames = {}
    for position in range(1, count + 1):
        frames[position] = chance.randbytes(size)
        journal.append(position - 1, [frames[position]])
    journal.close()
    return disk, frames


def extents(disk: SimDisk) -> list[tuple[int, str, int, int]]:
    """(position, file, start, end) of every frame."""
    journal = made(disk)
    journal.open()
    assert journal._files is not None
    assert journal._mark is not None
    walk = Walk(disk, journal._files.firsts, journal._mark.mark)
    found = []
    while (frame := walk.step()) is not None:
        found.append(
            (frame.position, walk.file_name, frame.offset, frame.offset + frame.size_bytes)
        )
    journal.close()
    return found


def content(journal: Journal, start: int = 1) -> dict[int, bytes]:
    return dict(journal.read(start))


def test_any_rotten_bit_in_a_durable_frame_is_refused_and_named() -> None:
    disk, _ = written(60)
    chance = random.Random(5)
    for position, name, start, end in chance.sample(extents(disk), 40):
        bit = chance.randrange(start * 8, end * 8)
        disk.flip_bit(name, bit)
        with pytest.raises(Rot) as refusal:
            made(disk).open()
        assert refusal.value.damage == Damage(name, start, position, position + 1)
        disk.flip_bit(name, bit)
    made(disk).open()


def test_frames_behind_the_rot_tell_that_it_is_rot_where_the_mark_does_not_know() -> None:
    disk = SimDisk(1)
    journal = made(disk)
    journal.open()
    for position in range(10):
        journal.append(position, [b"durable"])
        journal.sync()
    killed = disk.kill()
    killed.flip_bit(file_name(1), (4 * (HEADER_BYTES + 7) + 3) * 8)
    with pytest.raises(Rot, match="frames 5 to 5 "):
        made(killed).open()


def test_a_frame_that_its_successor_does_not_vouch_for_is_refused() -> None:
    """A write that went astray: whole, of this log, at the right place, and not what was written."""
    disk, _ = written(3)
    journal = made(disk)
    journal.open()
    other = encode(journal._log_id, 2, 1, 1, bytes(8), [bytes(200)])
    disk.open(file_name(1)).write(HEADER_BYTES + 200, other.buffers)
    with pytest.raises(Rot, match="frames 2 to 2 "):
        made(disk).open()


def test_a_rotten_bit_anywhere_is_refused_or_changes_nothing() -> None:
    disk, frames = written(40)
    chance = random.Random(6)
    refused = 0
    for _ in range(300):
        name = chance.choice(disk.names())
        bit = chance.randrange(len(disk._names[name].cached) * 8)
        disk.flip_bit(name, bit)
        journal = made(disk)
        try:
            assert journal.open().position == len(frames)
            assert content(journal) == frames
            journal.close()
        except Corrupt:
            refused += 1
        if name != marks.MARK_NAME:  # an opener has written both slots again
            disk.flip_bit(name, bit)
    assert refused > 100


def test_salvage_goes_past_rot_and_says_exactly_what_it_left_out() -> None:
    disk, frames = written(60)
    rotten = [extents(disk)[at] for at in (4, 5, 30, 59)]
    for _, name, start, _ in rotten:
        disk.flip_bit(name, (start + HEADER_BYTES) * 8)
    journal = made(disk, salvage=True)
    assert journal.open().position == 60
    assert [(d.position_start, d.position_end) for d in journal.skipped] == [
        (5, 7),
        (31, 32),
        (60, 61),
    ]
    for position in (5, 6, 31, 60):
        del frames[position]
    assert content(journal) == frames
    assert content(journal, 6) == {p: b for p, b in frames.items() if p >= 6}


def test_a_salvaged_log_goes_on_and_is_sound_once_the_damage_is_trimmed() -> None:
    disk, _ = written(30)
    _, name, start, _ = extents(disk)[27]
    disk.flip_bit(name, start * 8)
    journal = made(disk, salvage=True)
    journal.open()
    journal.append(30, [b"after"])
    journal.sync()
    assert content(journal, 30).keys() == {30, 31}
    with pytest.raises(Rot):
        made(disk).open()
    again = made(disk, salvage=True)
    assert again.open().position == 31
    again.trim(30)
    assert again.skipped == ()
    again.close()
    sound = made(disk)
    assert sound.open() == Tail(position=31, trimmed=30, incarnation=5)
    assert content(sound, 31) == {31: b"after"}


def test_a_missing_file_is_refused_and_salvaged_around() -> None:
    disk, frames = written(60)
    names = [name for name in disk.names() if name != marks.MARK_NAME]
    assert len(names) > 3
    firsts = [int(name[-20:]) for name in names]
    disk.remove(names[1])
    disk.sync_names()
    with pytest.raises(Rot, match=f"frames {firsts[1]} to {firsts[2] - 1} "):
        made(disk).open()
    journal = made(disk, salvage=True)
    journal.open()
    assert content(journal).keys() == frames.keys() - set(range(firsts[1], firsts[2]))


@pytest.mark.parametrize("which", [0, -1])
def test_a_missing_file_at_either_end_is_refused(which: int) -> None:
    disk, _ = written(60)
    disk.remove([name for name in disk.names() if name != marks.MARK_NAME][which])
    disk.sync_names()
    with pytest.raises(Rot):
        made(disk).open()


def test_all_files_missing_is_refused_and_salvage_never_reuses_their_positions() -> None:
    disk, _ = written(60)
    for name in disk.names():
        if name != marks.MARK_NAME:
            disk.remove(name)
    with pytest.raises(Rot, match="frames 1 to 60 "):
        made(disk).open()
    journal = made(disk, salvage=True)
    assert journal.open().position == 60
    assert journal.append(60, [b"after"]) == 61
    journal.trim(journal.sync() - 1)
    journal.close()
    assert content_of_sound(disk) == {61: b"after"}


def content_of_sound(disk: SimDisk) -> dict[int, bytes]:
    journal = made(disk)
    return content(journal, journal.open().trimmed + 1)


def test_rot_in_one_slot_of_the_mark_is_harmless_and_in_both_refused() -> None:
    for slots, refused in (((0,), False), ((4096,), False), ((0, 4096), True)):
        disk, frames = written(20)
        for offset in slots:
            disk.flip_bit(marks.MARK_NAME, (offset + 20) * 8)
        if not refused:
            journal = made(disk)
            assert journal.open().incarnation == 2
            assert content(journal) == frames
            continue
        with pytest.raises(Corrupt, match="both slots"):
            made(disk).open()


def test_salvage_without_a_mark_keeps_the_frames_and_leaps_over_lost_incarnations() -> None:
    disk, frames = written(20)
    disk.remove(marks.MARK_NAME)
    with pytest.raises(Corrupt):
        made(disk).open()
    journal = made(disk, salvage=True)
    assert journal.open().incarnation > 1_000
    assert content(journal) == frames
    journal.close()
    assert content_of_sound(disk) == frames


def test_a_mark_of_a_later_version_is_refused_and_left_alone() -> None:
    disk, _ = written(3)
    file = disk.open(marks.MARK_NAME)
    for offset in marks.SLOT_OFFSETS:
        body = bytearray(file.read(offset, marks.SLOT.size))
        body[4] = marks.VERSION + 1
        file.write(offset, [bytes(body), marks.CRC.pack(crc32c(bytes(body)))])
    before = disk.fingerprint()
    with pytest.raises(VersionUnknown):
        made(disk).open()
    assert disk.fingerprint() == before


def test_a_torn_tail_is_cut_wherever_it_is_torn() -> None:
    for torn in range(1, 5):
        disk, frames = written(4)
        journal = made(disk)
        journal.open()
        for position in range(4, 9):
            journal.append(position, [b"not synced"])
        assert journal._file is not None
        at = 4 * (HEADER_BYTES + 200) + torn * (HEADER_BYTES + 10)
        disk.flip_bit(file_name(1), (at + 3) * 8)
        after = made(disk)
        assert after.open().position == 4 + torn
        assert content(after) == frames | {5 + n: b"not synced" for n in range(torn)}


def test_a_frame_published_inside_a_message_is_never_taken_for_one() -> None:
    """Somebody sends bytes that look like a later frame; then the frame that holds them is torn."""
    disk, _ = written(2)
    journal = made(disk)
    journal.open()
    forged = b"".join(encode(12345, 9, 8, 3, bytes(8), [b"forged"]).buffers)
    journal.append(2, [b"x" * 300 + forged])
    disk.flip_bit(file_name(1), (2 * (HEADER_BYTES + 200) + 5) * 8)
    assert made(disk).open().position == 2


def test_stale_frames_of_a_recycled_file_are_never_read() -> None:
    disk = SimDisk(1)
    journal = made(disk)
    journal.open()
    for position in range(200):
        journal.append(
            position, [b"%03d" % position + bytes(197)]
        )  # every frame has the same place
        journal.sync()
        journal.trim(position)
    assert any(name.startswith("journal-spare") for name in disk.names())
    assert len(disk._names) < 8
    tail = made(disk).open()
    assert tail.position == 200
    after = made(disk)
    tail = after.open()
    last = content(after, tail.trimmed + 1)
    assert {p: body[:3] for p, body in last.items()} == {
        p: b"%03d" % (p - 1) for p in range(tail.trimmed + 1, 201)
    }
