from tests.console.admin.client import Admin

CHECK = {"on": ["q"], "check": "msg.a > 0"}


def test_a_rule_is_made_shown_listed_changed_and_deleted() -> None:
    admin = Admin()
    admin.queue("q")
    made = admin.post("/rules", {"name": "r", "settings": CHECK}, 201)
    assert (made["version"], made["settings"]) == (1, CHECK)
    assert admin.refused("POST", "/rules", {"name": "r", "settings": CHECK}) == (
        409,
        "version-differs",
    )
    body = {"settings": {**CHECK, "bad": "drop"}, "expected": 1}
    assert admin.ask("PUT", "/rules/default/r", body) == 200
    assert admin.refused("PUT", "/rules/default/r", body) == (409, "version-differs")
    admin.post("/streams/default/q/messages", {"messages": [{"body": '{"a": 0}'}]})
    (listed,) = admin.get("/rules?stream=q")["items"]
    assert listed == admin.get("/rules/default/r")
    assert (listed["version"], listed["bad"]) == (2, 1)
    assert listed["fault"] == "rule r: it is not so that msg.a > 0"
    assert admin.refused("DELETE", "/rules/default/r?expected=1") == (409, "version-differs")
    admin.delete("/rules/default/r")
    assert admin.refused("GET", "/rules/default/r") == (404, "rule-not-found")


def test_a_bad_message_is_refused() -> None:
    admin = Admin()
    admin.queue("q")
    admin.post("/rules", {"name": "r", "settings": CHECK}, 201)
    body = {"messages": [{"body": "{}"}]}
    assert admin.refused("POST", "/streams/default/q/messages", body) == (422, "message-invalid")


def test_a_rule_is_tried_on_the_last_messages_of_a_stream() -> None:
    admin = Admin()
    admin.queue("q")
    messages = [{"body": f'{{"a":{at}}}'} for at in range(5)]
    admin.post("/streams/default/q/messages", {"messages": messages})
    settings = {"check": "msg.a != 3", "set": {"body": "msg.a * 2"}}
    found = admin.post("/rule-tests", {"stream": "q", "settings": settings, "count": 3})["items"]
    assert [item["offset"] for item in found] == [2, 3, 4]
    assert [item["after"]["body"] for item in found] == ["4", '{"a":3}', "8"]
    assert [(item["changed"], item["bad"]) for item in found] == [
        (True, ""),
        (False, "reject"),
        (True, ""),
    ]
    assert found[1]["reason"] == "it is not so that msg.a != 3"
    assert admin.refused("POST", "/rule-tests", {"stream": "q", "count": 0})[0] == 400


def test_a_message_is_followed() -> None:
    admin = Admin()
    admin.queue("q")
    admin.post("/rules", {"name": "r", "settings": {"set": {"body": "'cut'"}}}, 201)
    admin.post("/routes", {"name": "x", "settings": {"kind": "direct"}}, 201)
    bound = admin.post("/bindings", {"route": "x", "target": "q", "key": "k", "rules": ["r"]}, 201)
    assert bound["rules"] == ["r"]
    body = {"route": "x", "key": "k", "message": {"body": "long"}}
    found = admin.post("/traces", body)
    assert [(hop["target"], hop["taken"]) for hop in found["hops"]] == [("q", True)]
    (end,) = found["arrivals"]
    assert (end["stream"], end["message"]["body"], end["readers"]) == ("q", "cut", ["q"])
    assert admin.refused("POST", "/traces", {"message": {}})[0] == 400
