from pathlib import Path

from dragoman.doors.pubsub.page import FIELD_NOTES, NOTES, page
from dragoman.doors.pubsub.protos import Subscription, Topic
from dragoman.doors.pubsub.services import make_services

FILE = Path(__file__).parents[3] / "docs" / "doors" / "pubsub.md"


def test_the_page_in_the_repository_is_what_the_tables_say() -> None:
    assert FILE.read_text() == page()


def test_the_page_names_every_method_and_every_field() -> None:
    text = page()
    fields: set[str] = set()
    for kind in (Topic, Subscription):
        for field in kind.DESCRIPTOR.fields:
            fields.add(field.name)
            assert f"| {kind.DESCRIPTOR.name}.{field.name} |" in text
    methods = {name for service in make_services() for name in service.table}
    for name in methods:
        assert f".{name} |" in text
    assert set(NOTES) <= methods
    assert set(FIELD_NOTES) <= fields
