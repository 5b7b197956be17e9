"""The languages of schemas under one roof: what the kernel asks (`ports.schemas`), and what doors ask.

judge(kind, text, encoding) -> check(data, budget)      what is read is kept, the latest used of KEPT_MAX
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from dragoman.formats.schemas.limits import (
    JUDGED_PROTO_JSON_MAX,
    JUDGED_VALUES_MAX,
    PROBLEMS_MAX,
    PROTO_JSON_VALUES,
    SCHEMA_BYTES_MAX,
    Budget,
)
from dragoman.model.errors import NotSupported, SchemaInvalid
from dragoman.ports.schemas import Encoding as Encoding  # noqa: PLC0414 - with the others
from dragoman.ports.schemas import Judge, SchemaKind, Source

KEPT_MAX: Final = 128
ALONE: Final = "protobuf, one message"  # as Pub/Sub has it
Check = Callable[[bytes, Budget], None]
"""Raises SchemaMismatch."""


class Languages:
    """See `ports.schemas.SchemaLanguages`. Libraries are loaded with the first schema."""

    def __init__(self) -> None:
        self._read: OrderedDict[tuple[str, Source], Any] = OrderedDict()

    def _reading(self, language: str, source: Source) -> Any:
        """What is behind the text. Raises SchemaInvalid."""
        key = (language, source)
        found = self._read.get(key)
        if found is None:
            if sum([len(text) for _, text in source.references]) > SCHEMA_BYTES_MAX:
                raise SchemaInvalid(f"it refers to more than {SCHEMA_BYTES_MAX} characters")
            found = self._read[key] = _reader(language)(source)
            if len(self._read) > KEPT_MAX:
                self._read.popitem(last=False)
        else:
            self._read.move_to_end(key)
        return found

    def check(self, kind: SchemaKind, source: Source) -> None:
        """See the port."""
        self._reading(kind, source)

    def plain(self, kind: SchemaKind, text: str) -> str:
        """See the port."""
        if kind == "protobuf":
            return " ".join(text.split())
        try:
            return msgspec.json.encode(msgspec.json.decode(text)).decode()
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise SchemaInvalid(f"the schema is no JSON: {error}") from None

    def problems(self, kind: SchemaKind, reader: Source, writer: Source) -> Sequence[str]:
        """See the port."""
        ask = _comparer(kind)
        return ask(self._reading(kind, reader), self._reading(kind, writer))[:PROBLEMS_MAX]

    def judge(self, kind: SchemaKind, text: str, encoding: Encoding) -> Check:
        """Who says whether data is as the schema, which stands alone, says. Raises SchemaInvalid."""
        language = ALONE if kind == "protobuf" else kind
        return partial(_checker(kind, encoding), self._reading(language, Source(text)))

    def judge_of(self, kind: SchemaKind, source: Source, encoding: Encoding) -> Judge:
        """See the port."""
        if kind == "json":
            judge: Judge = _framing().JsonJudge(self._reading(kind, source))
            return judge
        check = _checker(kind, encoding)
        found = self._reading(kind, source)
        if kind == "protobuf":
            found = _framing().only_message(found)
        most = JUDGED_VALUES_MAX
        if kind == "protobuf" and encoding == "json":
            most = JUDGED_PROTO_JSON_MAX * PROTO_JSON_VALUES
        return lambda body, _: check(found, body, Budget(most))

    def framed_judge_of(self, kind: SchemaKind, source: Source) -> Judge:
        """See the port."""
        judge: Judge = _framing().JUDGES[kind](self._reading(kind, source))
        return judge

    def framed_reader_of(self, kind: SchemaKind, source: Source) -> Callable[[bytes], bytes]:
        """See the port."""
        if kind != "avro":
            raise NotSupported(f"{kind} in frames is not made JSON of: Avro is")
        from dragoman.formats.schemas.avrojson import to_json  # noqa: PLC0415 - as below

        return partial(to_json, self._reading(kind, source))


def _framing() -> Any:
    from dragoman.formats.schemas import framed  # noqa: PLC0415 - as below

    return framed


def _reader(language: str) -> Callable[[Source], Any]:
    if language == "avro":
        from dragoman.formats.schemas.avro import read_schema  # noqa: PLC0415 - most never need it

        return read_schema
    if language == "json":
        from dragoman.formats.schemas.jsondoc import read_json_schema  # noqa: PLC0415 - as above

        return read_json_schema
    if language == ALONE:
        from dragoman.formats.schemas.proto import read_message  # noqa: PLC0415 - as above

        return lambda source: read_message(source.text)
    from dragoman.formats.schemas.protofile import read_file  # noqa: PLC0415 - as above

    return read_file


def _comparer(kind: SchemaKind) -> Callable[[Any, Any], list[str]]:
    if kind == "avro":
        from dragoman.formats.schemas.avrochange import problems as avro  # noqa: PLC0415 - as above

        return avro
    if kind == "json":
        from dragoman.formats.schemas.jsonchange import problems as json  # noqa: PLC0415 - as above

        return json
    from dragoman.formats.schemas.protofile import problems as proto  # noqa: PLC0415 - as above

    return proto


def _checker(kind: SchemaKind, encoding: Encoding) -> Callable[[Any, bytes, Budget], None]:
    if kind == "avro":
        from dragoman.formats.schemas import avrodata  # noqa: PLC0415 - as above

        return avrodata.check_json if encoding == "json" else avrodata.check_binary
    if kind == "json":
        raise SchemaInvalid("data is not judged by JSON Schema here")
    from dragoman.formats.schemas import proto  # noqa: PLC0415 - as above

    return proto.check_json if encoding == "json" else proto.check_binary
