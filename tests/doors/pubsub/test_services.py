"""Every method of Google's own tables is served."""

from dragoman.doors.pubsub.services import make_services
from dragoman.doors.shared.grpc.call import Kind
from dragoman.doors.shared.grpc.status import Status
from dragoman.wire.protobuf.pubsub import PUBSUB


def test_every_method_of_publisher_and_subscriber_is_served() -> None:
    services = {service.name: service for service in make_services()}
    for short in ("Publisher", "Subscriber"):
        service = services[f"google.pubsub.v1.{short}"]
        assert {method.name for method in service.methods()} == set(PUBSUB.services[short])
        assert service.protocol == "pubsub"


def test_only_streaming_pull_streams() -> None:
    kinds = {
        method.name: method.kind for service in make_services() for method in service.methods()
    }
    assert {name for name, kind in kinds.items() if kind is not Kind.UNARY} == {"StreamingPull"}


def test_errors_are_said_in_googles_words() -> None:
    service = make_services()[0]
    assert isinstance(service.refuse(None, ValueError()), Status)  # type: ignore[arg-type]
