"""What the operator is told while the broker serves, line by line: as text on standard error, as JSON on standard
output. A line that nobody takes is dropped: a pipe that is full, or whose reader is gone, does not trouble the broker.
"""

import json
import select
import sys
from contextlib import suppress
from io import UnsupportedOperation
from typing import TextIO

from dragoman.security.logins import FailedLogin


def tell(login: FailedLogin, *, as_json: bool) -> None:
    """That a login has failed."""
    stream = sys.stdout if as_json else sys.stderr
    with suppress(OSError, ValueError):  # it is closed, on either side
        if _is_taken(stream):
            stream.write((document(login) if as_json else line(login)) + "\n")
            stream.flush()


def line(login: FailedLogin) -> str:
    """As people read it."""
    more = f" ({login.more} more like it before)" if login.more else ""
    name = f" as {login.user!r}" if login.user else ""
    return (
        f"dragoman: login refused: {login.mechanism}{name} from {login.host} port {login.port}"
        f" to port {login.to_port}{more}"
    )


def document(login: FailedLogin) -> str:
    """As programs do."""
    return json.dumps({"event": "login-refused", **login._asdict()})


def _is_taken(stream: TextIO) -> bool:
    """Whether a line can be written without waiting: pipes that can take anything take as much."""
    try:
        number = stream.fileno()
    except UnsupportedOperation:
        return True  # a test's, in memory: no file at all
    return bool(select.select([], [number], [], 0)[1])
