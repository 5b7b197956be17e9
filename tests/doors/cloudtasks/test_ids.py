import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.cloudtasks.ids import Place, Waiting, read, spell

SMALL = st.integers(0, 10**9 - 1)


@given(st.one_of(st.builds(Place, SMALL, SMALL), st.builds(Waiting, SMALL, SMALL, SMALL)))
def test_an_id_says_where_its_task_is(place: Place | Waiting) -> None:
    found = read(spell(place))
    assert (found, type(found)) == (place, type(place))


@pytest.mark.parametrize(
    "text", ["", "at", "at-1", "at-1-", "at-a-b", "task", "at-1-" + "9" * 40, "due-1-2", "at-1-2\n"]
)
def test_other_names_say_nothing(text: str) -> None:
    assert read(text) is None
