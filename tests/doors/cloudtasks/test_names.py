import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.cloudtasks.names import location_of, queue_of, task_of
from dragoman.doors.shared.grpc.call import Status

NAME = "projects/p/locations/l/queues/q"


def test_a_name_says_where_a_task_is() -> None:
    assert task_of(f"{NAME}/tasks/a_1-B") == (("p", "l", "q"), "a_1-B")
    assert str(queue_of(NAME)) == NAME
    assert location_of("projects/p/locations/l") == ("p", "l")


@pytest.mark.parametrize(
    "bad", ["", "q", f"{NAME}/", f"{NAME}_", NAME + "q" * 100, "projects//locations/l/queues/q"]
)
def test_other_names_are_refused(bad: str) -> None:
    for read in (location_of, queue_of, task_of):
        with pytest.raises(Status):
            read(bad)


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        assert str(queue_of(NAME + text)) == NAME + text
    except Status:
        return
