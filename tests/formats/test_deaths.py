"""Dead letters carry their history in their own format's words, and do not go in circles."""

from dragoman import formats
from dragoman.formats import sqs
from dragoman.formats.deaths import DEATHS_MAX
from dragoman.formats.options import RenderOptions
from dragoman.formats.translator import FormatTranslator
from dragoman.model.levels import AMQP091, CANONICAL, KAFKA, SQS
from dragoman.model.message import Message, Typed
from dragoman.ports.translator import Death

AT_MS = 1_700_000_000_500
ASK = FormatTranslator()


def entry_of(format_: int, *headers: tuple[str, object], expires_at_ms: int | None = None) -> bytes:
    message = Message(b"x", list(headers))
    message.expires_at_ms = expires_at_ms
    return formats.render([(message, None)], format_, RenderOptions("key"))[0]


def died(
    format_: int, entry: bytes, reason: str = "rejected", queue: str = "q", key: str = ""
) -> bytes | None:
    found = ASK.dead_letter(format_, entry, Death(reason, queue, AT_MS, key, exchange="dlx"))
    return None if found is None else found[1]


def headers_of(format_: int, entry: bytes) -> dict[str, object]:
    return dict(ASK.fields(format_, entry, 0).headers)


def test_a_death_is_written_as_rabbitmq_writes_it() -> None:
    entry = died(AMQP091, entry_of(AMQP091, ("a", "b"), expires_at_ms=5000), "expired")
    assert entry is not None
    found = headers_of(AMQP091, entry)
    assert found["x-death"] == [
        {
            "count": 1,
            "reason": "expired",
            "queue": "q",
            "time": Typed("timestamp", AT_MS - 500),
            "exchange": "",
            "routing-keys": ["key"],
            "original-expiration": "5000",
        }
    ]
    assert (found["x-first-death-reason"], found["x-last-death-queue"], found["a"]) == (
        "expired",
        "q",
        "b",
    )
    message = formats.decode(AMQP091, entry)
    assert message.expires_at_ms is None
    assert message.origin == ("amqp091", "key", -1, "dlx")


def test_dying_again_of_the_same_counts_and_comes_first() -> None:
    entry: bytes | None = entry_of(AMQP091)
    for queue in ("q", "retry", "q"):
        assert entry is not None
        entry = died(AMQP091, entry, "rejected", queue)
    assert entry is not None
    found = headers_of(AMQP091, entry)
    deaths = found["x-death"]
    assert isinstance(deaths, list)
    assert [(death["queue"], death["count"]) for death in deaths] == [("q", 2), ("retry", 1)]
    assert (found["x-first-death-queue"], found["x-last-death-queue"]) == ("q", "q")


def test_a_circle_that_no_reader_broke_ends() -> None:
    for format_ in (AMQP091, KAFKA, SQS, CANONICAL):
        once = died(format_, entry_of(format_), "expired")
        assert once is not None
        twice = died(format_, once, "expired", "other")
        assert twice is not None
        assert died(format_, twice, "expired") is None
        assert died(format_, twice, "rejected") is not None


def test_an_address_with_its_own_key_replaces_the_routing_key_and_cc() -> None:
    entry = entry_of(AMQP091, ("CC", ["also"]))
    assert ASK.further_keys(AMQP091, entry) == ("also",)
    kept, replaced = died(AMQP091, entry), died(AMQP091, entry, key="dead")
    assert kept is not None
    assert replaced is not None
    assert (ASK.route_key(AMQP091, kept), ASK.further_keys(AMQP091, kept)) == ("key", ("also",))
    assert (ASK.route_key(AMQP091, replaced), ASK.further_keys(AMQP091, replaced)) == ("dead", ())
    deaths = headers_of(AMQP091, replaced)["x-death"]
    assert isinstance(deaths, list)
    assert deaths[0]["routing-keys"] == ["key", "also"]


def test_a_history_that_is_none_is_started_anew() -> None:
    for history in (
        "text",
        ["text", {"queue": 1, "reason": None, "count": "x"}],
        [{"queue": "q", "reason": "rejected"}],
    ):
        entry = died(AMQP091, entry_of(AMQP091, ("x-death", history)))
        assert entry is not None
        deaths = headers_of(AMQP091, entry)["x-death"]
        assert isinstance(deaths, list)
        assert deaths[0]["count"] == 1


def test_a_history_keeps_to_its_limit() -> None:
    history = [{"queue": str(n), "reason": "rejected", "count": 1} for n in range(DEATHS_MAX + 10)]
    entry = died(CANONICAL, entry_of(CANONICAL, ("x-death", history)))
    assert entry is not None
    deaths = headers_of(CANONICAL, entry)["x-death"]
    assert isinstance(deaths, list)
    assert len(deaths) == DEATHS_MAX


def test_a_kafka_record_counts_its_deaths() -> None:
    entry: bytes | None = entry_of(KAFKA, ("a", "b"), ("__dlq.history", "{"))
    for _ in range(2):
        assert entry is not None
        entry = died(KAFKA, entry)
    assert entry is not None
    found = headers_of(KAFKA, entry)
    assert found["a"] == "b"
    assert found["__dlq.errors.topic"] == "q"
    assert found["__dlq.errors.delivery.count"] == "2"
    assert found["__dlq.history"] == '[["rejected","q"]]'


def test_an_sqs_message_keeps_its_attributes_and_knows_where_it_died() -> None:
    entry = died(SQS, entry_of(SQS, ("a", "b")), "delivery_limit", "orders")
    assert entry is not None
    found = sqs.unpack(entry)
    assert (found.source, sqs.read_attributes(found)) == (b"orders", [("a", "b")])
    told = dict(formats.decode(SQS, entry).headers)
    assert (told["a"], told["x-last-death-reason"]) == ("b", "delivery_limit")
    assert told["x-death"][0]["queue"] == "orders"


def test_an_sqs_message_may_die_where_it_died_before_once_readers_have_tried_it() -> None:
    entry: bytes | None = entry_of(SQS)
    for _ in range(3):
        assert entry is not None
        entry = died(SQS, entry, "delivery_limit")
    assert entry is not None
    assert sqs.read_deaths(sqs.unpack(entry).deaths)[0]["count"] == 3
