"""What a command says when it cannot do what it was asked."""

from typing import Final

FAILED: Final = 1
NOT_FOUND: Final = 3
REFUSED: Final = 4
UNREACHABLE: Final = 5


class CommandError(Exception):
    """One line, or a few, for whoever called, and the exit status."""

    def __init__(self, text: str, status: int = FAILED) -> None:
        super().__init__(text)
        self.status = status
