import pytest
from tests.console.admin.client import Admin
from tests.fakes.node import FakePeer

GRANT = {"principal": "ann", "kinds": ["stream"], "operations": ["send"], "name": "orders"}


@pytest.fixture
def on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakePeer, "peer", ("127.0.0.1", 50_000))


@pytest.mark.usefixtures("on_this_machine")
def test_grants_are_made_listed_and_taken_back_and_a_namespace_is_opened_again() -> None:
    admin = Admin()
    assert admin.get("/grants") == {"guarded": False, "grants": []}
    made = admin.post("/grants", {"grants": [GRANT]})
    assert made["guarded"]
    assert [one["principal"] for one in made["grants"]] == ["ann"]
    assert admin.get("/grants?namespace=other") == {"guarded": False, "grants": []}
    admin.queue("q")  # the operator on this machine may do everything
    assert admin.ask("DELETE", "/grants", {"grants": [GRANT]}) == 200
    assert admin.last == {"guarded": True, "grants": []}
    assert admin.ask("PUT", "/guard", {"guarded": False}) == 200
    assert admin.last == {"guarded": False, "grants": []}


def test_a_grant_that_means_nothing_is_refused() -> None:
    admin = Admin()
    wrong = GRANT | {"operations": ["fly"]}
    assert admin.refused("POST", "/grants", {"grants": [wrong]}) == (400, "invalid-argument")
    assert not admin.get("/grants")["guarded"]


def test_elsewhere_the_operator_is_refused_what_he_was_not_granted() -> None:
    admin = Admin()
    assert admin.refused("POST", "/grants", {"grants": [GRANT]}) == (403, "access-refused")
    assert admin.refused("GET", "/grants") == (403, "access-refused")
