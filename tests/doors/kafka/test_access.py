"""Access lists are not kept, and said so."""

from tests.doors.kafka.client import World


def test_access_lists_are_answered_security_disabled() -> None:
    client = World().connect()
    filters = {
        "resource_type_filter": 1,
        "resource_name_filter": None,
        "principal_filter": None,
        "host_filter": None,
        "operation": 1,
        "permission_type": 1,
    }
    assert client.ask(29, 2, filters)["error_code"] == 54
    assert client.ask(31, 2, {"filters": [filters]})["filter_results"][0]["error_code"] == 54
