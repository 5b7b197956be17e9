"""What the kernel may ask about schemas, answered by `formats.schemas`: it never reads one itself."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

SchemaKind = Literal["avro", "protobuf", "json"]
Encoding = Literal["json", "binary"]


class SchemaMismatch(Exception):
    """Data is not what its schema says; the text says why, and where, unless `path` does."""

    def __init__(self, why: str, path: str = "") -> None:
        super().__init__(why)
        self.path = path


Judge = Callable[[bytes, Callable[[], object]], None]
"""Told a body, and how to ask for what its JSON is. Raises SchemaMismatch."""


class Source(NamedTuple):
    """A schema's text, and the texts of those that it refers to by name: what others refer to comes first."""

    text: str
    references: tuple[tuple[str, str], ...] = ()


class SchemaLanguages(Protocol):
    """The languages in which schemas are written."""

    def check(self, kind: SchemaKind, source: Source) -> None:
        """Raises SchemaInvalid."""
        ...

    def plain(self, kind: SchemaKind, text: str) -> str:
        """The same for texts that differ in nothing but spaces. Raises SchemaInvalid."""
        ...

    def problems(self, kind: SchemaKind, reader: Source, writer: Source) -> Sequence[str]:
        """Why what `writer` describes cannot be read by `reader`, a few of the reasons. Raises SchemaInvalid."""
        ...

    def judge_of(self, kind: SchemaKind, source: Source, encoding: Encoding) -> Judge:
        """Who says whether a body is as the schema says. Raises SchemaInvalid."""
        ...

    def framed_judge_of(self, kind: SchemaKind, source: Source) -> Judge:
        """The same of what stands behind the version's number, as clients of the Schema Registry write it."""
        ...

    def framed_reader_of(self, kind: SchemaKind, source: Source) -> Callable[[bytes], bytes]:
        """Who makes JSON of that. The function raises SchemaMismatch. Raises SchemaInvalid, NotSupported."""
        ...
