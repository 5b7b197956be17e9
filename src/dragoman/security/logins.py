"""Failed logins, as the operator is told of them: not each, since clients with a wrong password come back at once.

One line for each mechanism, name and address (`guesses.network_of`), then none for QUIET_MS; the next says how many it
stands for. Of all together LINES_MAX at once, and one more every LINE_MS. What clients say of themselves is cleaned and
cut; what they show as proof is not handed in at all.
"""

from typing import Final, NamedTuple

from dragoman.security.guesses import network_of

QUIET_MS: Final = 10_000
LINES_MAX: Final = 20
LINE_MS: Final = 1_000
REMEMBERED_MAX: Final = 1_000
CHARS_MAX: Final = 64


class FailedLogin(NamedTuple):
    """What is told: by which mechanism who was claimed to be, from where to which port; and that of `more` such nothing
    was told meanwhile.
    """

    mechanism: str
    user: str
    host: str
    port: int
    to_port: int
    more: int


class FailedLogins:
    """See the module. Times are elapsed milliseconds."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], tuple[int, int]] = {}  # quiet until, untold since
        self._clear_ms = 0  # when no line counts any more, as in `guesses`

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._kept)

    def failed(
        self, mechanism: str, user: str, peer: tuple[str, int], to_port: int, now_ms: int
    ) -> FailedLogin | None:
        """One more has; what to tell, if it is time."""
        mechanism, user = cleaned(mechanism), cleaned(user)
        key = (mechanism, user, network_of(peer[0]))
        quiet_ms, untold = self._kept.pop(key, (now_ms, 0))
        if now_ms < quiet_ms or not self._may_tell(now_ms):
            self._keep(key, quiet_ms, untold + 1)
            return None
        self._keep(key, now_ms + QUIET_MS, 0)
        return FailedLogin(mechanism, user, peer[0], peer[1], to_port, untold)

    def _may_tell(self, now_ms: int) -> bool:
        clear_ms = max(self._clear_ms, now_ms)
        if clear_ms - now_ms > (LINES_MAX - 1) * LINE_MS:
            return False
        self._clear_ms = clear_ms + LINE_MS
        return True

    def _keep(self, key: tuple[str, str, str], quiet_ms: int, untold: int) -> None:
        self._kept[key] = (quiet_ms, untold)
        if len(self._kept) > REMEMBERED_MAX:
            del self._kept[next(iter(self._kept))]


def cleaned(text: str) -> str:
    """Without what would move a terminal's cursor or end a line, and not too long."""
    cut = text if len(text) <= CHARS_MAX else f"{text[: CHARS_MAX - 1]}\N{HORIZONTAL ELLIPSIS}"
    return "".join(letter if letter.isprintable() else "?" for letter in cut)
