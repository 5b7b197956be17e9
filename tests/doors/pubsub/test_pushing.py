"""Push: messages as requests, wrapped and bare, and what answers mean."""

import json
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from tests.doors.pubsub.client import Pubsub, subscription, topic

from dragoman.doors.pubsub.pushing import Pushing
from dragoman.doors.shared.push.issuer import Issuer
from dragoman.doors.shared.push.renderer import PushMessage
from dragoman.formats import render
from dragoman.formats.options import RenderOptions
from dragoman.kernel.api import Lease
from dragoman.model.levels import KAFKA, PUBSUB
from dragoman.model.message import Message
from dragoman.ports.outbound import Answered, Outgoing

URL = "https://example.com/push"


class World:
    """One subscription that is pushed, and what its messages are sent as."""

    def __init__(self, config: dict[str, Any] | None = None, **fields: Any) -> None:
        self.pubsub = Pubsub()
        self.pubsub.make(push_config={"push_endpoint": URL, **(config or {})}, **fields)
        self.pushing = Pushing(Issuer())
        (self.subscription,) = self.pushing.pushed(self.pubsub.connection.session)

    def leased(self) -> PushMessage:
        session = self.pubsub.connection.session
        (found,) = session.submit(Lease(name="orders", subscription="sub"))
        stored_ms = self.pubsub.world.clock.now_ms
        return PushMessage(PUBSUB, found.bodies[0], 0, 0, found.start, stored_ms, 3, 1)

    def request(self, message: PushMessage | None = None) -> Outgoing:
        found = self.pushing.request_of([message or self.leased()], self.subscription)
        assert isinstance(found, Outgoing)
        return found


def test_a_message_is_wrapped_as_google_wraps_it() -> None:
    world = World(dead_letter_policy={"dead_letter_topic": topic("orders")})
    (number,) = world.pubsub.publish(b"hello", key="k", tier="gold")
    request = world.request()
    assert (request.method, request.url, request.timeout_ms) == ("POST", URL, 10_000)
    body = json.loads(request.body)
    time = body["message"].pop("publishTime")
    assert body == {
        "message": {
            "data": "aGVsbG8=",
            "attributes": {"tier": "gold"},
            "messageId": number,
            "message_id": number,
            "publish_time": time,
            "orderingKey": "k",
        },
        "subscription": subscription("sub"),
        "deliveryAttempt": 3,
    }
    assert ("Content-Type", "application/json") in request.headers


def test_a_bare_message_is_its_data() -> None:
    world = World({"no_wrapper": {}})
    world.pubsub.publish(b"hello", tier="gold")
    request = world.request()
    assert (request.body, [name for name, _ in request.headers]) == (b"hello", ["User-Agent"])


def test_a_bare_message_says_the_rest_in_headers_as_far_as_http_allows() -> None:
    world = World({"no_wrapper": {"write_metadata": True}})
    (number,) = world.pubsub.publish(
        b"hello",
        key="k",
        tier="gold",
        odd="é",
        **{"a b": "x", "content-type": "text/plain", "host": "x"},
    )
    headers = dict(world.request().headers)
    assert headers.pop("x-goog-pubsub-publish-time").endswith("Z")
    assert headers.pop("User-Agent")
    assert headers == {
        "x-goog-pubsub-subscription-name": subscription("sub"),
        "x-goog-pubsub-message-id": number,
        "x-goog-pubsub-ordering-key": "k",
        "tier": "gold",
        "Content-Type": "text/plain",
    }


def test_messages_of_other_protocols_are_pushed_as_well() -> None:
    world = World()
    (batch,) = render([(Message(b"hello"), None)], KAFKA, RenderOptions("orders"))
    body = json.loads(world.request(PushMessage(KAFKA, batch, 0, 0, 5, 7, 1, 1)).body)
    assert body["message"]["data"] == "aGVsbG8="
    broken = world.pushing.request_of(
        [PushMessage(KAFKA, b"x", 0, 0, 5, 7, 1, 1)], world.subscription
    )
    assert getattr(broken, "outcome", "") == "reject"


@pytest.mark.parametrize("status", [102, 200, 201, 202, 204])
def test_some_answers_acknowledge(status: int) -> None:
    world = World()
    assert world.pushing.judge(Answered(status), 1, world.subscription).outcome == "ack"


@pytest.mark.parametrize("answered", [Answered(500), Answered(302), Answered(0, failure="timeout")])
def test_all_else_is_tried_again_ever_more_slowly(answered: Answered) -> None:
    world = World()
    verdicts = [
        world.pushing.judge(answered, attempt, world.subscription) for attempt in (1, 2, 99)
    ]
    assert {verdict.outcome for verdict in verdicts} == {"release"}
    assert [verdict.delay_ms for verdict in verdicts] == [100, 200, 60_000]


def test_a_retry_policy_says_how_slowly() -> None:
    policy = {"minimum_backoff": {"seconds": 1}, "maximum_backoff": {"seconds": 3}}
    world = World(retry_policy=policy)
    verdict = world.pushing.judge(Answered(500), 9, world.subscription)
    assert verdict.delay_ms == 3_000


def test_what_is_known_holds_until_the_subscription_changes() -> None:
    world = World()
    session = world.pubsub.connection.session
    world.pushing.pushed(session)
    plan = world.pushing.plan(world.subscription)
    assert plan is not None
    assert plan.url == URL
    config = {"push_endpoint": URL + "/2"}
    world.pubsub.ask("ModifyPushConfig", subscription=subscription("sub"), push_config=config)
    (changed,) = world.pushing.pushed(session)
    plan = world.pushing.plan(changed)
    assert plan is not None
    assert plan.url == URL + "/2"
    world.pubsub.ask("DeleteSubscription", subscription=subscription("sub"))
    assert world.pushing.pushed(session) == []
    assert world.pushing.judge(Answered(500), 1, changed).delay_ms == 100


TOKEN = {"oidc_token": {"service_account_email": "a@b.example"}}


@pytest.mark.parametrize(("more", "audience"), [({}, URL), ({"audience": "me"}, "me")])
def test_a_token_is_for_its_audience_or_else_for_the_endpoint(more: Any, audience: str) -> None:
    world = World({"oidc_token": {**TOKEN["oidc_token"], **more}})
    world.pubsub.publish(b"hello", Authorization="forged")
    (credentials,) = [value for name, value in world.request().headers if name == "Authorization"]
    part = credentials.removeprefix("Bearer ").split(".")[1]
    claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert (claims["aud"], claims["email"]) == (audience, "a@b.example")


def test_no_attribute_takes_the_place_of_a_token() -> None:
    world = World({"no_wrapper": {"write_metadata": True}, **TOKEN})
    world.pubsub.publish(b"hello", authorization="forged")
    names = [name.lower() for name, _ in world.request().headers]
    assert names.count("authorization") == 1
