"""What the kernel may ask about schemas, answered by `formats.schemas`: it never reads one itself."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

SchemaKind = Literal["avro", "protobuf", "json"]


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
