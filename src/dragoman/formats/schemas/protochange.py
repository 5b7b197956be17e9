"""Whether what was written by one definition in Protocol Buffers can be read by another.

Fields are what they are by their number. A field that both have must be the same; one that only one of them has may not
be required; an enum must know every value that may be written.
"""

from typing import Any

from google.protobuf.descriptor import FieldDescriptor

from dragoman.formats.schemas.limits import PROBLEMS_MAX


def compare(reader: Any, writer: Any, seen: set[tuple[str, str]], found: list[str]) -> None:
    """Adds to `found` why what one message describes cannot be read by another, a few of the reasons."""
    key = (reader.full_name, writer.full_name)
    if key in seen or len(found) >= PROBLEMS_MAX:
        return
    seen.add(key)
    if reader.full_name != writer.full_name:
        found.append(f"{writer.full_name} is another message than {reader.full_name}")
        return
    written = writer.fields_by_number
    for number, field in reader.fields_by_number.items():
        other = written.get(number)
        if other is not None:
            _compare_fields(field, other, seen, found)
        elif field.is_required:
            found.append(f"{field.full_name} = {number} is required, and missing")


def _compare_fields(
    field: FieldDescriptor, other: FieldDescriptor, seen: set[tuple[str, str]], found: list[str]
) -> None:
    name = f"{field.full_name} = {field.number}"
    if (field.name, field.type, field.is_repeated) != (other.name, other.type, other.is_repeated):
        found.append(f"{name} is changed")
    elif field.is_required != other.is_required:
        found.append(f"{name} is required in one of the two")
    elif field.message_type is not None and other.message_type is not None:
        compare(field.message_type, other.message_type, seen, found)
    elif field.enum_type is not None and other.enum_type is not None:
        known = {value.number for value in field.enum_type.values}
        found += [
            f"{other.enum_type.full_name}.{value.name} = {value.number} is missing in"
            f" {field.enum_type.full_name}"
            for value in other.enum_type.values
            if value.number not in known
        ]
