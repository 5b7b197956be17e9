"""Our tables beside the descriptors of Google's packages, field by field."""

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from dragoman.wire.protobuf.pool import Package


def messages_of(types: ModuleType) -> dict[str, Any]:
    """Top-level messages of a package of Google's, whose classes are proto-plus's or protobuf's own."""
    found: dict[str, Any] = {}
    for one in vars(types).values():
        if inspect.isclass(one):
            descriptor = (
                one.pb().DESCRIPTOR if hasattr(one, "pb") else getattr(one, "DESCRIPTOR", None)
            )
            if descriptor is not None and hasattr(descriptor, "fields"):
                found[descriptor.name] = descriptor
    return found


def told(message: Any) -> list[tuple[object, ...]]:
    """All that matters of a message's descriptor, nested ones with it."""
    facts: list[tuple[object, ...]] = [(message.full_name,)]
    facts += [
        (
            field.name.rstrip("_"),  # proto-plus's way with words of Python
            field.number,
            field.type,
            field.is_repeated,
            field.has_presence,
            field.message_type.full_name if field.message_type else None,
            field.enum_type.full_name if field.enum_type else None,
            field.containing_oneof.name.rstrip("_") if field.containing_oneof else None,
        )
        for field in sorted(message.fields, key=lambda field: int(field.number))
    ]
    for enum in sorted(message.enum_types, key=lambda enum: str(enum.name)):
        facts.append((enum.full_name, *((value.name, value.number) for value in enum.values)))
    for nested in sorted(message.nested_types, key=lambda nested: str(nested.name)):
        facts += told(nested)
    return facts


def check_messages(package: Package, official: dict[str, Any]) -> int:
    """Each message of our table is theirs; how many there are."""
    ours = package.file.message_types_by_name
    for name, message in ours.items():
        assert told(message) == told(official[name])
    return len(ours)


def rules_of(base: type) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """What a REST transport of Google's would send, by method."""
    for name, one in vars(base).items():
        if inspect.isclass(one) and hasattr(one, "_get_http_options"):
            options = one._get_http_options()
            yield (
                name.removeprefix("_Base"),
                sorted(
                    (rule["method"].upper(), rule["uri"], rule.get("body", "")) for rule in options
                ),
            )


def check_rules(package: Package, service: str, base: type) -> int:
    """Each rule that their transport knows is ours; how many methods there are."""
    rpcs = package.services[service]
    count = 0
    for name, rules in rules_of(base):
        if name in rpcs:
            ours = sorted((rule.verb, rule.template, rule.body) for rule in rpcs[name].rules)
            assert set(rules) <= set(ours), name
            count += 1
    return count


def stubs_of(transport: type) -> set[str]:
    """Methods of a gRPC transport of Google's, as it would call them."""
    found = set()
    for one in vars(transport).values():
        if isinstance(one, property):
            source = inspect.getsource(one.fget) if one.fget else ""
            found |= {
                piece.partition('"')[0]
                for piece in source.split('"/')[1:]
                if "." in piece.partition('"')[0]
            }
    return found


def check_methods(package: Package, service: str, transport: type) -> int:
    """Each method of the service that their client can call is ours."""
    called = {path.rpartition("/") for path in stubs_of(transport)}
    full = f"{package.name}.{service}"
    theirs = {name for of, _, name in called if of == full}
    assert theirs == set(package.services[service])
    return len(theirs)
