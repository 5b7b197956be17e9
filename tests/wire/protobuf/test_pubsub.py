from google.pubsub_v1 import types
from google.pubsub_v1.services.publisher.transports import grpc as publisher_grpc
from google.pubsub_v1.services.publisher.transports import rest_base as publisher_rest
from google.pubsub_v1.services.subscriber.transports import grpc as subscriber_grpc
from google.pubsub_v1.services.subscriber.transports import rest_base as subscriber_rest
from tests.wire.protobuf.official import check_messages, check_methods, check_rules, messages_of

from dragoman.wire.protobuf.pubsub import PUBSUB


def test_every_message_is_googles_field_by_field() -> None:
    assert check_messages(PUBSUB, messages_of(types)) == 55


def test_every_method_that_their_clients_call_is_there() -> None:
    assert check_methods(PUBSUB, "Publisher", publisher_grpc.PublisherGrpcTransport) == 9
    assert check_methods(PUBSUB, "Subscriber", subscriber_grpc.SubscriberGrpcTransport) == 16


def test_every_rule_of_rest_is_theirs() -> None:
    assert check_rules(PUBSUB, "Publisher", publisher_rest._BasePublisherRestTransport) == 9
    assert check_rules(PUBSUB, "Subscriber", subscriber_rest._BaseSubscriberRestTransport) >= 15


def test_their_bytes_are_read_and_ours_by_them() -> None:
    theirs = types.PublishRequest(
        topic="projects/p/topics/t",
        messages=[types.PubsubMessage(data=b"body", attributes={"a": "b"}, ordering_key="k")],
    )
    ours = PUBSUB["PublishRequest"].FromString(types.PublishRequest.serialize(theirs))
    assert ours.messages[0].attributes["a"] == "b"
    assert types.PublishRequest.deserialize(ours.SerializeToString()) == theirs
