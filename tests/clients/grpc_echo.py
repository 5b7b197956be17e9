"""The echo service in a process of its own, and channels to it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import trustme
from tests.doors.shared.grpc.echo import Text

ROOT = Path(__file__).resolve().parent.parent.parent
SERVICE = "/dragoman.tests.echo.Echo/"
CODING: dict[str, Any] = {
    "request_serializer": Text.SerializeToString,
    "response_deserializer": Text.FromString,
}


@contextmanager
def echo_server(*arguments: str) -> Iterator[int]:
    """Its port, while the block runs."""
    command = [sys.executable, "-m", "tests.clients.grpc_echo_server", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()
        assert process.wait(30) == 0


def certificate(folder: Path) -> tuple[bytes, str]:
    """An authority, and the file of a certificate that it made for this machine."""
    ca = trustme.CA()
    file = folder / "cert.pem"
    ca.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(str(file))
    return ca.cert_pem.bytes(), str(file)
