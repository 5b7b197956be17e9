from tests.console.admin.client import Admin


def test_a_stream_is_made_shown_changed_and_deleted() -> None:
    admin = Admin()
    made = admin.post("/streams", {"name": "log", "settings": {"partitions": 3}}, 201)
    assert (made["namespace"], made["name"], len(made["partitions"])) == ("default", "log", 3)
    assert made["settings"]["level"] == "written"
    assert "notes" not in made["settings"]
    assert admin.get("/streams/default/log") == made
    changed = admin.patch(
        "/streams/default/log", {"settings": {"retention_ms": 5, "level": "synced"}}
    )
    assert changed["settings"] == {**made["settings"], "retention_ms": 5, "level": "synced"}
    admin.delete("/streams/default/log")
    assert admin.refused("GET", "/streams/default/log") == (404, "stream-not-found")


def test_what_is_confirmed_before_it_is_written_says_so() -> None:
    admin = Admin()
    settings = {"durable": False, "level": "applied"}
    admin.post("/streams", {"name": "brief", "settings": settings}, 201)
    (item,) = admin.get("/streams")["items"]
    assert (item["settings"]["durable"], item["settings"]["level"]) == (False, "applied")


def test_a_name_that_is_taken_is_refused() -> None:
    admin = Admin()
    admin.post("/streams", {"name": "log"}, 201)
    assert admin.refused("POST", "/streams", {"name": "log"}) == (409, "already-exists")


def test_streams_are_listed_by_the_page() -> None:
    admin = Admin()
    for name in ("b", "a", "ab", "c"):
        admin.post("/streams", {"name": name}, 201)
    page = admin.get("/streams?limit=2")
    assert ([item["name"] for item in page["items"]], page["next"]) == (["a", "ab"], "ab")
    rest = admin.get(f"/streams?limit=3&after={page['next']}")
    assert ([item["name"] for item in rest["items"]], rest["next"]) == (["b", "c"], None)
    found = admin.get("/streams?contains=b")
    assert [item["name"] for item in found["items"]] == ["ab", "b"]
    assert admin.get("/streams?namespace=other")["items"] == []


def test_names_may_need_escapes() -> None:
    admin = Admin()
    admin.post("/streams", {"name": "a/b ü", "namespace": "x y"}, 201)
    assert admin.get("/streams/x%20y/a%2Fb%20%C3%BC")["name"] == "a/b ü"


def test_namespaces_and_an_overview() -> None:
    admin = Admin()
    admin.post("/streams", {"name": "s", "namespace": "other"}, 201)
    admin.queue("q")
    admin.publish("q", "1", "2")
    assert admin.get("/namespaces")["items"] == ["default", "other"]
    overview = admin.get("/overview")
    assert (overview["streams"], overview["subscriptions"], overview["ready"]) == (2, 1, 2)
    about = admin.get("")
    assert (about["version"], about["incarnation"]) == ("test", 1)


def test_subscriptions_of_a_stream_are_made_listed_and_deleted() -> None:
    admin = Admin()
    admin.post("/streams", {"name": "log"}, 201)
    path = "/streams/default/log/subscriptions"
    made = admin.post(path, {"name": "audit", "settings": {"ttl_ms": 9}}, 201)
    assert (made["stream"], made["name"], made["settings"]["ttl_ms"]) == ("log", "audit", 9)
    assert [item["name"] for item in admin.get(path)["items"]] == ["audit"]
    assert admin.get(f"{path}/audit") == made
    admin.delete(f"{path}/audit")
    assert admin.get(path)["items"] == []
    assert admin.refused("GET", f"{path}/audit") == (404, "subscription-not-found")
