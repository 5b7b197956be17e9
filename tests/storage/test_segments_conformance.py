"""What every `Segments` promises, on every engine."""

from pathlib import Path

import pytest
from tests.storage.engines import Bench, segments_bench

from dragoman.ports.storage import CHUNK_HEADER_BYTES, Corrupt, Fenced, Segments


@pytest.fixture(params=["memory", "files", "simulated"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench[Segments]:
    return segments_bench(request.param, tmp_path)


@pytest.fixture
def segments(bench: Bench[Segments]) -> Segments:
    return bench.port


def test_each_buffer_is_a_chunk_at_the_address_the_port_describes(segments: Segments) -> None:
    bodies = [b"first", b"", b"third" * 1000]
    end = segments.append(7, 0, bodies)
    start = 0
    for body in bodies:
        assert segments.read(7, start, len(body)) == body
        start += CHUNK_HEADER_BYTES + len(body)
    assert end == start


def test_appends_go_on_at_the_end(segments: Segments) -> None:
    end = segments.append(1, 0, [b"one"])
    assert segments.append(1, end, [b"two"]) == end + CHUNK_HEADER_BYTES + 3
    assert segments.read(1, end, 3) == b"two"


def test_an_append_elsewhere_than_at_the_end_is_fenced(segments: Segments) -> None:
    end = segments.append(1, 0, [b"one"])
    for expected in (0, end - 1, end + 1):
        with pytest.raises(Fenced):
            segments.append(1, expected, [b"two"])
    with pytest.raises(Fenced):
        segments.append(2, 1, [b"a segment begins at 0"])
    assert segments.lengths() == {1: end}


def test_segments_do_not_know_each_other(segments: Segments) -> None:
    for segment in range(100):
        segments.append(segment, 0, [b"%d" % segment])
    for segment in range(100):
        segments.sync(segment)
    for segment in range(100):
        body = b"%d" % segment
        assert segments.read(segment, 0, len(body)) == body


def test_a_chunk_is_read_only_by_its_own_address_and_length(segments: Segments) -> None:
    end = segments.append(1, 0, [b"hello", b"world"])
    for start, length in ((0, 4), (0, 6), (1, 5), (CHUNK_HEADER_BYTES, 5), (end, 1), (end + 99, 0)):
        with pytest.raises(Corrupt):
            segments.read(1, start, length)
    with pytest.raises(Corrupt):
        segments.read(2, 0, 5)


def test_what_was_synced_is_there_after_a_reopening(bench: Bench[Segments]) -> None:
    end = bench.port.append(1, 0, [b"hello"])
    bench.port.sync(1)
    segments = bench.reopen()
    assert segments.lengths() == {1: end}
    assert segments.read(1, 0, 5) == b"hello"
    segments.append(1, end, [b"again"])
    assert segments.read(1, end, 5) == b"again"


def test_a_cut_drops_what_lies_past_it(bench: Bench[Segments]) -> None:
    kept = bench.port.append(1, 0, [b"kept"])
    bench.port.append(1, kept, [b"gone"])
    bench.port.sync(1)
    segments = bench.reopen()
    segments.cut(1, kept)
    assert segments.lengths() == {1: kept}
    with pytest.raises(Corrupt):
        segments.read(1, kept, 4)
    segments.append(1, kept, [b"anew"])
    assert segments.read(1, 0, 4) == b"kept"
    assert segments.read(1, kept, 4) == b"anew"


def test_a_cut_to_nothing_lets_the_segment_begin_again(segments: Segments) -> None:
    segments.append(1, 0, [b"gone"])
    segments.cut(1, 0)
    segments.append(1, 0, [b"anew"])
    assert segments.read(1, 0, 4) == b"anew"


def test_a_segment_shorter_than_it_must_be_is_corrupt(segments: Segments) -> None:
    end = segments.append(1, 0, [b"short"])
    with pytest.raises(Corrupt):
        segments.cut(1, end + 1)
    with pytest.raises(Corrupt):
        segments.cut(2, 1)


def test_a_dropped_segment_is_gone_and_may_be_dropped_again(segments: Segments) -> None:
    segments.append(1, 0, [b"gone"])
    segments.drop(1)
    segments.drop(1)
    assert segments.lengths() == {}
    with pytest.raises(Corrupt):
        segments.read(1, 0, 4)
    segments.append(1, 0, [b"anew"])
    assert segments.read(1, 0, 4) == b"anew"


def test_syncing_what_is_durable_or_gone_does_nothing(segments: Segments) -> None:
    segments.append(1, 0, [b"x"])
    segments.sync(1)
    segments.sync(1)
    segments.sync(2)
