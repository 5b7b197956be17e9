from tests.doors.kafka.client import World
from tests.fakes.node import FakePeer

from dragoman.doors.kafka.talk import TOPICS_CACHED_MAX, Talk
from dragoman.model.levels import APPLIED, SYNCED, WRITTEN


def talk() -> Talk:
    world = World()
    client = world.connect()
    client.create("t")
    return Talk(client.session, FakePeer())


def test_the_highest_level_asked_for_counts() -> None:
    one = talk()
    one.wait_for(SYNCED)
    one.wait_for(WRITTEN)
    assert one.level == SYNCED


def test_where_the_socket_does_not_say_clients_are_sent_to_the_usual_place() -> None:
    one = talk()
    one.connection = FakePeer(0, "")
    assert one.address() == ("localhost", 9092)


def test_a_topic_is_found_by_name_and_by_id() -> None:
    one = talk()
    head = one.find("t")
    assert head.name == "t"
    assert one.level == APPLIED


def test_what_is_remembered_about_topics_is_bounded() -> None:
    one = talk()
    for index in range(TOPICS_CACHED_MAX + 10):
        one._finds[f"t{index}"] = one._finds.get("t") or None  # type: ignore[assignment]
    one.find("t")
    assert len(one._finds) <= TOPICS_CACHED_MAX
