"""How large schemas may be, and what data may make of them."""

from typing import Final

from dragoman.ports.schemas import SchemaMismatch as SchemaMismatch  # noqa: PLC0414 - raised with these

SCHEMA_BYTES_MAX: Final = 200_000  # of a definition
DEPTH_MAX: Final = 64  # of declarations within each other, and of data
PARTS_MAX: Final = 6_000  # values of an Avro schema, tokens of a definition in Protocol Buffers
JSON_PARTS_MAX: Final = (
    2_000  # of a JSON Schema: as many as are made ready in a turn, see `declared`
)
PROBLEMS_MAX: Final = 5  # told of why one schema may not follow another
VALUES_MAX: Final = 400_000  # of data, judged in one go: what the broker does nothing else for
JUDGED_VALUES_MAX: Final = 20_000  # of one message that rules judge: some milliseconds
JUDGED_PROTO_JSON_MAX: Final = (
    1_000  # values of one in Protocol Buffers' JSON, which is read that slowly
)
PROTO_JSON_VALUES: Final = 4  # what a value of Protocol Buffers in JSON counts as: it is as slow
MEMORY_BYTES_MAX: Final = 64 << 20  # that data in Protocol Buffers may take, read


class Budget:
    """What may be looked at in one go, however many messages it is for."""

    def __init__(self, values: int = VALUES_MAX) -> None:
        self.left: int = values

    def take(self, count: int) -> None:
        """Raises SchemaMismatch when it is spent."""
        self.left -= count
        if self.left < 0:
            raise SchemaMismatch(f"more than {VALUES_MAX} values at once are not looked at")
