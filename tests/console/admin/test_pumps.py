from tests.console.admin.client import Admin


def test_a_pump_is_made_shown_listed_and_deleted() -> None:
    admin = Admin()
    admin.post("/streams", {"name": "log", "settings": {"retention_ms": -1}}, 201)
    admin.queue("q")
    body = {"name": "p", "source": "log", "settings": {"targets": [{"name": "q"}]}}
    made = admin.post("/pumps", body, 201)
    assert (made["name"], made["source"], made["state"]) == ("p", "log", "running")
    assert admin.refused("POST", "/pumps", body) == (409, "already-exists")
    admin.post("/streams/default/log/messages", {"messages": [{"body": "x"}]})
    admin.world.advance(1_000)
    assert admin.get("/pumps/default/p")["carried"] == 1
    assert admin.get("/queues/default/q")["ready"] == 1
    assert [pump["name"] for pump in admin.get("/pumps?source=log")["items"]] == ["p"]
    assert admin.get("/pumps?source=q")["items"] == []
    admin.delete("/pumps/default/p")
    assert admin.get("/pumps")["items"] == []
    assert admin.refused("GET", "/pumps/default/x") == (404, "pump-not-found")


def test_a_pump_to_nowhere_is_refused() -> None:
    admin = Admin()
    body = {"name": "p", "source": "log", "settings": {"targets": [{"name": "q"}]}}
    assert admin.refused("POST", "/pumps", body) == (404, "stream-not-found")
