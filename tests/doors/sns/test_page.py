from pathlib import Path

from dragoman.doors.sns.attributes import SUBSCRIPTION, TOPIC
from dragoman.doors.sns.face import ACTIONS
from dragoman.doors.sns.page import NOTES, page

FILE = Path(__file__).parents[3] / "docs" / "doors" / "sns.md"


def test_the_page_in_the_repository_is_what_the_tables_say() -> None:
    assert FILE.read_text() == page()


def test_the_page_names_every_action_and_every_attribute_and_nothing_else() -> None:
    text = page()
    for name in (*ACTIONS, *TOPIC, *SUBSCRIPTION):
        assert f"| {name} |" in text
    assert set(NOTES) <= set(ACTIONS)
