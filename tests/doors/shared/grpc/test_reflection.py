from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from tests.doors.shared.grpc.client import GRPC, Client, World

from dragoman.doors.shared.grpc.reflection import ASKED_MAX, reflections
from dragoman.wire.grpc.codes import NOT_FOUND, RESOURCE_EXHAUSTED
from dragoman.wire.grpc.messages import MessageReader
from dragoman.wire.protobuf.pubsub import PUBSUB
from dragoman.wire.protobuf.reflection import REFLECTIONS

PUBLISHER = f"{PUBSUB.name}.Publisher"


class Mirror:
    def __init__(self, version: int = 0) -> None:
        self.package = REFLECTIONS[version]
        names = [PUBLISHER, "a.B"]
        self.client = Client(World(services=reflections(lambda: names)))
        path = f"/{self.package.name}.ServerReflection/ServerReflectionInfo"
        self.number = self.client.begin(path, GRPC)

    def ask(self, **question: Any) -> Any:
        asked = self.package["ServerReflectionRequest"](**question)
        answer = self.client.send(self.number, asked)
        bodies = MessageReader(b"", 1 << 24).read(answer.data)
        return self.package["ServerReflectionResponse"].FromString(bodies[-1])


@pytest.mark.parametrize("version", [0, 1])
def test_services_are_listed_in_both_versions(version: int) -> None:
    answer = Mirror(version).ask(list_services="*")
    assert [one.name for one in answer.list_services_response.service] == [
        "a.B",
        PUBLISHER,
    ]


def test_descriptors_come_with_all_that_they_need() -> None:
    answer = Mirror().ask(file_containing_symbol=PUBLISHER)
    files = [
        FileDescriptorProto.FromString(one)
        for one in answer.file_descriptor_response.file_descriptor_proto
    ]
    pool = DescriptorPool()
    waiting = list(files)
    while waiting:
        file = waiting.pop(0)
        try:
            pool.Add(file)
        except TypeError:  # what it needs comes later
            waiting.append(file)
    service: Any = pool.FindServiceByName(PUBLISHER)
    assert (
        service.methods_by_name["Publish"].input_type.full_name == "google.pubsub.v1.PublishRequest"
    )


def test_files_are_found_by_name_and_nothing_is_extended() -> None:
    mirror = Mirror()
    assert mirror.ask(file_by_filename="google/rpc/status.proto").HasField(
        "file_descriptor_response"
    )
    assert mirror.ask(file_by_filename="nothing.proto").error_response.error_code == NOT_FOUND
    assert mirror.ask(file_containing_symbol="no.such.Thing").error_response.error_code == NOT_FOUND
    assert mirror.ask(all_extension_numbers_of_type="google.rpc.Status").HasField(
        "all_extension_numbers_response"
    )
    assert (
        mirror.ask(all_extension_numbers_of_type="no.Thing").error_response.error_code == NOT_FOUND
    )
    extension = {"containing_type": "google.rpc.Status", "extension_number": 1}
    assert mirror.ask(file_containing_extension=extension).error_response.error_code == NOT_FOUND


def test_who_asks_and_does_not_read_is_stopped() -> None:
    mirror = Mirror()
    mirror.client.acknowledges = False
    asked = mirror.package["ServerReflectionRequest"](
        file_by_filename="google/pubsub/v1/pubsub.proto"
    )
    answer = mirror.client.send(mirror.number, *[asked] * (ASKED_MAX + 100))
    door = mirror.client.door
    assert door._wire.sending.unsent_bytes < 200_000
    mirror.client.acknowledges = True
    mirror.client.h2.increment_flow_control_window(1 << 20)
    mirror.client.h2.increment_flow_control_window(1 << 20, mirror.number)
    mirror.client.exchange()
    assert answer.status == RESOURCE_EXHAUSTED
