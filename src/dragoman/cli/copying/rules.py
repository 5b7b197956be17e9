"""`--filter` and `--transform`: what the broker's own filters (docs/cel.md) and rules (docs/rules.md) are, over each
message that is copied.

A filter that cannot be told of a message does not take it. A transform sets fields by expressions, which all see the
message as it came; one that fails makes it a bad message.
"""

from collections.abc import Callable, Mapping
from typing import Final

from dragoman.cli.copying.ends import Entry
from dragoman.cli.errors import CommandError
from dragoman.formats import decode
from dragoman.formats.canonical import encode
from dragoman.formats.errors import FormatError
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.filters.dialects import filter_in
from dragoman.kernel.rules.fault import BadMessage as Fault
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.kernel.rules.transform import SETTABLE, TARGET, Transform
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import CANONICAL
from dragoman.ports.translator import FieldSource

HEADER: Final = "headers."
FIELDS: Final = SETTABLE - {TARGET}  # a copy has one


class BadMessage(Exception):
    """A message that a transform fails on, and why."""


class Rules:
    """A filter and a transform, ready to run."""

    def __init__(
        self, condition: str, transform: Mapping[str, str], wall_ms: Callable[[], int]
    ) -> None:
        """Raises CommandError, which says where and why."""
        self._wall_ms = wall_ms
        self._translator = FormatTranslator()
        headers = {name: text for name, text in transform.items() if name.startswith(HEADER)}
        said = RuleSettings(
            set={name: text for name, text in transform.items() if name not in headers},
            headers={name.removeprefix(HEADER): text for name, text in headers.items()},
        )
        try:
            self._filter = filter_in("cel", {"expression": condition} if condition else {})
        except InvalidArgument as error:
            raise CommandError(f"--filter: {error}") from error
        try:
            self._transform = Transform(said)
        except InvalidArgument as error:
            raise CommandError(f"--transform: {error}") from error

    def takes(self, entry: Entry) -> bool:
        """Whether the filter lets it pass."""
        return self._filter is None or self._filter.matches(self._source(entry))

    def apply(self, entry: Entry) -> Entry:
        """The message as it is to arrive. Raises BadMessage."""
        if self._transform.is_empty:
            return entry
        try:
            message = decode(entry.format, entry.data, 0, entry.stored_ms)
            outcome = self._transform.run(self._source(entry))
            if outcome.expires_in_ms >= 0:
                message.expires_at_ms = self._wall_ms() + outcome.expires_in_ms
            if outcome.deliver_in_ms >= 0:
                message.deliver_at_ms = self._wall_ms() + outcome.deliver_in_ms
            data = self._translator.changed(CANONICAL, encode(message), outcome.change)[1]
        except FormatError as error:
            raise BadMessage(f"unreadable: {error}") from error
        except (Fault, InvalidArgument) as error:
            raise BadMessage(f"transform: {error}") from error
        return Entry(CANONICAL, data, entry.stored_ms)

    def _source(self, entry: Entry) -> FieldSource:
        return self._translator.fields(entry.format, entry.data, 0)


def transform_of(pairs: tuple[str, ...]) -> dict[str, str]:
    """Expressions by what they set, from TARGET=EXPRESSION. Raises CommandError."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip()
        known = name in FIELDS or (name.startswith(HEADER) and name != HEADER)
        if not equals or not known:
            raise CommandError(
                f"--transform {pair}: expected TARGET=EXPRESSION; a target is headers.NAME or one of"
                f" {', '.join(sorted(FIELDS))}"
            )
        found[name] = text
    return found
