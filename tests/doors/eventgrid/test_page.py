"""The page says what the tables say."""

from pathlib import Path

from dragoman.doors.eventgrid.face import EventGridFace
from dragoman.doors.eventgrid.page import NOTES, page

FILE = Path(__file__).parents[3] / "docs" / "doors" / "eventgrid.md"


def test_the_page_in_the_repository_is_what_the_tables_say() -> None:
    assert FILE.read_text() == page()


def test_notes_are_about_what_there_is() -> None:
    templates = [route.template for route in EventGridFace({}, is_open=True).routes()]
    for end in NOTES:
        assert any(template.endswith(end) for template in templates), end
