import pytest
from tests.console.admin.client import Admin

from dragoman.kernel.api import Consume, Lease, Settle


@pytest.fixture
def admin() -> Admin:
    return Admin()


def test_a_queue_is_made_shown_changed_and_deleted(admin: Admin) -> None:
    body = {"name": "q", "settings": {"length_max": 9}, "stream": {"level": "synced"}}
    made = admin.post("/queues", body, 201)
    assert (made["namespace"], made["stream"], made["name"]) == ("default", "q", "q")
    assert made["settings"]["length_max"] == 9
    assert admin.get("/streams/default/q")["settings"]["level"] == "synced"
    assert admin.get("/queues/default/q") == made
    lettered = {"dead_letter": {"name": "dead"}, "attempts_max": 3}
    changed = admin.patch("/queues/default/q", {"settings": lettered})
    assert changed["settings"]["dead_letter"]["name"] == "dead"
    assert changed["settings"]["length_max"] == 9
    cleared = admin.patch("/queues/default/q", {"settings": {"dead_letter": None}})
    assert cleared["settings"]["dead_letter"] is None
    admin.delete("/queues/default/q")
    assert admin.refused("GET", "/queues/default/q") == (404, "subscription-not-found")


def test_a_filter_is_shown_as_cel_whatever_its_dialect(admin: Admin) -> None:
    assert admin.post("/queues", {"name": "all"}, 201)["cel"] == ""
    text = "h.tier == 'gold' && msg.total > 10"
    for name, dialect, said, cel in (
        ("c", "cel", {"expression": text}, '(h.tier == "gold" && (msg.total > 10))'),
        ("p", "pubsub", {"expression": "attributes:tier"}, '"tier" in h'),
    ):
        settings = {"dialect": dialect, "filter": said}
        made = admin.post("/queues", {"name": name, "settings": settings}, 201)
        assert made["cel"] == cel
    settings = {"dialect": "cel", "filter": {"expression": "h.tier == "}}
    assert admin.refused("POST", "/queues", {"name": "w", "settings": settings}) == (
        400,
        "invalid-argument",
    )
    assert "line 1, column 11" in admin.last["detail"]


def test_a_queue_takes_what_its_condition_holds_for(admin: Admin) -> None:
    settings = {"dialect": "cel", "filter": {"expression": "msg.total > 10 || msg.nothing"}}
    admin.post("/queues", {"name": "q", "settings": settings}, 201)
    for body in ('{"total": 11}', '{"total": 9}', '{"total": "x"}', "no JSON", '{"total": 12.5}'):
        admin.publish("q", body)
    assert admin.get("/queues/default/q")["ready"] == 2


def test_what_stays_for_life_cannot_be_changed(admin: Admin) -> None:
    admin.queue("q")
    refused = admin.refused("PATCH", "/queues/default/q", {"settings": {"order": "key"}})
    assert refused == (400, "invalid-argument")
    assert "order" in admin.last["detail"]


def test_a_queue_that_is_there_is_not_made_again(admin: Admin) -> None:
    admin.queue("q")
    assert admin.refused("POST", "/queues", {"name": "q"}) == (409, "already-exists")


def test_queues_are_listed_by_the_page(admin: Admin) -> None:
    for name in ("b", "a", "c"):
        admin.queue(name)
    page = admin.get("/queues?limit=2")
    assert ([item["name"] for item in page["items"]], page["next"]) == (["a", "b"], "b")


def test_a_queue_in_use_or_not_empty_may_be_spared(admin: Admin) -> None:
    admin.queue("q")
    admin.publish("q", "x")
    assert admin.refused("DELETE", "/queues/default/q?if_empty=true") == (409, "not-empty")
    admin.client.session.submit(Consume(name="q"))
    assert admin.refused("DELETE", "/queues/default/q?if_unused=true") == (409, "in-use")


def test_purge_tells_how_many_were_dropped(admin: Admin) -> None:
    admin.queue("q")
    admin.publish("q", "1", "2", "3")
    admin.client.session.submit(Lease(name="q", lease_duration_ms=60_000))
    assert admin.post("/queues/default/q/purge") == {"dropped": 2}
    assert admin.post("/queues/default/q/purge", {"mode": "all"}) == {"dropped": 1}


def test_a_paused_queue_hands_nothing_out_until_it_is_resumed(admin: Admin) -> None:
    admin.queue("q")
    admin.publish("q", "x")
    assert admin.post("/queues/default/q/pause")["settings"]["paused"]
    assert admin.client.session.submit(Lease(name="q")) == []
    assert not admin.post("/queues/default/q/resume")["settings"]["paused"]
    assert len(admin.client.session.submit(Lease(name="q"))) == 1


def test_dead_letters_go_back_to_where_they_died(admin: Admin) -> None:
    admin.queue("dead")
    admin.queue("q", dead_letter={"name": "dead"})
    admin.publish("q", "1", "2")
    session = admin.client.session
    (delivery,) = session.submit(Lease(name="q", count_max=2))
    holder = delivery.holder
    runs = [(delivery.start, delivery.end)]
    session.settle(Settle(holder.subscription.id, 0, holder.id, runs, "reject"))
    admin.world.run()
    assert admin.get("/queues/default/dead")["ready"] == 2
    pump = admin.post("/queues/default/dead/redrive", status=202)
    assert (pump["source"], pump["settings"]["to_origin"]) == ("dead", True)
    for _ in range(5):
        admin.world.advance(1_000)
    assert admin.get("/queues/default/dead")["ready"] == 0
    assert admin.get("/queues/default/q")["ready"] == 2
    ended = admin.get(f"/pumps/default/{pump['name']}")
    assert (ended["state"], ended["carried"]) == ("done", 2)


def test_messages_can_be_carried_to_another_queue(admin: Admin) -> None:
    admin.queue("a")
    admin.queue("b")
    admin.publish("a", "1")
    admin.post("/queues/default/a/redrive", {"target": "b", "rate_max": 100}, 202)
    admin.world.advance(1_000)
    assert admin.get("/queues/default/b")["ready"] == 1


def test_seek_begins_anew_at_an_offset_or_a_time(admin: Admin) -> None:
    admin.post("/streams", {"name": "log", "settings": {"retention_ms": -1}}, 201)
    path = "/streams/default/log/subscriptions/audit"
    admin.post("/streams/default/log/subscriptions", {"name": "audit"}, 201)
    admin.post("/streams/default/log/messages", {"messages": [{"body": "1"}, {"body": "2"}]})
    assert admin.post(f"{path}/purge") == {"dropped": 2}
    assert admin.post(f"{path}/seek", {"offset": 1})["ready"] == 1
    assert admin.post(f"{path}/seek", {"time_ms": 0})["ready"] == 2
    assert admin.refused("POST", f"{path}/seek", {})[0] == 400
    assert admin.refused("POST", f"{path}/seek", {"offset": 0, "time_ms": 0})[0] == 400


def test_what_is_done_with_a_queue_can_be_done_with_any_subscription(admin: Admin) -> None:
    admin.post("/streams", {"name": "log"}, 201)
    path = "/streams/default/log/subscriptions/audit"
    admin.post("/streams/default/log/subscriptions", {"name": "audit"}, 201)
    admin.post("/streams/default/log/messages", {"messages": [{"body": "1"}]})
    assert admin.get(path)["ready"] == 1
    assert admin.post(f"{path}/pause")["settings"]["paused"]
    assert admin.patch(path, {"settings": {"ttl_ms": 5}})["settings"]["ttl_ms"] == 5
