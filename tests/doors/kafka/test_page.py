from pathlib import Path

from dragoman.doors.kafka.apis import TABLE
from dragoman.doors.kafka.configs import TABLE as CONFIGS
from dragoman.doors.kafka.fields import IGNORED, NOTES
from dragoman.doors.kafka.page import page, paths_of
from dragoman.wire.kafka.schema import APIS, request_fields

DOOR = Path(__file__).parents[3] / "src" / "dragoman" / "doors" / "kafka"
BY_HAND = (0, 1)  # decoded into objects: produce and fetch
FILE = Path(__file__).parents[3] / "docs" / "doors" / "kafka.md"


def test_the_page_in_the_repository_is_what_the_tables_say() -> None:
    assert FILE.read_text() == page()


def test_the_page_names_every_api_and_every_configuration() -> None:
    text = page()
    for key, api in APIS.items():
        assert f"| {key} | {api.name} |" in text
    for name in CONFIGS:
        assert f"| {name} |" in text


def test_the_page_names_every_field_of_every_api_that_is_served() -> None:
    text = page()
    for key, api in TABLE.items():
        for path, _ in paths_of(request_fields(key)):
            assert f"| {api.name} | {path} |" in text


def test_what_is_called_ignored_is_there() -> None:
    named = {(api, path) for table in (IGNORED, NOTES) for api in table for path in table[api]}
    known = {
        (api.name, path) for key, api in TABLE.items() for path, _ in paths_of(request_fields(key))
    }
    assert named <= known


def test_a_field_that_no_part_of_the_door_names_is_called_ignored() -> None:
    sources = [file for file in DOOR.glob("*.py") if file.name not in {"page.py", "fields.py"}]
    said = "".join(file.read_text() for file in sources)
    silent = {
        (api.name, path)
        for key, api in TABLE.items()
        if key not in BY_HAND and not api.refuses
        for path, _ in paths_of(request_fields(key))
        if f'"{path.rpartition(".")[2]}"' not in said
    }
    assert silent <= {(api, path) for api, paths in IGNORED.items() for path in paths}


def test_names_and_versions_are_the_codecs() -> None:
    for key, api in TABLE.items():
        assert api.name == APIS[key].name
        assert APIS[key].has(api.low)
        assert APIS[key].has(api.high)
