"""Configuration files of Microsoft's emulators: JSON, read whole, every problem told by the file's name. Cold."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from dragoman.app.config import ConfigError

FILE_BYTES_MAX: Final = 16 << 20


def load_file(path: str, read: Callable[[Any], tuple[Any, ...]]) -> tuple[Any, ...]:
    """What `read` makes of the document in a file. Raises ConfigError, every line beginning with the file's name."""
    try:
        with Path(path).open("rb") as file:
            document = json.loads(file.read(FILE_BYTES_MAX).decode("utf-8-sig"))
        return read(document)
    except ConfigError as error:
        raise ConfigError(f"{path}: {line}" for line in error.problems) from None
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError([f"{path}: {error}"]) from error
