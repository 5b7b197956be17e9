from google.pubsub_v1 import types
from google.pubsub_v1.services.schema_service.transports import grpc, rest_base
from tests.wire.protobuf.official import check_messages, check_methods, check_rules, messages_of

from dragoman.wire.protobuf.schemas import SCHEMAS


def test_every_message_method_and_rule_is_googles() -> None:
    assert check_messages(SCHEMAS, messages_of(types)) > 12
    assert check_methods(SCHEMAS, "SchemaService", grpc.SchemaServiceGrpcTransport) == 10
    assert check_rules(SCHEMAS, "SchemaService", rest_base._BaseSchemaServiceRestTransport) == 10
