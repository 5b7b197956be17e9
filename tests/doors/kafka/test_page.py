from pathlib import Path

from dragoman.doors.kafka.apis import TABLE
from dragoman.doors.kafka.configs import TABLE as CONFIGS
from dragoman.doors.kafka.page import page
from dragoman.wire.kafka.schema import APIS

FILE = Path(__file__).parents[3] / "docs" / "doors" / "kafka.md"


def test_the_page_in_the_repository_is_what_the_tables_say() -> None:
    assert FILE.read_text() == page()


def test_the_page_names_every_api_and_every_configuration() -> None:
    text = page()
    for key, api in APIS.items():
        assert f"| {key} | {api.name} |" in text
    for name in CONFIGS:
        assert f"| {name} |" in text


def test_names_and_versions_are_the_codecs() -> None:
    for key, api in TABLE.items():
        assert api.name == APIS[key].name
        assert APIS[key].has(api.low)
        assert APIS[key].has(api.high)
