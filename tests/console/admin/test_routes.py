import pytest
from tests.console.admin.client import Admin


@pytest.fixture
def admin() -> Admin:
    admin = Admin()
    admin.queue("q")
    admin.post("/routes", {"name": "r", "settings": {"kind": "topic"}}, 201)
    return admin


def test_a_route_is_made_shown_listed_and_deleted(admin: Admin) -> None:
    made = admin.get("/routes/default/r")
    assert (made["name"], made["settings"]["kind"]) == ("r", "topic")
    assert admin.refused("POST", "/routes", {"name": "r"}) == (409, "already-exists")
    admin.post("/routes", {"name": "s"}, 201)
    page = admin.get("/routes?limit=1")
    assert ([item["name"] for item in page["items"]], page["next"]) == (["r"], "r")
    admin.delete("/routes/default/s")
    assert admin.refused("GET", "/routes/default/s") == (404, "route-not-found")


def test_a_binding_is_made_listed_and_deleted_by_its_id(admin: Admin) -> None:
    body = {"route": "r", "target": "q", "key": "a.#", "headers_set": [["x", "y"]]}
    made = admin.post("/bindings", body, 201)
    assert admin.get("/bindings")["items"] == [made]
    assert admin.get("/bindings?route=r")["items"] == [made]
    assert admin.post("/bindings", body, 201)["id"] == made["id"]
    other = admin.post("/bindings", {**body, "key": "b"}, 201)
    assert other["id"] != made["id"]
    admin.delete(f"/bindings/default/{made['id']}")
    assert admin.get("/bindings")["items"] == [other]
    assert admin.refused("DELETE", f"/bindings/default/{made['id']}") == (404, "not-found")
    assert admin.refused("GET", "/bindings?route=x") == (404, "route-not-found")


def test_a_binding_hands_on_what_its_condition_holds_for(admin: Admin) -> None:
    said = {"expression": "msg.total > 10 && h.tier == 'gold'"}
    body = {"route": "r", "target": "q", "key": "a.#", "filter": said, "dialect": "cel"}
    made = admin.post("/bindings", body, 201)
    assert made["cel"] == '(h.tier == "gold" && (msg.total > 10))'
    wrong = {**body, "filter": {"expression": "msg."}}
    assert admin.refused("POST", "/bindings", wrong) == (400, "invalid-argument")
    messages = [
        {"body": text, "headers": [["tier", tier]]}
        for text, tier in (
            ('{"total": 11}', "gold"),
            ('{"total": 9}', "gold"),
            ('{"total": 11}', "tin"),
        )
    ]
    admin.post("/routes/default/r/messages", {"messages": messages, "key": "a.b"})
    assert admin.get("/queues/default/q")["ready"] == 1


def test_a_route_that_is_bound_may_be_spared(admin: Admin) -> None:
    admin.post("/bindings", {"route": "r", "target": "q"}, 201)
    assert admin.refused("DELETE", "/routes/default/r?if_unused=true") == (409, "in-use")
    admin.delete("/routes/default/r")


def test_a_binding_to_nothing_is_refused(admin: Admin) -> None:
    assert admin.refused("POST", "/bindings", {"route": "r", "target": "x"}) == (
        404,
        "stream-not-found",
    )
