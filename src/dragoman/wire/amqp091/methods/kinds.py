"""How the arguments of a method are spelled on the wire (AMQP 0-9-1 section 4.2.5).

Each kind is the Python type that a reader meets, annotated with the wire's name for it.
Neighbouring bits share octets, the first in the lowest bit (section 4.2.5.2).
"""

from typing import Annotated

from dragoman.wire.amqp091.fieldtable import FieldTable

Bit = Annotated[bool, "bit"]
Octet = Annotated[int, "octet"]
Short = Annotated[int, "short"]
Long = Annotated[int, "long"]
LongLong = Annotated[int, "longlong"]
ShortStr = Annotated[
    str, "shortstr"
]  # UTF-8, at most 255 bytes; RabbitMQ refuses other bytes in names
LongStr = Annotated[bytes, "longstr"]  # any bytes: secrets and challenges are not text
Table = Annotated[FieldTable, "table"]
