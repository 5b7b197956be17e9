"""The notation: what it holds, and that slips in a table are found at its first use."""

from dataclasses import replace
from pathlib import Path

import pytest

from dragoman.wire import kafka
from dragoman.wire.kafka.schema import _SOURCES, APIS, _Reader, request_fields, response_fields


def test_every_api_of_every_table_is_found_by_its_key() -> None:
    heads = [block.split()[0] for table in _SOURCES for block in table.strip().split("\n\n")]
    assert sorted(map(int, heads)) == sorted(APIS)
    assert len(_SOURCES) == len(list(Path(kafka.__file__).parent.glob("messages_*.py")))


def test_a_field_has_what_its_suffixes_say() -> None:
    fields = {field.name: field for field in request_fields(1)}
    cluster_id, rack_id = fields["cluster_id"], fields["rack_id"]
    assert (cluster_id.tag, cluster_id.versions, cluster_id.is_required) == (0, (12, 18), False)
    assert (rack_id.default, rack_id.versions, rack_id.is_required) == ("", (11, 18), False)
    assert fields["topics"].is_array
    assert fields["topics"].is_required
    assert fields["replica_id"].versions == (4, 14)


def test_null_may_be_allowed_from_a_version_on() -> None:
    topics = next(field for field in request_fields(3) if field.name == "topics")
    assert [topics.is_nullable_in(version) for version in (0, 1, 13)] == [False, True, True]


@pytest.mark.parametrize("key", sorted(APIS))
def test_every_message_can_be_read(key: int) -> None:
    request_fields(key)
    assert response_fields(key)


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "Name:str",
        "name:text",
        "name:str!",
        "list:[ a:i8",
        "a:i8 a:i8",
        "s:{ a:i8 ]",
        "ids:[uuid]",
        "a:i8 ]",
    ],
)
def test_a_slip_in_a_table_is_an_assertion(text: str) -> None:
    api = replace(APIS[12], text=f"> {text}\n< a:i8")
    with pytest.raises((AssertionError, IndexError)):
        _Reader(api, ">").read()
