"""Sending by HTTP."""

import json
from base64 import b64encode
from hmac import digest
from typing import Any
from urllib.parse import quote

from tests.doors.shared.rest.client import World, request

from dragoman.doors.eventhubs.face import EventHubsFace, is_meant
from dragoman.doors.eventhubs.hashing import partition_of
from dragoman.doors.eventhubs.posted import BATCH_TYPE
from dragoman.doors.shared.amqp10.liveness import FAILED_LOGIN_MS
from dragoman.doors.shared.rest.call import Request
from dragoman.kernel.api import DescribeStream, Read

VERSION = "?timeout=60&api-version=2014-01"


def world(**more: Any) -> World:
    return World(EventHubsFace(creates=True), **more)


def ends(found: World) -> list[int]:
    info = found.kernel.submit(DescribeStream(name="h"), 0)
    return [known.end for known in info.partitions]


def test_an_event_is_posted_where_its_key_leads() -> None:
    found = world()
    client = found.connect()
    headers = (("BrokerProperties", '{"PartitionKey": "alphabet"}'), ("n", "5"))
    assert client.ask("POST", f"/h/messages{VERSION}", b"x", headers).status == 201
    assert ends(found)[partition_of("alphabet", 4)] == 1
    extract = found.kernel.submit(Read(name="h", partition=partition_of("alphabet", 4)), 0)
    assert b"alphabet" in extract.blocks[0].bodies[0]


def test_to_a_partition_as_a_publisher_and_in_batches() -> None:
    found = world()
    client = found.connect()
    assert client.ask("POST", f"/h/partitions/3/messages{VERSION}", b"x").status == 201
    assert ends(found) == [0, 0, 0, 1]
    batch = json.dumps([{"Body": "1"}, {"Body": "2"}]).encode()
    headers = (("Content-Type", BATCH_TYPE),)
    assert client.ask("POST", "/h/publishers/me/messages", batch, headers).status == 201
    assert ends(found)[partition_of("me", 4)] in (2, 3)
    assert sum(ends(found)) == 3


def test_what_is_wrong_is_refused() -> None:
    found = world()
    client = found.connect()
    client.ask("POST", f"/h/messages{VERSION}", b"x")
    for path, body, headers, status in (
        ("/h/partitions/9/messages", b"x", (), 400),
        ("/h/messages", b"{", (("Content-Type", BATCH_TYPE),), 400),
        ("/a%20b/messages", b"x", (), 400),
        ("/h/publishers/me/messages", b"x", (("BrokerProperties", '{"PartitionKey": "k"}'),), 400),
    ):
        assert client.ask("POST", path + VERSION, body, headers).status == status
    assert sum(ends(found)) == 1


def test_nobody_makes_a_hub_where_others_come() -> None:
    client = World(EventHubsFace(creates=False)).connect()
    assert client.ask("POST", f"/h/messages{VERSION}", b"x").status == 404


def signed(key: str, resource: str, until_s: int) -> tuple[str, str]:
    place = quote(resource, safe="")
    sign = b64encode(digest(key.encode(), f"{place}\n{until_s}".encode(), "sha256"))
    text = f"SharedAccessSignature sr={place}&sig={quote(sign, safe='')}&se={until_s}&skn=key"
    return "Authorization", text


def test_a_signature_opens_what_it_is_for() -> None:
    found = world(users={"key": b"secret"})
    client = found.connect()
    until_s = found.clock.now_ms // 1_000 + 60
    good = signed("secret", "sb://here/h", until_s)
    assert client.ask("POST", "/h/messages", b"x", (good,)).status == 201
    for bad in (
        signed("wrong", "sb://here/h", until_s),
        signed("secret", "sb://here/other", until_s),
        signed("secret", "sb://here/h", until_s - 100),
        signed("secret", "sb://elsewhere/h", until_s),
    ):
        client.send(request("POST", "/h/messages", b"x", (bad,)))
        assert client.take() == b""
        found.advance(FAILED_LOGIN_MS)
        assert b" 401 " in client.take()


def test_only_what_is_meant_for_it_is_its() -> None:
    def asked(*headers: tuple[bytes, bytes], target: bytes = b"/h/messages") -> bool:
        return is_meant(Request("POST", target, headers, b""))

    assert not asked()
    assert asked(target=b"/h/messages?api-version=2014-01")
    assert asked((b"authorization", b"SharedAccessSignature sr=x"))
    assert asked((b"content-type", BATCH_TYPE.encode()))
