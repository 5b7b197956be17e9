"""google.pubsub.v1.Publisher, Subscriber and SchemaService, google.iam.v1.IAMPolicy: which method is whose."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from dragoman.doors.pubsub.errors import refusal
from dragoman.doors.pubsub.names import PROTOCOL
from dragoman.doors.pubsub.policies import Policies
from dragoman.doors.pubsub.publishing import REQUEST_BYTES_MAX, publish
from dragoman.doors.pubsub.pulling import pull
from dragoman.doors.pubsub.schemas import Schemas
from dragoman.doors.pubsub.seeking import Seeking
from dragoman.doors.pubsub.settling import acknowledge, modify_ack_deadline
from dragoman.doors.pubsub.standing import Standing
from dragoman.doors.pubsub.streaming import StreamingPull
from dragoman.doors.pubsub.subscriptions import Subscriptions
from dragoman.doors.pubsub.topics import (
    create_topic,
    delete_topic,
    get_topic,
    list_topics,
    update_topic,
)
from dragoman.doors.shared.grpc.access import check_access
from dragoman.doors.shared.grpc.call import (
    Call,
    Kind,
    Method,
    Pending,
    Reply,
    Sender,
    Status,
    Stream,
)
from dragoman.wire.protobuf.iam import IAM
from dragoman.wire.protobuf.pool import Package, Rpc
from dragoman.wire.protobuf.pubsub import PUBSUB
from dragoman.wire.protobuf.schemas import SCHEMAS

Handler = Callable[[Call, Any], Reply | Pending]


class Service:
    """See `shared.grpc.call.Service`."""

    protocol = PROTOCOL

    def __init__(self, package: Package, short: str, methods: Mapping[str, Method]) -> None:
        self.name = f"{package.name}.{short}"
        self.table: Mapping[str, Rpc] = package.services[short]
        self._methods = methods

    def methods(self) -> Sequence[Method]:
        """All of them."""
        return list(self._methods.values())

    def refuse(self, call: Call, error: Exception) -> Status:
        """In Google's words."""
        return refusal(error)


def make_services() -> Sequence[Service]:
    """The services of one broker."""
    standing = Standing()
    subscriptions = Subscriptions(standing.locations)
    seeking = Seeking(standing)
    policies = Policies(standing)
    schemas = Schemas(standing.languages)
    publisher: Mapping[str, Handler] = {
        "CreateTopic": create_topic,
        "UpdateTopic": update_topic,
        "Publish": partial(publish, standing),
        "GetTopic": get_topic,
        "ListTopics": list_topics,
        "ListTopicSubscriptions": subscriptions.list_of_topic,
        "ListTopicSnapshots": seeking.list_of_topic,
        "DeleteTopic": delete_topic,
        "DetachSubscription": subscriptions.detach,
    }
    subscriber: Mapping[str, Handler] = {
        "CreateSubscription": subscriptions.create,
        "GetSubscription": subscriptions.get,
        "UpdateSubscription": subscriptions.update,
        "ListSubscriptions": subscriptions.list,
        "DeleteSubscription": subscriptions.delete,
        "ModifyAckDeadline": partial(modify_ack_deadline, standing),
        "Acknowledge": partial(acknowledge, standing),
        "Pull": partial(pull, standing),
        "ModifyPushConfig": subscriptions.modify_push_config,
        "GetSnapshot": seeking.get,
        "ListSnapshots": seeking.list,
        "CreateSnapshot": seeking.create,
        "UpdateSnapshot": seeking.update,
        "DeleteSnapshot": seeking.delete,
        "Seek": seeking.seek,
    }

    schema: Mapping[str, Handler] = {
        "CreateSchema": schemas.create,
        "GetSchema": schemas.get,
        "ListSchemas": schemas.list,
        "ListSchemaRevisions": schemas.list_revisions,
        "CommitSchema": schemas.commit,
        "RollbackSchema": schemas.rollback,
        "DeleteSchemaRevision": schemas.delete_revision,
        "DeleteSchema": schemas.delete,
        "ValidateSchema": schemas.validate_schema,
        "ValidateMessage": schemas.validate_message,
    }
    iam: Mapping[str, Handler] = {
        "GetIamPolicy": policies.get,
        "SetIamPolicy": policies.set,
        "TestIamPermissions": policies.test,
    }

    def stream(call: Call, sender: Sender) -> Stream:
        check_access(call)
        return StreamingPull(standing, call, sender)

    rpc = PUBSUB.services["Subscriber"]["StreamingPull"]
    streaming = Method(rpc.name, Kind.BIDI, rpc.request, rpc.response, stream)
    return (
        Service(PUBSUB, "Publisher", unary(PUBSUB, "Publisher", publisher)),
        Service(
            PUBSUB,
            "Subscriber",
            unary(PUBSUB, "Subscriber", subscriber) | {rpc.name: streaming},
        ),
        Service(SCHEMAS, "SchemaService", unary(SCHEMAS, "SchemaService", schema)),
        Service(IAM, "IAMPolicy", unary(IAM, "IAMPolicy", iam)),
    )


def unary(package: Package, service: str, handlers: Mapping[str, Handler]) -> dict[str, Method]:
    """Methods of a service by its table. A publish reads its request by itself."""
    found: dict[str, Method] = {}
    for name, rpc in package.services[service].items():
        if name in handlers:
            is_publish = name == "Publish"
            found[name] = Method(
                name,
                Kind.UNARY,
                None if is_publish else rpc.request,
                rpc.response,
                _guarded(handlers[name]),
                **({"request_bytes_max": REQUEST_BYTES_MAX} if is_publish else {}),
            )
    return found


def _guarded(handler: Handler) -> Handler:
    def guarded(call: Call, request: Any) -> Reply | Pending:
        check_access(call)
        return handler(call, request)

    return guarded
