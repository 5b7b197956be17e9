"""A schema of Avro from its text alone."""

from dragoman.formats.schemas.avro import Node, read_schema
from dragoman.ports.schemas import Source


def read_text(text: str) -> Node:
    return read_schema(Source(text))
