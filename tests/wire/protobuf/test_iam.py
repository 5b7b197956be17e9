from google.iam.v1 import iam_policy_pb2, options_pb2, policy_pb2
from google.pubsub_v1.services.publisher.transports import rest_base
from google.type import expr_pb2
from tests.wire.protobuf.official import check_messages, check_rules, messages_of

from dragoman.wire.protobuf.iam import EXPR, IAM


def test_every_message_is_googles() -> None:
    official = messages_of(iam_policy_pb2) | messages_of(options_pb2) | messages_of(policy_pb2)
    assert check_messages(IAM, official) == 9
    assert check_messages(EXPR, messages_of(expr_pb2)) == 1


def test_every_rule_of_rest_is_theirs() -> None:
    assert check_rules(IAM, "IAMPolicy", rest_base._BasePublisherRestTransport) == 3
