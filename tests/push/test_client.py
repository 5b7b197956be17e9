"""A request and its answer, against a real server in a process of its own that misbehaves as told."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
import trustme
from tests.push.receiving import answer_to, post, receiver, sending

from dragoman.ports.outbound import Outgoing
from dragoman.push import client
from dragoman.push.blocked import Blocked
from dragoman.push.client import Unresolved, failure_of
from dragoman.push.connection import ANSWER_BYTES_MAX
from dragoman.push.outbound import HttpOutbound

SHORT_MS = 150


class Here:
    """A receiver of the whole file: where it is, and who vouches for it."""

    def __init__(self, ports: dict[str, int], tls: ssl.SSLContext, names: dict[str, str]) -> None:
        self.port = ports[""]
        self.tls = tls
        self.tls_ports = {name: ports[file] for name, file in names.items()}

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}/{path}"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("tls")
    known, unknown = trustme.CA(), trustme.CA()
    files = {}
    for name, authority, host in (
        ("good", known, "hooks.test"),
        ("other-name", known, "elsewhere.test"),
        ("self-signed", unknown, "hooks.test"),
    ):
        files[name] = str(folder / f"{name}.pem")
        authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(files[name])
    tls = ssl.create_default_context()
    known.configure_trust(tls)
    with receiver(*files.values()) as ports:
        yield Here(ports, tls, files)


Step = Callable[[HttpOutbound], Awaitable[None]]


def run(here: Here, step: Step, **more: Any) -> None:
    async def whole() -> None:
        async with sending(here.tls, **more) as made:
            await step(made)

    asyncio.run(whole())


def test_a_request_arrives_as_it_was_given(here: Here) -> None:
    async def step(made: HttpOutbound) -> None:
        request = Outgoing(
            "POST",
            here.url("echo?code=a%2Fb=="),
            [("aeg-event-type", "Notification"), ("X-Twice", "1"), ("x-twice", "2")],
            b"[1]",
            5_000,
        )
        answered = await answer_to(made, request)
        said = json.loads(answered.body)
        assert (answered.status, answered.failure) == (200, "")
        assert said["line"] == "POST /echo?code=a%2Fb== HTTP/1.1"
        assert said["body"] == "[1]"
        headers = [(name.lower(), value) for name, value in said["headers"]]
        assert sorted(headers) == [
            ("aeg-event-type", "Notification"),
            ("content-length", "3"),
            ("host", f"127.0.0.1:{here.port}"),
            ("user-agent", "Dragoman/test"),
            ("x-twice", "1"),
            ("x-twice", "2"),
        ]

    run(here, step)


def test_what_frames_a_message_is_ours_to_say(here: Here) -> None:
    async def step(made: HttpOutbound) -> None:
        given = [
            ("Host", "169.254.169.254"),
            ("Content-Length", "0"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "upgrade"),
            ("Expect", "100-continue"),
            ("User-Agent", "Mine/1"),
        ]
        request = Outgoing("POST", here.url("echo"), given, b"GET / HTTP/1.1\r\n\r\n", 5_000)
        said = json.loads((await answer_to(made, request)).body)
        headers = dict(said["headers"])
        assert headers["Host"] == f"127.0.0.1:{here.port}"
        assert headers["Content-Length"] == "18"
        assert headers["User-Agent"] == "Mine/1"
        assert not {"Transfer-Encoding", "Expect", "Connection"} & set(headers)

    run(here, step)


def test_a_header_with_a_line_break_is_not_sent(here: Here) -> None:
    async def step(made: HttpOutbound) -> None:
        request = Outgoing("GET", here.url("echo"), [("x", "a\r\nHost: b")], b"", 5_000)
        assert (await answer_to(made, request)).failure == "blocked"

    run(here, step)


@pytest.mark.parametrize("status", [204, 301, 400, 404, 429, 500, 503])
def test_every_status_is_an_answer(here: Here, status: int) -> None:
    async def step(made: HttpOutbound) -> None:
        answered = await answer_to(made, post(here.url(f"status/{status}")))
        assert (answered.status, answered.failure) == (status, "")

    run(here, step)


def test_a_redirect_is_an_answer_and_not_followed(here: Here) -> None:
    async def step(made: HttpOutbound) -> None:
        answered = await answer_to(made, post(here.url("redirect")))
        assert answered.status == 307
        assert ("location", "/ok") in answered.headers
        assert made.pushes.sent == 1

    run(here, step)


def test_no_proxy_of_the_environment_is_used(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def step(made: HttpOutbound) -> None:
        assert (await answer_to(made, post(here.url("ok")))).status == 200

    run(here, step)


def test_a_connection_is_used_again(here: Here) -> None:
    async def step(made: HttpOutbound) -> None:
        for count in (1, 2, 3):
            said = json.loads((await answer_to(made, post(here.url("echo")))).body)
            assert said["count"] == count

    run(here, step)


def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure(here: Here) -> None:
    async def step(made: HttpOutbound) -> None:
        for _ in range(20):
            assert (await answer_to(made, post(here.url("once")))).status == 200

    run(here, step)


def test_a_body_is_read_in_part_and_what_is_larger_is_left(here: Here) -> None:
    async def step(made: HttpOutbound) -> None:
        for path in ("endless", f"large/{ANSWER_BYTES_MAX + 1}"):
            answered = await answer_to(made, post(here.url(path)))
            assert (answered.status, len(answered.body)) == (200, ANSWER_BYTES_MAX)
        whole = await answer_to(made, post(here.url(f"large/{ANSWER_BYTES_MAX}")))
        assert len(whole.body) == ANSWER_BYTES_MAX

    run(here, step)


def test_a_large_request_is_sent_whole(here: Here) -> None:
    async def step(made: HttpOutbound) -> None:
        body = b"x" * (3 << 20)
        said = await answer_to(made, post(here.url("echo"), body))
        assert said.body.startswith(b'{"line"')
        assert b'["Content-Length", "%d"]' % len(body) in said.body

    run(here, step)


@pytest.mark.parametrize("path", ["hang", "slow"])
def test_an_answer_that_does_not_come_whole_in_time_is_none(here: Here, path: str) -> None:
    async def step(made: HttpOutbound) -> None:
        answered = await answer_to(made, post(here.url(path), timeout_ms=SHORT_MS))
        assert (answered.status, answered.failure) == (0, "timeout")
        assert SHORT_MS <= answered.elapsed_ms < 10 * SHORT_MS

    run(here, step)


@pytest.mark.parametrize("path", ["headers", "header", "garbage", "cut"])
def test_what_is_no_http_or_too_much_of_it_is_broken(here: Here, path: str) -> None:
    async def step(made: HttpOutbound) -> None:
        answered = await answer_to(made, post(here.url(path)))
        assert (answered.status, answered.failure) == (0, "broken")
        assert answered.text

    run(here, step)


def test_nobody_there_is_refused_and_no_such_name_unresolved(here: Here) -> None:
    async def no_names(host: str) -> list[str]:
        raise OSError("no such name")

    async def step(made: HttpOutbound) -> None:
        assert (await answer_to(made, post("http://127.0.0.1:1/"))).failure == "refused"
        assert (await answer_to(made, post("http://nobody.test/"))).failure == "unresolved"

    run(here, step, look_up=no_names)


def test_a_server_vouched_for_by_our_authorities_is_spoken_to_by_name(here: Here) -> None:
    async def names(host: str) -> list[str]:
        return ["127.0.0.1"]

    async def step(made: HttpOutbound) -> None:
        port = here.tls_ports["good"]
        said = json.loads((await answer_to(made, post(f"https://hooks.test:{port}/echo"))).body)
        assert dict(said["headers"])["Host"] == f"hooks.test:{port}"

    run(here, step, look_up=names)


@pytest.mark.parametrize("name", ["other-name", "self-signed"])
def test_a_server_that_nobody_vouches_for_is_not(here: Here, name: str) -> None:
    async def names(host: str) -> list[str]:
        return ["127.0.0.1"]

    async def step(made: HttpOutbound) -> None:
        port = here.tls_ports[name]
        answered = await answer_to(made, post(f"https://hooks.test:{port}/ok"))
        assert answered.failure == "tls"
        assert "certificate" in answered.text

    run(here, step, look_up=names)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433"]
)
def test_this_machine_is_not_called_by_any_name_unless_allowed(here: Here, host: str) -> None:
    async def step(made: HttpOutbound) -> None:
        answered = await answer_to(made, post(here.url("ok", host)))
        assert (answered.status, answered.failure) == (0, "blocked")

    run(here, step, allow=())


def test_a_name_that_leads_elsewhere_when_it_is_asked_again_gains_nothing(here: Here) -> None:
    """DNS rebinding: harmless when judged, this machine when connected to, if anybody looked twice."""
    answers = [["203.0.113.1"], ["127.0.0.1"], ["127.0.0.1"]]

    async def rebinding(host: str) -> list[str]:
        return answers.pop(0)

    async def step(made: HttpOutbound) -> None:
        request = post(here.url("ok", "rebinding.test"), timeout_ms=SHORT_MS)
        answered = await answer_to(made, request)
        assert answered.failure in {"timeout", "refused"}  # the first address, not this machine
        assert len(answers) == 2

    run(here, step, look_up=rebinding, allow=["203.0.113.0/24"])


def test_no_more_connections_are_kept_than_may_be(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "KEPT_MAX", 2)

    async def step(made: HttpOutbound) -> None:
        for number in (1, 2, 3):
            await answer_to(made, post(here.url("ok", f"127.0.0.{number}")))
        assert len(made._client.pool) == 2
        for number, count in ((3, 2), (2, 2), (1, 1)):  # the one idle longest was closed
            said = json.loads(
                (await answer_to(made, post(here.url("echo", f"127.0.0.{number}")))).body
            )
            assert said["count"] == count

    run(here, step)


def test_a_connection_is_kept_for_a_while_only(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "KEPT_S", 0.0)

    async def step(made: HttpOutbound) -> None:
        await answer_to(made, post(here.url("ok")))
        pool = made._client.pool
        async with asyncio.timeout(5):
            while len(pool):  # noqa: ASYNC110 - turns of the loop
                await asyncio.sleep(0)

    run(here, step)


def test_an_old_connection_is_not_kept(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "AGE_S_MAX", 0.0)

    async def step(made: HttpOutbound) -> None:
        await answer_to(made, post(here.url("ok")))
        assert len(made._client.pool) == 0

    run(here, step)


@pytest.mark.parametrize("path", ["endless", "garbage", "cut", "large/70000", "hang"])
def test_a_connection_that_is_of_no_more_use_is_closed(here: Here, path: str) -> None:
    async def step(made: HttpOutbound) -> None:
        await answer_to(made, post(here.url(path), timeout_ms=SHORT_MS))
        assert len(made._client.pool) == 0

    run(here, step)


def test_another_address_of_a_name_is_tried_where_one_takes_nothing(here: Here) -> None:
    async def names(host: str) -> list[str]:
        return ["::1", "127.0.0.1"]

    async def step(made: HttpOutbound) -> None:
        answered = await answer_to(made, post(here.url("ok", "both.test")))
        assert answered.status == 200

    run(here, step, look_up=names, allow=["::1", "127.0.0.0/8"])


def test_a_head_is_answered_without_its_body(here: Here) -> None:
    async def step(made: HttpOutbound) -> None:
        request = Outgoing("HEAD", here.url("large/10"), (), b"", 5_000)
        answered = await answer_to(made, request)
        assert (answered.status, answered.body) == (200, b"")

    run(here, step)


def test_every_error_of_sending_has_a_kind() -> None:
    assert failure_of(Blocked("x")) == "blocked"
    assert failure_of(Unresolved("x")) == "unresolved"
    assert failure_of(ssl.SSLError("x")) == "tls"
    assert failure_of(ConnectionRefusedError("x")) == "refused"
