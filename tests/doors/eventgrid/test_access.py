"""Who may come in, by what they show."""

import hmac
from base64 import b64encode
from urllib.parse import quote

import pytest
from tests.doors.eventgrid.client import CLOUD, Grid, cloud, code

from dragoman.doors.eventgrid.topics import TOPICS
from dragoman.doors.shared.arm.store import Resource

SECRET = b64encode(b"s" * 32).decode()
OWN = b64encode(b"o" * 32).decode()
PATH = "/orders/api/events"


def guarded() -> Grid:
    found = Grid({"app": SECRET})
    shown = {
        "id": "/t/orders",
        "name": "orders",
        "properties": {"inputSchema": "CloudEventSchemaV1_0"},
    }
    hidden = {"stream": "orders", "keys": [OWN, "b3RoZXI="]}
    found.face.store.put(found.client.door._session, TOPICS, "orders", Resource(shown, hidden))
    return found


def signature(key: bytes = b"o" * 32, path: str = PATH, until: str = "2100-01-01 00:00:00") -> str:
    unsigned = f"r={quote(f'https://h{path}?apiVersion=1', safe='')}&e={quote(until)}"
    digest = b64encode(hmac.digest(key, unsigned.encode(), "sha256")).decode()
    return f"{unsigned}&s={quote(digest, safe='')}"


@pytest.mark.parametrize(
    "header",
    [
        ("aeg-sas-key", OWN),
        ("aeg-sas-key", SECRET),
        ("aeg-sas-token", signature()),
        ("aeg-sas-token", signature(b"s" * 32)),
        ("Authorization", f"SharedAccessKey {OWN}"),
        ("Authorization", f"SharedAccessSignature {signature()}"),
        ("Authorization", f"bearer {SECRET}"),
    ],
)
def test_keys_signatures_and_tokens_open(header: tuple[str, str]) -> None:
    assert guarded().post(PATH, cloud(), CLOUD, header).status == 200


@pytest.mark.parametrize(
    "header",
    [
        ("aeg-sas-key", "wrong"),
        ("aeg-sas-key", ""),
        ("aeg-sas-token", signature(b"x" * 32)),
        ("aeg-sas-token", signature(path="/bills/api/events")),
        ("aeg-sas-token", signature(until="1969-01-01 00:00:00")),
        ("aeg-sas-token", "r=&e=&s="),
        ("Authorization", "Bearer"),
        ("Authorization", "Basic eDp5"),
        ("Authorization", "SharedAccessSignature \xff"),
        ("X-Nothing", "x"),
    ],
)
def test_nothing_else_does(header: tuple[str, str]) -> None:
    found = guarded()
    assert code(found.post(PATH, cloud(), CLOUD, header)) == (401, "Unauthorized")
    assert found.stored() == []
    shown = bool(header[1]) and header[1] not in {"Bearer", "Basic eDp5", "x"}
    assert len(found.client.world.node.failed) == shown


def test_the_key_of_one_topic_does_not_open_another() -> None:
    found = guarded()
    answer = found.post("/topics/orders:publish", cloud(), CLOUD, ("aeg-sas-key", OWN))
    assert code(answer) == (401, "Unauthorized")


def test_anything_opens_where_the_operator_configured_nothing() -> None:
    assert Grid().post(PATH, cloud(), CLOUD, ("aeg-sas-key", "whatever")).status == 200
