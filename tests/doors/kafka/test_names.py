import pytest

from dragoman.doors.kafka.errors import Refused
from dragoman.doors.kafka.names import check_topic, is_topic


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 249, "..."])
def test_names_that_topics_have(name: str) -> None:
    assert is_topic(name)
    check_topic(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a/b", "ü", "a\n", "x" * 250])
def test_names_that_no_topic_has(name: str) -> None:
    assert not is_topic(name)
    with pytest.raises(Refused):
        check_topic(name)
