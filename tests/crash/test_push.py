"""Pushing across kill -9: a backoff goes on where it was, and what was under way is sent again."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import pytest
from tests.crash.broker import BrokerProcess
from tests.crash.push_broker import BACKOFF_MS

WAIT_S_MAX = 20.0
SLACK_S = 3.0  # to start, load and connect on a busy machine

pytestmark = [pytest.mark.crash, pytest.mark.timeout(90)]


class Webhook(ThreadingHTTPServer):
    """Remembers when which attempt came; answers by `status`, 0 not at all until `release` is set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = 200
        self.came: list[tuple[float, int]] = []
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def wait_for(self, count: int) -> tuple[float, int]:
        """When the request came that makes so many, and which attempt it said it was."""
        give_up = time.monotonic() + WAIT_S_MAX
        while len(self.came) < count:
            assert time.monotonic() < give_up, self.came
            time.sleep(0.01)
        return self.came[count - 1]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast(Webhook, self.server)
        self.rfile.read(int(self.headers["Content-Length"]))
        server.came.append((time.monotonic(), int(self.headers["attempt"])))
        if not server.status:
            server.release.wait(WAIT_S_MAX)
            return
        self.send_response(server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.release.set()
        server.shutdown()


def pushing(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> BrokerProcess:
    monkeypatch.setenv("PUSH_URL", url)
    broker = BrokerProcess(folder / "data")
    broker.program = ("tests.crash.push_broker",)
    return broker


def test_a_restart_in_the_middle_of_a_backoff_neither_forgets_nor_hastens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as server, pushing(tmp_path, server.url, monkeypatch) as broker:
        server.status = 503
        broker.start()
        first_s, _ = server.wait_for(1)
        time.sleep(1.0)  # the answer is settled and written, as its level says
        broker.kill()
        server.status = 200
        broker.start()
        again_s, attempt = server.wait_for(2)
        waited_s = again_s - first_s
        assert BACKOFF_MS / 1000 - 0.1 <= waited_s <= BACKOFF_MS / 1000 + SLACK_S
        assert attempt == 2
        time.sleep(0.3)
        broker.kill()
        broker.start()
        time.sleep(1.0)
        assert len(server.came) == 2, "what was acknowledged is not sent again"


def test_what_was_under_way_when_the_broker_died_is_sent_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as server, pushing(tmp_path, server.url, monkeypatch) as broker:
        server.status = 0
        broker.start()
        server.wait_for(1)
        broker.kill()
        server.status = 200
        took_s = broker.start()
        ready_s = time.monotonic()
        again_s, _ = server.wait_for(2)
        assert again_s - ready_s <= SLACK_S, took_s
