from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from tests.wire.protobuf.official import check_messages, messages_of, told

from dragoman.wire.protobuf.reflection import HEALTH, REFLECTIONS


def test_every_message_is_grpcs() -> None:
    assert check_messages(HEALTH, messages_of(health_pb2)) == 4
    assert check_messages(REFLECTIONS[1], messages_of(reflection_pb2)) == 8


def test_both_versions_say_the_same() -> None:
    first, second = (package.file.message_types_by_name.values() for package in REFLECTIONS)
    for old, new in zip(first, second, strict=True):
        assert repr(told(old)) == repr(told(new)).replace("v1alpha", "v1")
