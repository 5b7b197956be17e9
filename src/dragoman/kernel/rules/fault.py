"""What is wrong with a message: by which rule, where, and why."""

from typing import Final

TEXT_CHARS_MAX: Final = 500


class BadMessage(Exception):
    """A message is not as a rule says, or cannot be changed so. `path` says where in it, or in the rule."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


class Fault:
    """A bad message's verdict. `bad` and `dead_letter` as the rule has them."""

    __slots__ = ("bad", "dead_letter", "path", "reason", "rule")

    def __init__(self, rule: str, bad: str, dead_letter: str, error: BadMessage) -> None:
        self.rule = rule
        self.bad = bad
        self.dead_letter = dead_letter
        self.path = error.path
        self.reason = error.reason

    @property
    def text(self) -> str:
        """In one line."""
        where = f"{self.path}: " if self.path else ""
        return f"rule {self.rule}: {where}{self.reason}"[:TEXT_CHARS_MAX]
