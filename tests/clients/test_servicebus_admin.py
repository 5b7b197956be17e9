"""ServiceBusAdministrationClient of azure-servicebus, unmodified, blocking and not, by the string that data goes by."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusSubQueue
from azure.servicebus.aio.management import ServiceBusAdministrationClient as AsyncClient
from azure.servicebus.exceptions import (
    MessageSizeExceededError,
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    ServiceBusError,
    ServiceBusQuotaExceededError,
)
from azure.servicebus.management import (
    AuthorizationRule,
    CorrelationRuleFilter,
    FalseRuleFilter,
    ServiceBusAdministrationClient,
    SqlRuleAction,
    SqlRuleFilter,
    TrueRuleFilter,
)
from tests.clients.servicebus_work import WAIT_S, connection_string, serving

from dragoman.app.certs import HOSTS_DEFAULT, write_certificates
from dragoman.app.loop import SystemClock

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
KEY = "SAS_KEY_VALUE"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """(connection string, certificate of the authority)."""
    folder: Path = tmp_path_factory.mktemp("tls")
    made = write_certificates(folder, HOSTS_DEFAULT, SystemClock().wall_ms())
    keys = {"RootManageSharedAccessKey": KEY}
    with serving(topology=(), tls_cert=str(made.certificate), tls_key=str(made.key), keys=keys) as (
        running,
        _,
    ):
        yield connection_string(running), str(folder / "ca.pem")


@pytest.fixture
def admin(served: tuple[str, str]) -> Iterator[ServiceBusAdministrationClient]:
    with ServiceBusAdministrationClient.from_connection_string(
        served[0], connection_verify=served[1], retry_total=0
    ) as found:
        yield found


@pytest.fixture
def data(served: tuple[str, str]) -> Iterator[ServiceBusClient]:
    with ServiceBusClient.from_connection_string(served[0], retry_total=0) as found:
        yield found


def test_a_queue_is_made_described_changed_and_deleted(
    admin: ServiceBusAdministrationClient,
) -> None:
    made = admin.create_queue(
        "orders",
        lock_duration=timedelta(seconds=30),
        max_delivery_count=5,
        requires_duplicate_detection=True,
        duplicate_detection_history_time_window=timedelta(minutes=1),
        default_message_time_to_live=timedelta(days=2),
        dead_lettering_on_message_expiration=True,
        user_metadata="a <note> & more",
        auto_delete_on_idle=timedelta(hours=1),
        max_message_size_in_kilobytes=2048,
        authorization_rules=[
            AuthorizationRule(
                type="SharedAccessAuthorizationRule",
                claim_type="SharedAccessKey",
                claim_value="None",
                rights=["Manage", "Send", "Listen"],
                key_name="k",
                primary_key="p",
                secondary_key="s",
            )
        ],
    )
    found = admin.get_queue("orders")
    assert found.lock_duration == made.lock_duration
    assert (found.lock_duration, found.max_delivery_count) == (timedelta(seconds=30), 5)
    assert found.duplicate_detection_history_time_window == timedelta(minutes=1)
    assert found.default_message_time_to_live == timedelta(days=2)
    assert found.auto_delete_on_idle == timedelta(hours=1)
    assert found.requires_duplicate_detection
    assert found.dead_lettering_on_message_expiration
    assert not found.requires_session
    assert found.user_metadata == "a <note> & more"
    assert found.max_message_size_in_kilobytes == 2048
    assert found.status == "Active"
    (rule,) = found.authorization_rules or []
    assert (rule.key_name, rule.rights) == ("k", ["Manage", "Send", "Listen"])
    found.max_delivery_count = 7
    found.default_message_time_to_live = timedelta(hours=3)
    admin.update_queue(found)
    again = admin.get_queue("orders")
    assert (again.max_delivery_count, again.user_metadata) == (7, "a <note> & more")
    assert again.default_message_time_to_live == timedelta(hours=3)
    again.requires_duplicate_detection = False
    with pytest.raises(HttpResponseError, match="RequiresDuplicateDetection"):
        admin.update_queue(again)
    admin.delete_queue("orders")
    with pytest.raises(ResourceNotFoundError):
        admin.get_queue("orders")
    with pytest.raises(ResourceNotFoundError):
        admin.delete_queue("orders")


def test_what_is_there_is_not_made_again(admin: ServiceBusAdministrationClient) -> None:
    admin.create_queue("twice")
    with pytest.raises(ResourceExistsError):
        admin.create_queue("twice")
    with pytest.raises(ResourceExistsError):
        admin.create_topic("twice")
    admin.create_topic("topic-twice")
    admin.create_subscription("topic-twice", "s")
    with pytest.raises(ResourceExistsError):
        admin.create_subscription("topic-twice", "s")
    with pytest.raises(ResourceExistsError):
        admin.create_rule("topic-twice", "s", "$Default")
    with pytest.raises(ResourceNotFoundError):
        admin.create_subscription("nowhere", "s")


def test_counts_are_those_of_the_messages(
    admin: ServiceBusAdministrationClient, data: ServiceBusClient
) -> None:
    admin.create_queue("counted")
    with data.get_queue_sender("counted") as sender:
        sender.send_messages([ServiceBusMessage("x" * 100) for _ in range(5)])
    with data.get_queue_receiver("counted") as receiver:
        first, second = receiver.receive_messages(2, max_wait_time=WAIT_S)
        receiver.complete_message(first)
        receiver.dead_letter_message(second, reason="r")
        (third,) = receiver.receive_messages(1, max_wait_time=WAIT_S)
        receiver.defer_message(third)
    told = admin.get_queue_runtime_properties("counted")
    assert (told.active_message_count, told.dead_letter_message_count) == (3, 1)
    assert told.total_message_count == 4
    assert (told.size_in_bytes or 0) >= 400
    assert told.created_at_utc is not None
    assert told.created_at_utc.year >= 2024
    names = [each.name for each in admin.list_queues_runtime_properties()]
    assert "counted" in names
    assert not [name for name in names if "DeadLetter" in name]


def test_pages_lead_through_all_queues(admin: ServiceBusAdministrationClient) -> None:
    for number in range(7):
        admin.create_queue(f"page/{number}")
    found = [
        each.name for each in admin.list_queues(max_page_size=3) if each.name.startswith("page/")
    ]
    assert found == [f"page/{number}" for number in range(7)]
    assert admin.get_queue("page/3").name == "page/3"


def test_topics_and_subscriptions_are_made_described_changed_and_deleted(
    admin: ServiceBusAdministrationClient, data: ServiceBusClient
) -> None:
    admin.create_topic("news", default_message_time_to_live=timedelta(hours=1))
    admin.create_subscription("news", "all", max_delivery_count=3)
    admin.create_subscription("news", "long", default_message_time_to_live=timedelta(days=1))
    topic = admin.get_topic("news")
    assert topic.default_message_time_to_live == timedelta(hours=1)
    assert admin.get_topic_runtime_properties("news").subscription_count == 2
    found = admin.get_subscription("news", "all")
    assert (found.max_delivery_count, found.lock_duration) == (3, timedelta(minutes=1))
    assert admin.get_subscription("news", "long").default_message_time_to_live == timedelta(days=1)
    found.lock_duration = timedelta(seconds=10)
    admin.update_subscription("news", found)
    assert admin.get_subscription("news", "all").lock_duration == timedelta(seconds=10)
    with data.get_topic_sender("news") as sender:
        sender.send_messages(ServiceBusMessage("x"))
    told = admin.get_subscription_runtime_properties("news", "all")
    assert (told.active_message_count, told.total_message_count) == (1, 1)
    topic.user_metadata = "m"
    admin.update_topic(topic)
    assert admin.get_topic("news").user_metadata == "m"
    names = [each.name for each in admin.list_subscriptions("news")]
    assert names == ["all", "long"]
    assert "news" in [each.name for each in admin.list_topics()]
    admin.delete_subscription("news", "long")
    with pytest.raises(ResourceNotFoundError):
        admin.get_subscription("news", "long")
    admin.delete_topic("news")
    with pytest.raises(ResourceNotFoundError):
        admin.get_topic("news")


def test_rules_are_made_described_changed_and_deleted(
    admin: ServiceBusAdministrationClient, data: ServiceBusClient
) -> None:
    admin.create_topic("ruled")
    admin.create_subscription("ruled", "s")
    (default,) = admin.list_rules("ruled", "s")
    assert default.name == "$Default"
    assert isinstance(default.filter, TrueRuleFilter)
    admin.delete_rule("ruled", "s", "$Default")
    admin.create_rule("ruled", "s", "sql", filter=SqlRuleFilter("n > 5 AND region = 'eu'"))
    wanted = CorrelationRuleFilter(
        label="order", correlation_id="c", properties={"n": 1, "x": 1.5, "s": "t", "b": True}
    )
    admin.create_rule("ruled", "s", "same", filter=wanted)
    admin.create_rule("ruled", "s", "none", filter=FalseRuleFilter())
    same = admin.get_rule("ruled", "s", "same")
    assert isinstance(same.filter, CorrelationRuleFilter)
    assert (same.filter.label, same.filter.correlation_id) == ("order", "c")
    assert same.filter.properties == {"n": 1, "x": 1.5, "s": "t", "b": True}
    sql = admin.get_rule("ruled", "s", "sql")
    assert isinstance(sql.filter, SqlRuleFilter)
    assert sql.filter.sql_expression == "n > 5 AND region = 'eu'"
    sql.filter = SqlRuleFilter("n > 7")
    admin.update_rule("ruled", "s", sql)
    assert [rule.name for rule in admin.list_rules("ruled", "s")] == ["sql", "same", "none"]
    with data.get_topic_sender("ruled") as sender:
        for number in (6, 8):
            sender.send_messages(
                ServiceBusMessage(str(number), application_properties={"n": number})
            )
    with data.get_subscription_receiver("ruled", "s") as receiver:
        (message,) = receiver.receive_messages(5, max_wait_time=WAIT_S)
        assert str(message) == "8"
        receiver.complete_message(message)
    with pytest.raises(HttpResponseError):
        admin.create_rule("ruled", "s", "bad", filter=SqlRuleFilter("n >"))
    admin.delete_rule("ruled", "s", "sql")
    with pytest.raises(ResourceNotFoundError):
        admin.get_rule("ruled", "s", "sql")


def test_a_rule_with_an_action_and_parameters_takes_a_changed_copy(
    admin: ServiceBusAdministrationClient, data: ServiceBusClient
) -> None:
    admin.create_topic("acted")
    admin.create_subscription("acted", "s")
    many = SqlRuleFilter("n * 2 > @least", parameters={"@least": 5})
    action = SqlRuleAction(
        "SET double = n * @times; SET sys.Label = 'many'; REMOVE secret", parameters={"@times": 2}
    )
    admin.create_rule("acted", "s", "many", filter=many, action=action)
    told = admin.get_rule("acted", "s", "many")
    assert isinstance(told.filter, SqlRuleFilter)
    assert isinstance(told.action, SqlRuleAction)
    assert (told.filter.parameters, told.action.parameters) == ({"@least": 5}, {"@times": 2})
    assert told.action.sql_expression == action.sql_expression
    with data.get_topic_sender("acted") as sender:
        for number in (1, 3):
            sender.send_messages(
                ServiceBusMessage("m", application_properties={"n": number, "secret": "x"})
            )
    with data.get_subscription_receiver("acted", "s") as receiver:
        found: list[tuple[str | None, object]] = []
        while len(found) < 3:
            for message in receiver.receive_messages(5, max_wait_time=WAIT_S):
                found.append((message.subject, message.application_properties))
                receiver.complete_message(message)
    assert found == [
        (None, {b"n": 1, b"secret": b"x"}),
        (None, {b"n": 3, b"secret": b"x"}),
        ("many", {b"n": 3, b"double": 6}),
    ]
    info = admin.get_subscription_runtime_properties("acted", "s")
    assert info.total_message_count == 0
    wrong = SqlRuleAction("SET sys.SequenceNumber = 1")
    with pytest.raises(HttpResponseError, match="SequenceNumber"):
        admin.create_rule("acted", "s", "wrong", filter=many, action=wrong)


def test_rules_compare_times_and_ask_how_a_message_came(
    admin: ServiceBusAdministrationClient, data: ServiceBusClient
) -> None:
    day, hour = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC), timedelta(hours=1)
    admin.create_topic("timed")
    admin.create_subscription("timed", "s")
    admin.delete_rule("timed", "s", "$Default")
    text = "day < @day AND sys.TimeToLive <= @hour AND sys.EnqueuedTimeUtc < @day AND sys.SequenceNumber > 1"
    rule = SqlRuleFilter(text, parameters={"@day": day, "@hour": hour})
    admin.create_rule("timed", "s", "sql", filter=rule)
    admin.create_rule("timed", "s", "same", filter=CorrelationRuleFilter(properties={"day": day}))
    told = admin.get_rule("timed", "s", "sql")
    assert isinstance(told.filter, SqlRuleFilter)
    assert told.filter.parameters == {"@day": day, "@hour": hour}
    same = admin.get_rule("timed", "s", "same")
    assert isinstance(same.filter, CorrelationRuleFilter)
    assert same.filter.properties == {"day": day}
    with data.get_topic_sender("timed") as sender:
        for body, when, life in (
            ("first", day - hour, hour),
            ("early", day - hour, hour),
            ("equal", day, None),
            ("long", day - hour, 2 * hour),
        ):
            sender.send_messages(
                ServiceBusMessage(body, application_properties={"day": when}, time_to_live=life)  # type: ignore[dict-item]
            )
    with data.get_subscription_receiver("timed", "s") as receiver:
        found: list[str] = []
        while len(found) < 2:
            for message in receiver.receive_messages(5, max_wait_time=WAIT_S):
                found.append(str(message))
                receiver.complete_message(message)
    assert found == ["early", "equal"]


def test_forwarding_is_set_and_taken_back(
    admin: ServiceBusAdministrationClient, data: ServiceBusClient
) -> None:
    admin.create_queue("end")
    admin.create_queue("graves")
    made = admin.create_queue(
        "through", forward_to="end", forward_dead_lettered_messages_to="graves"
    )
    assert (made.forward_to or "").endswith("/end")
    assert (made.forward_dead_lettered_messages_to or "").endswith("/graves")
    with data.get_queue_sender("through") as sender:
        sender.send_messages(ServiceBusMessage("x"))
    with data.get_queue_receiver("end") as receiver:
        assert len(receiver.receive_messages(1, max_wait_time=WAIT_S)) == 1
    with pytest.raises(ServiceBusError), data.get_queue_receiver("through") as receiver:
        receiver.receive_messages(1, max_wait_time=WAIT_S)
    made.forward_to = None
    admin.update_queue(made)
    assert admin.get_queue("through").forward_to is None
    with pytest.raises(HttpResponseError, match="nowhere"):
        admin.create_queue("other", forward_to="nowhere")


def test_what_was_forwarded_too_often_is_a_dead_letter_of_its_transfer(
    admin: ServiceBusAdministrationClient, data: ServiceBusClient
) -> None:
    admin.create_queue("ring")
    admin.create_queue("way", forward_to="ring")
    ring = admin.get_queue("ring")
    ring.forward_to = "way"
    admin.update_queue(ring)
    with data.get_queue_sender("way") as sender:
        sender.send_messages(ServiceBusMessage("x"))
    letters = ServiceBusSubQueue.TRANSFER_DEAD_LETTER
    with data.get_queue_receiver("way", sub_queue=letters) as receiver:
        (letter,) = receiver.receive_messages(1, max_wait_time=WAIT_S)
        counts = admin.get_queue_runtime_properties("way")
        assert counts.transfer_dead_letter_message_count == counts.total_message_count == 1
        assert letter.dead_letter_reason == "MaxTransferHopCountExceeded"
        receiver.complete_message(letter)
    counts = admin.get_queue_runtime_properties("way")
    assert (counts.transfer_message_count, counts.transfer_dead_letter_message_count) == (0, 0)


def test_a_disabled_entity_takes_and_gives_nothing(
    admin: ServiceBusAdministrationClient, data: ServiceBusClient
) -> None:
    made = admin.create_queue("off")
    made.status = "SendDisabled"
    admin.update_queue(made)
    with pytest.raises(MessagingEntityDisabledError), data.get_queue_sender("off") as sender:
        sender.send_messages(ServiceBusMessage("x"))
    made.status = "ReceiveDisabled"
    admin.update_queue(made)
    with data.get_queue_sender("off") as sender:
        sender.send_messages(ServiceBusMessage("x"))
    with pytest.raises(MessagingEntityDisabledError), data.get_queue_receiver("off") as receiver:
        receiver.receive_messages(1, max_wait_time=WAIT_S)
    made.status = "Active"
    admin.update_queue(made)
    with data.get_queue_receiver("off") as receiver:
        assert len(receiver.receive_messages(1, max_wait_time=WAIT_S)) == 1


def test_an_entity_that_is_full_and_a_message_that_is_too_large_are_refused(
    admin: ServiceBusAdministrationClient, data: ServiceBusClient
) -> None:
    admin.create_queue("small", max_size_in_megabytes=1, max_message_size_in_kilobytes=700)
    assert admin.get_queue("small").max_size_in_megabytes == 1
    large = ServiceBusMessage(b"x" * (600 << 10))
    with data.get_queue_sender("small") as sender:
        sender.send_messages(large)
        with pytest.raises(ServiceBusQuotaExceededError):
            sender.send_messages(large)
    with data.get_queue_receiver("small") as receiver:
        (message,) = receiver.receive_messages(1, max_wait_time=WAIT_S)
        receiver.complete_message(message)
    with data.get_queue_sender("small") as sender:
        sender.send_messages(large)
        with pytest.raises(MessageSizeExceededError):
            sender.send_messages(ServiceBusMessage(b"x" * (701 << 10)))


def test_a_deleted_queue_is_gone_for_data_as_well(
    admin: ServiceBusAdministrationClient, data: ServiceBusClient
) -> None:
    admin.create_queue("gone")
    admin.delete_queue("gone")
    with pytest.raises(MessagingEntityNotFoundError), data.get_queue_sender("gone") as sender:
        sender.send_messages(ServiceBusMessage("x"))


def test_the_namespace_tells_its_name(admin: ServiceBusAdministrationClient) -> None:
    told = admin.get_namespace_properties()
    assert told.name == "127"
    assert told.messaging_sku == "Premium"


def test_a_wrong_key_administers_nothing(served: tuple[str, str]) -> None:
    text = served[0].replace(KEY, "wrong")
    with (
        ServiceBusAdministrationClient.from_connection_string(
            text, connection_verify=served[1], retry_total=0
        ) as admin,
        pytest.raises(ClientAuthenticationError),
    ):
        admin.get_namespace_properties()


def test_the_asynchronous_client_does_the_same(served: tuple[str, str]) -> None:
    async def main() -> list[str]:
        async with AsyncClient.from_connection_string(
            served[0], connection_verify=served[1]
        ) as admin:
            await admin.create_queue("async")
            await admin.create_topic("async-topic")
            await admin.create_subscription("async-topic", "s")
            rule = SqlRuleFilter("a = 1")
            await admin.create_rule("async-topic", "s", "r", filter=rule)
            names = [each.name async for each in admin.list_queues()]
            rules = [each.name async for each in admin.list_rules("async-topic", "s")]
            await admin.delete_topic("async-topic")
            await admin.delete_queue("async")
            return [name for name in names if name == "async"] + rules

    assert asyncio.run(main()) == ["async", "$Default", "r"]
