"""What a broker changes in a message of Pub/Sub: headers that are set, deaths and their undoing."""

from tests.formats.test_pubsub import entry_of

from dragoman import formats
from dragoman.formats.pubsub import read_attributes
from dragoman.formats.translator import FormatTranslator
from dragoman.model.levels import CANONICAL, PUBSUB
from dragoman.ports.translator import Death

TRANSLATOR = FormatTranslator()


def death(reason: str = "delivery_limit", text: str = "") -> Death:
    return Death(reason, "sub", 9_000, "", text, attempts=5, stored_ms=1714564800250)


def test_headers_are_set_as_attributes_and_the_rest_stays() -> None:
    format_, entry = TRANSLATOR.with_headers(
        PUBSUB, entry_of(b"x", "k", a="1", b="2"), (("a", "3"),)
    )
    assert format_ == PUBSUB
    assert read_attributes(entry) == [("b", "2"), ("a", "3")]


def test_a_header_that_cannot_be_an_attribute_makes_it_a_message_of_no_protocol() -> None:
    format_, entry = TRANSLATOR.with_headers(PUBSUB, entry_of(b"x"), (("google", "3"),))
    assert format_ == CANONICAL
    assert list(formats.decode(CANONICAL, entry).headers) == [("google", "3")]


def test_a_dead_letter_says_where_it_died_as_in_pubsub() -> None:
    died = TRANSLATOR.dead_letter(PUBSUB, entry_of(b"x", a="1"), death())
    assert died is not None
    assert dict(read_attributes(died[1])) == {
        "a": "1",
        "CloudPubSubDeadLetterSourceSubscription": "sub",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceTopicPublishTime": "2024-05-01T12:00:00.250Z",
    }
    again = TRANSLATOR.dead_letter(PUBSUB, died[1], death(text="no room"))
    assert again is not None
    told = dict(read_attributes(again[1]))
    assert told["CloudPubSubDeadLetterSourceDeliveryErrorMessage"] == "no room"
    assert TRANSLATOR.revived(PUBSUB, again[1]) == ("sub", entry_of(b"x", a="1"))


def test_what_expires_twice_in_one_place_goes_in_a_circle() -> None:
    died = TRANSLATOR.dead_letter(PUBSUB, entry_of(), death("expired"))
    assert died is not None
    assert TRANSLATOR.dead_letter(PUBSUB, died[1], death("expired")) is None
    assert TRANSLATOR.dead_letter(PUBSUB, died[1], death("delivery_limit")) is not None


def test_what_never_died_is_not_revived() -> None:
    assert TRANSLATOR.revived(PUBSUB, entry_of()) is None
    assert TRANSLATOR.revived(PUBSUB, entry_of(b"CloudPubSubDeadLetterSourceSubscription")) is None


def test_attributes_are_what_filters_and_bindings_see() -> None:
    fields = TRANSLATOR.fields(PUBSUB, entry_of(b"x", type="t", tier="gold"), 0)
    assert (fields.headers, fields.attribute("type")) == ({"type": "t", "tier": "gold"}, "t")
