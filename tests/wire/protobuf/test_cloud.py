from google.cloud.location import locations_pb2
from google.cloud.tasks_v2.services.cloud_tasks.transports import rest_base
from google.longrunning import operations_pb2
from tests.wire.protobuf.official import check_messages, check_rules, messages_of

from dragoman.wire.protobuf.cloud import LOCATIONS, OPERATIONS


def test_every_message_is_googles() -> None:
    assert check_messages(OPERATIONS, messages_of(operations_pb2)) == 7
    assert check_messages(LOCATIONS, messages_of(locations_pb2)) == 4


def test_every_rule_of_rest_is_theirs() -> None:
    base = rest_base._BaseCloudTasksRestTransport
    assert check_rules(LOCATIONS, "Locations", base) == 2
    assert check_rules(OPERATIONS, "Operations", base) >= 1
