"""The languages of schemas under one roof: what the kernel asks (`ports.schemas`), and what doors ask.

judge(kind, text, encoding) -> check(data, budget)      what is read is kept, the latest used of KEPT_MAX
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, Literal

from dragoman.formats.schemas.limits import PROBLEMS_MAX, Budget
from dragoman.ports.schemas import SchemaKind

KEPT_MAX: Final = 128
Encoding = Literal["json", "binary"]
Check = Callable[[bytes, Budget], None]
"""Raises SchemaMismatch."""


class Languages:
    """See `ports.schemas.SchemaLanguages`. Libraries are loaded with the first schema."""

    def __init__(self) -> None:
        self._read: OrderedDict[tuple[SchemaKind, str], Any] = OrderedDict()

    def _reading(self, kind: SchemaKind, text: str) -> Any:
        """What is behind the text. Raises SchemaInvalid."""
        key = (kind, text)
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = _reader(kind)(text)
            if len(self._read) > KEPT_MAX:
                self._read.popitem(last=False)
        else:
            self._read.move_to_end(key)
        return found

    def check(self, kind: SchemaKind, text: str) -> None:
        """See the port."""
        self._reading(kind, text)

    def problems(self, kind: SchemaKind, reader: str, writer: str) -> Sequence[str]:
        """See the port."""
        ask = _comparer(kind)
        return ask(self._reading(kind, reader), self._reading(kind, writer))[:PROBLEMS_MAX]

    def judge(self, kind: SchemaKind, text: str, encoding: Encoding) -> Check:
        """Who says whether data is as the schema says. Raises SchemaInvalid."""
        return partial(_checker(kind, encoding), self._reading(kind, text))


def _reader(kind: SchemaKind) -> Callable[[str], Any]:
    if kind == "avro":
        from dragoman.formats.schemas.avro import read_schema  # noqa: PLC0415 - most never need it

        return read_schema
    from dragoman.formats.schemas.proto import read_message  # noqa: PLC0415 - as above

    return read_message


def _comparer(kind: SchemaKind) -> Callable[[Any, Any], list[str]]:
    if kind == "avro":
        from dragoman.formats.schemas.avrochange import problems as avro  # noqa: PLC0415 - as above

        return avro
    from dragoman.formats.schemas.protochange import problems as proto  # noqa: PLC0415 - as above

    return proto


def _checker(kind: SchemaKind, encoding: Encoding) -> Callable[[Any, bytes, Budget], None]:
    if kind == "avro":
        from dragoman.formats.schemas import avrodata  # noqa: PLC0415 - as above

        return avrodata.check_json if encoding == "json" else avrodata.check_binary
    from dragoman.formats.schemas import proto  # noqa: PLC0415 - as above

    return proto.check_json if encoding == "json" else proto.check_binary
