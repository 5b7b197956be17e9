"""Parts that the two generators share: defaults, least sizes, source."""

from dragoman.wire.kafka.generate import Source, default_of, size_min
from dragoman.wire.kafka.schema import request_fields, response_fields


def test_an_absent_field_stands_at_its_default() -> None:
    fields = {field.name: field for field in request_fields(1)}
    assert default_of(fields["cluster_id"]) == "None"
    assert default_of(fields["max_bytes"]) == "2147483647"
    assert default_of(fields["replica_state"]) == "{'replica_id': -1, 'replica_epoch': -1}"
    assert default_of(fields["topics"]) == "[]"


def test_the_least_size_of_an_element_bounds_how_many_there_can_be() -> None:
    topics = next(field for field in response_fields(3) if field.name == "topics")
    assert size_min(topics, 12, is_flexible=True) == 2 + 1 + 16 + 1 + 1 + 4
    assert size_min(topics, 1, is_flexible=False) == 2 + 2 + 1 + 1


def test_source_names_are_never_used_twice() -> None:
    source = Source("def codec():")
    assert source.fresh("v") != source.fresh("v")
    source.add("return 5")
    assert source.compile("five")() == 5
