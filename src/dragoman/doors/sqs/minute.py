"""What was done less than a minute ago: AWS makes clients wait before they do it again."""

from typing import Final

MINUTE_MS: Final = 60_000
REMEMBERED_MAX: Final = 10_000  # past that nobody has to wait


class Minute:
    """What was done less than a minute ago, by name."""

    __slots__ = ("_until", "is_strict")

    def __init__(self, *, is_strict: bool) -> None:
        self.is_strict = is_strict
        self._until: dict[tuple[str, str], int] = {}

    def has(self, key: tuple[str, str], now_ms: int) -> bool:
        """Whether the minute is not over."""
        return self._until.get(key, 0) > now_ms

    def note(self, key: tuple[str, str], now_ms: int) -> None:
        """It was done now."""
        if not self.is_strict:
            return
        if len(self._until) >= REMEMBERED_MAX:
            self._until = {known: until for known, until in self._until.items() if until > now_ms}
        if len(self._until) < REMEMBERED_MAX:
            self._until[key] = now_ms + MINUTE_MS
