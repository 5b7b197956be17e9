from google.cloud.tasks_v2 import types
from google.cloud.tasks_v2.services.cloud_tasks.transports import grpc, rest_base
from tests.wire.protobuf.official import check_messages, check_methods, check_rules, messages_of

from dragoman.wire.protobuf.cloudtasks import CLOUDTASKS as TABLE


def test_every_message_method_and_rule_is_googles() -> None:
    assert check_messages(TABLE, messages_of(types)) > 30
    assert check_methods(TABLE, "CloudTasks", grpc.CloudTasksGrpcTransport) >= 16
    assert check_rules(TABLE, "CloudTasks", rest_base._BaseCloudTasksRestTransport) >= 16
