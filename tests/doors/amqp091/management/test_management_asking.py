"""Lists in pages, with columns, by name; values between JSON and tables."""

from tests.doors.amqp091.management.client import Manager

from dragoman.doors.amqp091.management.asking import fields_of, plain_of
from dragoman.wire.amqp091.fieldtable import Field


def filled() -> Manager:
    manager = Manager()
    client = manager.amqp()
    for name in ("a1", "a2", "b1"):
        client.declare(name)
    return manager


def names(items: list[dict[str, str]]) -> list[str]:
    return [item["name"] for item in items]


def test_a_list_is_whole_unless_a_page_is_asked_for() -> None:
    manager = filled()
    assert names(manager.get("queues/%2F")) == ["a1", "a2", "b1"]
    page = manager.get("queues/%2F?page=2&page_size=2")
    assert names(page.pop("items")) == ["b1"]
    assert page == {
        "filtered_count": 3,
        "item_count": 1,
        "page": 2,
        "page_count": 2,
        "page_size": 2,
        "total_count": 3,
    }
    assert (
        manager.refused("GET", "queues?page=9")
        == "Page out of range, page: 9 page size: 100, len: 3"
    )
    assert manager.last["error"] == "page_out_of_range"
    for query in ("page=0", "page=1&page_size=501", "page=1&page_size=0"):
        assert manager.refused("GET", f"queues?{query}").startswith("Invalid pagination parameters")
        assert manager.last["error"] == "invalid_pagination_parameters"
    for query in ("page=x", "page=1&name=(&use_regex=true"):
        assert manager.refused("GET", f"queues?{query}") == "Pagination parameters are invalid"
    assert manager.get("queues?page=2&page_size=3")["items"] == []


def test_a_page_is_of_names_that_contain_a_text_or_match_an_expression() -> None:
    manager = filled()
    assert names(manager.get("queues?page=1&name=A")["items"]) == ["a1", "a2"]
    path = "queues?page=1&use_regex=true&name=%5E.1%24&pagination=false&page_size=100"  # as KEDA
    assert names(manager.get(path)["items"]) == ["a1", "b1"]
    assert manager.refused("GET", "queues?page=1&use_regex=true&name=(")


def test_a_list_is_sorted_and_shows_the_columns_that_are_asked_for() -> None:
    manager = filled()
    items = manager.get("queues?sort=name&sort_reverse=true&columns=name,messages,nothing")
    assert items[0] == {"name": "b1", "messages": 0}
    path = "queues?sort=messages_details.rate&columns=name,messages_details.rate"
    assert manager.get(path)[0] == {"name": "a1", "messages_details": {"rate": 0.0}}


def test_json_becomes_a_table_as_rabbitmq_types_it() -> None:
    told = {"t": True, "n": 5, "f": 0.5, "s": "x", "l": [1], "o": {"a": None}}
    table = fields_of(told)
    letters = {name: field.letter for name, field in table.items()}
    assert letters == {"t": "t", "n": "l", "f": "d", "s": "S", "l": "A", "o": "F"}
    assert {name: plain_of(field) for name, field in table.items()} == told
    assert plain_of(Field("D", (2, 150))) == 1.5
