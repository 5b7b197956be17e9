"""A broker in a process of its own, as users run it, so that a client has its process to itself."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.crash.broker import BrokerProcess


@contextmanager
def broker_process(
    engine: str,
    folder: Path,
    port: int = 0,
    users: Mapping[str, str] | None = None,
    keys: Mapping[str, str] | None = None,
    more: str = "",  # of the configuration
) -> Iterator[int]:
    """The port on which it answers every protocol while the block runs; then it leaves as a signal makes it."""
    with BrokerProcess(folder / "data", port or None) as process:
        if engine == "memory":
            process.options += ("--memory",)
        if users or keys or more:
            file = folder / "broker.toml"
            lines = [f'[users.{name}]\npassword = "{word}"' for name, word in (users or {}).items()]
            lines += [f'[keys.{name}]\nsecret = "{word}"' for name, word in (keys or {}).items()]
            file.write_text("\n".join([*lines, more]) + "\n")
            process.options += ("--config", str(file))
        process.start()
        yield process.port
        assert process.stop() == 0, process.tail()
