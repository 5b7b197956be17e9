"""What the kernel may ask about schemas, answered by `formats.schemas`: it never reads one itself."""

from collections.abc import Sequence
from typing import Literal, Protocol

SchemaKind = Literal["avro", "protobuf"]


class SchemaLanguages(Protocol):
    """The languages in which schemas are written."""

    def check(self, kind: SchemaKind, text: str) -> None:
        """Raises SchemaInvalid."""
        ...

    def problems(self, kind: SchemaKind, reader: str, writer: str) -> Sequence[str]:
        """Why what `writer` describes cannot be read by `reader`, a few of the reasons. Raises SchemaInvalid."""
        ...
