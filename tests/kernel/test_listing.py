"""The listing of streams: the same object until one of them changes."""

from collections.abc import Callable

from tests.kernel.groups.world import GroupWorld

from dragoman.kernel.commands import AlterStream, CreateStream, DeleteStream
from dragoman.kernel.listing import KEPT_MAX, SEEN_MAX, VIEWS_MAX, GetListing, Listing
from dragoman.kernel.settings import StreamSettings


def listing(made: GroupWorld, namespace: str = "default") -> Listing:
    found: Listing = made.submit(GetListing(namespace=namespace))
    return found


def rows(made: GroupWorld) -> list[tuple[str, int]]:
    return [(name, count) for name, _, count in listing(made).streams]


def test_it_is_the_same_until_a_stream_comes_goes_or_is_altered() -> None:
    made = GroupWorld()
    steps: list[tuple[Callable[[], object], list[tuple[str, int]]]] = [
        (lambda: made.stream("b", 2), [("b", 2)]),
        (lambda: made.stream("a"), [("a", 1), ("b", 2)]),
        (
            lambda: made.submit(AlterStream(name="a", settings=StreamSettings(partitions=3))),
            [("a", 3), ("b", 2)],
        ),
        (lambda: made.submit(DeleteStream(name="b")), [("a", 3)]),
    ]
    for step, expected in steps:
        before = listing(made)
        before.keep("made", 1)
        assert listing(made).kept == {"made": 1}
        step()
        assert rows(made) == expected
        assert listing(made).kept == {}


def test_each_namespace_has_its_own() -> None:
    made = GroupWorld()
    before = listing(made)
    made.submit(CreateStream(namespace="other", name="t"))
    assert listing(made) is before
    assert len(listing(made, "other").streams) == 1


def test_only_so_much_is_kept() -> None:
    found = Listing(())
    for key in range(KEPT_MAX + 1):
        found.keep(key, b"")
    assert found.kept == {KEPT_MAX: b""}


def test_callers_that_may_see_the_same_are_given_the_same() -> None:
    rows = tuple((name, b"", 1) for name in "abc")
    found = Listing(rows)
    assert found.seen("root", lambda _: True) is found
    ann = found.seen("ann", "a".__eq__)
    assert ann.streams == rows[:1]
    assert (
        found.seen("ann", lambda _: False) is ann
    )  # not asked again: "ann" says that all is as it was
    assert found.seen("bob", "a".__eq__) is ann
    assert found.seen("eve", lambda _: False).streams == ()


def test_only_so_many_parts_are_remembered_and_for_so_many() -> None:
    found = Listing(tuple((str(number), b"", 1) for number in range(VIEWS_MAX + 1)))
    first = found.seen(0, "0".__eq__)
    for number in range(1, VIEWS_MAX + 1):
        found.seen(number, str(number).__eq__)
    assert found.seen(0, "0".__eq__) is not first
    for number in range(2 * SEEN_MAX):
        assert found.seen(number, lambda _: True) in {found, found.seen(number, lambda _: True)}
    assert len(found._seen) <= SEEN_MAX
