from pathlib import Path

from dragoman.doors.sqs.attributes import NAMES
from dragoman.doors.sqs.face import ACTIONS
from dragoman.doors.sqs.page import ATTRIBUTE_NOTES, NOTES, page

FILE = Path(__file__).parents[3] / "docs" / "doors" / "sqs.md"


def test_the_page_in_the_repository_is_what_the_tables_say() -> None:
    assert FILE.read_text() == page()


def test_the_page_names_every_action_and_every_attribute_and_nothing_else() -> None:
    text = page()
    for name in (*ACTIONS, *NAMES):
        assert f"| {name} |" in text
    assert set(NOTES) <= set(ACTIONS)
    assert set(ATTRIBUTE_NOTES) <= NAMES
