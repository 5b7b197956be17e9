"""google-cloud-pubsub, unmodified, blocking and not: topics, subscriptions, streams of messages, and what Google's own
emulator lacks.
"""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    Unauthenticated,
    Unknown,
)
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud.pubsub_v1.subscriber.exceptions import AcknowledgeError, AcknowledgeStatus
from google.cloud.pubsub_v1.subscriber.message import Message
from google.cloud.pubsub_v1.types import FlowControl
from google.oauth2 import id_token
from google.protobuf import timestamp_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.pubsub_v1 import PublisherAsyncClient, SchemaServiceClient, SubscriberAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.schema_service.transports import SchemaServiceGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport
from google.pubsub_v1.types import Encoding, PubsubMessage, Schema, StreamingPullRequest
from tests.clients.pubsub_work import (
    DEADLINE_S,
    Google,
    Received,
    serving,
    snapshot,
    streaming,
    subscription,
    topic,
)

from dragoman.app.loop import SystemClock

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with serving(push_allow=("127.0.0.1",)) as found:
        yield found


def test_topics_and_subscriptions_are_made_told_changed_and_deleted(google: Google) -> None:
    sub = google.make("crud", labels={"a": "1"}, ack_deadline_seconds=30)
    with pytest.raises(AlreadyExists):
        google.publisher.create_topic(name=topic("crud"))
    found = google.subscriber.get_subscription(subscription=sub)
    assert (found.topic, found.ack_deadline_seconds) == (topic("crud"), 30)
    found.ack_deadline_seconds = 40
    changed = google.subscriber.update_subscription(
        subscription=found, update_mask={"paths": ["ack_deadline_seconds"]}
    )
    assert changed.ack_deadline_seconds == 40
    assert topic("crud") in [
        one.name for one in google.publisher.list_topics(project="projects/default")
    ]
    assert list(google.publisher.list_topic_subscriptions(topic=topic("crud"))) == [sub]
    google.subscriber.delete_subscription(subscription=sub)
    google.publisher.delete_topic(topic=topic("crud"))
    with pytest.raises(NotFound, match=r"Resource not found \(resource=crud\)"):
        google.publisher.get_topic(topic=topic("crud"))
    with pytest.raises(InvalidArgument):
        google.publisher.create_topic(name="projects/default/topics/x")


def test_what_is_published_is_pulled_with_its_id_attributes_and_time(google: Google) -> None:
    sub = google.make("pull")
    ids = google.publish("pull", b"0", b"1", tier="gold")
    received = google.pull(sub, 2)
    assert sorted(one.message.message_id for one in received) == sorted(ids)
    assert dict(received[0].message.attributes) == {"tier": "gold"}
    now_s = SystemClock().wall_ms() / 1000
    age_s = now_s - received[0].message.publish_time.timestamp()
    assert -60 < age_s < 60


def test_thousands_stream_to_a_callback_and_are_acknowledged(google: Google) -> None:
    sub = google.make("many")
    received = Received(3_000)
    with streaming(google, sub, received):
        sent = [b"%d" % number for number in range(3_000)]
        ids = google.publish("many", *sent)
        found = received.wait()
    assert sorted(message.data for message in found) == sorted(sent)
    assert {message.message_id for message in found} == set(ids)


def test_messages_of_a_key_come_in_order(google: Google) -> None:
    sub = google.make("order", enable_message_ordering=True)
    received = Received(60)
    with streaming(google, sub, received):
        for number in range(20):
            for key in "abc":
                google.publisher.publish(topic("order"), b"%d" % number, ordering_key=key)
        found = received.wait()
    for key in "abc":
        mine = [int(message.data) for message in found if message.ordering_key == key]
        assert mine == list(range(20))


def test_a_message_that_is_not_acknowledged_takes_its_followers_along(google: Google) -> None:
    sub = google.make("again", enable_message_ordering=True)
    google.publish("again", b"0", b"1", b"2", key="k")
    refused: list[bytes] = []

    def refuse_once(message: Message) -> None:
        if message.data == b"1" and not refused:
            refused.append(message.data)
            message.nack()
        else:
            message.ack()

    received = Received(4, refuse_once)
    with streaming(google, sub, received):
        data = [message.data for message in received.wait()]
    assert data in ([b"0", b"1", b"1", b"2"], [b"0", b"1", b"2", b"1"]) or data[-2:] == [b"1", b"2"]


def test_exactly_once_says_what_became_of_each_ack(google: Google) -> None:
    sub = google.make("exact", enable_exactly_once_delivery=True)
    google.publish("exact", b"0")
    outcomes: list[Any] = []

    def settle(message: Message) -> None:
        outcomes.append(message.ack_with_response())

    received = Received(1, settle)
    with streaming(google, sub, received):
        received.wait()
        assert outcomes[0].result(DEADLINE_S) == AcknowledgeStatus.SUCCESS
    google.publish("exact", b"1")
    (old,) = google.subscriber.pull(subscription=sub, max_messages=1).received_messages
    google.running.clock.advance(11)
    (new,) = google.subscriber.pull(subscription=sub, max_messages=1).received_messages
    assert new.message.message_id == old.message.message_id
    with pytest.raises(FailedPrecondition) as info:
        google.subscriber.acknowledge(subscription=sub, ack_ids=[old.ack_id])
    assert info.value.reason == "ACK_ID_INVALID" or "PERMANENT_FAILURE" in str(info.value.details)
    google.subscriber.acknowledge(subscription=sub, ack_ids=[new.ack_id])
    assert AcknowledgeError


def test_a_filter_takes_what_it_says(google: Google) -> None:
    sub = google.make("filter", filter='attributes.tier = "gold" OR hasPrefix(attributes.at, "eu")')
    google.publish("filter", b"0", tier="gold")
    google.publish("filter", b"1", tier="silver")
    google.publish("filter", b"2", at="eu-west")
    assert [one.message.data for one in google.pull(sub, 2)] == [b"0", b"2"]
    with pytest.raises(InvalidArgument, match="Invalid filter"):
        google.subscribe("filter", "wrong", filter="nonsense")


def test_spent_attempts_make_a_dead_letter(google: Google) -> None:
    graves = google.make("dead")
    policy = {"dead_letter_topic": topic("dead"), "max_delivery_attempts": 5}
    sub = google.make("spent", dead_letter_policy=policy)
    google.publish("spent", b"0", tier="gold")
    attempts: list[int | None] = []

    def refuse(message: Message) -> None:
        attempts.append(message.delivery_attempt)
        message.nack()

    received = Received(5, refuse)
    with streaming(google, sub, received):
        received.wait()
        (letter,) = google.pull(graves)
    assert attempts == [1, 2, 3, 4, 5]
    assert letter.message.attributes["CloudPubSubDeadLetterSourceSubscription"] == "spent-sub"
    assert letter.message.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "5"


def test_seek_goes_back_to_a_time_and_to_a_snapshot(google: Google) -> None:
    sub = google.make("seek", retain_acked_messages=True)
    google.subscriber.create_snapshot(name=snapshot("seek"), subscription=sub)
    google.publish("seek", b"0")
    google.pull(sub)
    google.subscriber.seek(request={"subscription": sub, "snapshot": snapshot("seek")})
    assert [one.message.data for one in google.pull(sub)] == [b"0"]
    google.subscriber.seek(request={"subscription": sub, "time": {"seconds": 1}})
    assert [one.message.data for one in google.pull(sub)] == [b"0"]
    names = google.subscriber.list_snapshots(project="projects/default")
    assert snapshot("seek") in [one.name for one in names]
    google.subscriber.delete_snapshot(snapshot=snapshot("seek"))


def test_the_client_keeps_to_its_limits_of_what_is_outstanding(google: Google) -> None:
    sub = google.make("flow")
    google.publish("flow", *[b"%d" % number for number in range(20)])
    held: list[Message] = []
    full = threading.Event()

    def hold(message: Message) -> None:
        held.append(message)
        if len(held) == 5:
            full.set()

    received = Received(20, hold)
    limits = FlowControl(max_messages=5)
    with streaming(google, sub, received, flow_control=limits):
        assert full.wait(DEADLINE_S)
        assert len(held) <= 5
        while len(received.messages) < 20:
            for message in list(held):
                message.ack()
                held.remove(message)
        received.wait()


class Endpoint:
    """Takes what is pushed; the first is refused."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        self.credentials: list[str] = []
        self.done = threading.Event()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments: Any) -> None: ...

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                endpoint.bodies.append(body)
                endpoint.credentials.append(self.headers["Authorization"] or "")
                self.send_response(500 if len(endpoint.bodies) == 1 else 204)
                self.end_headers()
                if len(endpoint.bodies) == 2:
                    endpoint.done.set()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def test_a_push_is_tried_until_it_is_taken(google: Google) -> None:
    endpoint = Endpoint()
    url = f"http://127.0.0.1:{endpoint.server.server_port}/hook"
    sub = google.make("push", push_config={"push_endpoint": url})
    (number,) = google.publish("push", b"hello", tier="gold")
    assert endpoint.done.wait(DEADLINE_S)
    endpoint.server.shutdown()
    endpoint.server.server_close()
    first, second = endpoint.bodies
    assert first == second
    assert (first["subscription"], first["message"]["messageId"]) == (sub, number)
    assert (first["message"]["data"], first["message"]["attributes"]) == (
        "aGVsbG8=",
        {"tier": "gold"},
    )


AVRO: dict[str, Any] = {
    "type": "record",
    "name": "Order",
    "fields": [{"name": "id", "type": "string", "default": ""}],
}


def schema_client(google: Google) -> SchemaServiceClient:
    channel = grpc.insecure_channel(google.address)
    return SchemaServiceClient(transport=SchemaServiceGrpcTransport(channel=channel))


def test_schemas_are_made_revised_and_kept_to(google: Google) -> None:
    schemas, parent = schema_client(google), "projects/default"
    wide = {**AVRO, "fields": [*AVRO["fields"], {"name": "n", "type": "int", "default": 0}]}
    first, second = (
        Schema(type_=Schema.Type.AVRO, definition=json.dumps(each)) for each in (AVRO, wide)
    )
    made = schemas.create_schema(parent=parent, schema=first, schema_id="order")
    newer = schemas.commit_schema(name=made.name, schema=second)
    assert [one.revision_id for one in schemas.list_schema_revisions(name=made.name)] == [
        newer.revision_id,
        made.revision_id,
    ]
    wrong = Schema(type_=Schema.Type.AVRO, definition='"int"')
    with pytest.raises(InvalidArgument, match="Compatibility checking failed"):
        schemas.commit_schema(name=made.name, schema=wrong)
    settings = {"schema": made.name, "encoding": Encoding.JSON}
    google.publisher.create_topic(request={"name": topic("typed"), "schema_settings": settings})
    sub = google.subscribe("typed", "typed-sub")
    google.publish("typed", b'{"id":"a"}', b'{"id":"b","n":1}')
    with pytest.raises(InvalidArgument, match="Message failed schema validation"):
        google.publish("typed", b'{"id":1}')
    told = {
        one.message.data: one.message.attributes["googclient_schemarevisionid"]
        for one in google.pull(sub, 2)
    }
    assert told == {b'{"id":"a"}': made.revision_id, b'{"id":"b","n":1}': newer.revision_id}
    back = schemas.rollback_schema(name=made.name, revision_id=made.revision_id)
    assert json.loads(back.definition) == AVRO
    schemas.validate_message(
        request={
            "parent": parent,
            "schema": {"type_": Schema.Type.PROTOCOL_BUFFER, "definition": PROTO},
            "message": b"\x0a\x01a",
            "encoding": Encoding.BINARY,
        }
    )
    schemas.delete_schema_revision(name=f"{made.name}@{newer.revision_id}")
    schemas.delete_schema(name=made.name)
    assert list(schemas.list_schemas(parent=parent)) == []
    found = google.publisher.get_topic(topic=topic("typed"))
    assert found.schema_settings.schema == "_deleted-schema_"


def test_a_compiled_schema_is_kept_to(google: Google) -> None:
    schemas, parent = schema_client(google), "projects/default"
    files = FileDescriptorSet(file=[timestamp_file(), event_file()]).SerializeToString()
    compiled = {"root_message": "shop.Event", "compiled_bytes": files}
    schema = {"type_": Schema.Type.PROTOCOL_BUFFER, "compiled_proto_schema": compiled}
    request = {"parent": parent, "schema": schema, "schema_id": "compiled"}
    made = schemas.create_schema(request=request)
    assert made.compiled_proto_schema.root_message == "shop.Event"
    settings = {"schema": made.name, "encoding": Encoding.JSON}
    request = {"name": topic("compiled"), "schema_settings": settings}
    google.publisher.create_topic(request=request)
    google.publish("compiled", b'{"at":"2026-01-02T03:04:05Z"}')
    with pytest.raises(InvalidArgument, match="Message failed schema validation"):
        google.publish("compiled", b'{"at":"yesterday"}')
    schemas.delete_schema(name=made.name)


def timestamp_file() -> FileDescriptorProto:
    return FileDescriptorProto.FromString(timestamp_pb2.DESCRIPTOR.serialized_pb)


def event_file() -> FileDescriptorProto:
    needed = ["google/protobuf/timestamp.proto"]
    made = FileDescriptorProto(name="e.proto", package="shop", dependency=needed, syntax="proto3")
    kind = ".google.protobuf.Timestamp"
    made.message_type.add(name="Event").field.add(
        name="at", number=1, type=11, label=1, type_name=kind
    )
    return made


PROTO = 'syntax = "proto3"; message Order { string id = 1; }'


class Fetched:
    """What google-auth wants of HTTP."""

    def __init__(self, url: str, **_: Any) -> None:
        with urllib.request.urlopen(url, timeout=DEADLINE_S) as response:
            self.status: int = response.status
            self.data: bytes = response.read()


def test_a_push_with_a_token_is_believed_by_googles_own_judge(google: Google) -> None:
    endpoint = Endpoint()
    url = f"http://127.0.0.1:{endpoint.server.server_port}/hook"
    token = {"service_account_email": "me@project.iam.gserviceaccount.com", "audience": "my-hook"}
    google.make("token", push_config={"push_endpoint": url, "oidc_token": token})
    google.publish("token", b"hello")
    assert endpoint.done.wait(DEADLINE_S)
    endpoint.server.shutdown()
    endpoint.server.server_close()
    issuer = f"http://{google.address}"
    shown = endpoint.credentials[0].removeprefix("Bearer ")
    certs_url = f"{issuer}/oauth2/v1/certs"
    fetch: Any = Fetched
    moved_s = 7_200  # other tests move the broker's clock
    claims = id_token.verify_token(
        shown, fetch, "my-hook", certs_url=certs_url, clock_skew_in_seconds=moved_s
    )
    assert (claims["iss"], claims["email"]) == (issuer, token["service_account_email"])
    with pytest.raises(GoogleAuthError):
        id_token.verify_token(shown, fetch, "another", certs_url=certs_url)
    discovered = json.loads(Fetched(f"{issuer}/.well-known/openid-configuration").data)
    (key,) = json.loads(Fetched(discovered["jwks_uri"]).data)["keys"]
    assert key["kid"] in json.loads(Fetched(certs_url).data)


def test_the_same_methods_are_served_as_rest(google: Google) -> None:
    sub = google.make("rest")
    body = json.dumps({"messages": [{"data": "aGVsbG8=", "attributes": {"a": "1"}}]}).encode()
    url = f"http://{google.address}/v1/{topic('rest')}:publish"
    with urllib.request.urlopen(urllib.request.Request(url, body)) as answer:
        (number,) = json.load(answer)["messageIds"]
    url = f"http://{google.address}/v1/{sub}:pull"
    with urllib.request.urlopen(urllib.request.Request(url, b'{"maxMessages": 5}')) as answer:
        (received,) = json.load(answer)["receivedMessages"]
    assert (received["message"]["messageId"], received["message"]["data"]) == (number, "aGVsbG8=")


def test_the_clients_that_do_not_block(google: Google) -> None:
    async def work() -> list[bytes]:
        credentials: Any = AnonymousCredentials()  # type: ignore[no-untyped-call]
        publisher = PublisherAsyncClient(
            transport=PublisherGrpcAsyncIOTransport(
                channel=grpc.aio.insecure_channel(google.address), credentials=credentials
            )
        )
        subscriber = SubscriberAsyncClient(
            transport=SubscriberGrpcAsyncIOTransport(
                channel=grpc.aio.insecure_channel(google.address), credentials=credentials
            )
        )
        await publisher.create_topic(name=topic("async"))
        sub = subscription("async-sub")
        await subscriber.create_subscription(name=sub, topic=topic("async"))
        messages = [PubsubMessage(data=b"%d" % number) for number in range(100)]
        await publisher.publish(topic=topic("async"), messages=messages)

        async def requests() -> Any:
            yield StreamingPullRequest(subscription=sub, stream_ack_deadline_seconds=10)
            await asyncio.sleep(DEADLINE_S)

        found: list[bytes] = []
        async for response in await subscriber.streaming_pull(requests=requests()):
            ids = [one.ack_id for one in response.received_messages]
            found += [one.message.data for one in response.received_messages]
            if ids:
                await subscriber.acknowledge(subscription=sub, ack_ids=ids)
            if len(found) == 100:
                break
        transports: list[Any] = [publisher.transport, subscriber.transport]
        for transport in transports:
            await transport.close()
        return found

    assert asyncio.run(work()) == [b"%d" % number for number in range(100)]


def test_once_keys_are_configured_a_client_shows_one() -> None:
    with serving(keys={"app": "c2VjcmV0"}) as google:
        with pytest.raises((Unauthenticated, Unknown)):
            google.publisher.create_topic(name=topic("locked"))
        metadata = [("x-goog-api-key", google.running.pubsub.api_key)]
        made = google.publisher.create_topic(name=topic("locked"), metadata=metadata)
        assert made.name == topic("locked")
