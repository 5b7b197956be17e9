"""Updates by field mask, and the other things that all resources have in common: labels, pages,
durations, and when their answers leave.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, TypeVar

from dragoman.doors.pubsub.errors import check_within, invalid

LABELS_MAX: Final = 64
PAGE_MAX: Final = 1_000
PAGE_DEFAULT: Final = 100
_Item = TypeVar("_Item")


def update(target: Any, source: Any, paths: Sequence[str], mutable: Collection[str]) -> None:
    """Make the fields that the mask names in `target` what they are in `source`. Raises Status."""
    kind = target.DESCRIPTOR.name
    if not paths:
        raise invalid(
            f"The update_mask in the Update{kind}Request must be set, and must contain a non-empty paths list."
        )
    for path in paths:
        _check_path(target.DESCRIPTOR, path, kind)
        if path.partition(".")[0] not in mutable:
            raise invalid(
                f"Invalid update_mask provided in the Update{kind}Request: the '{path}' field in the {kind} is not"
                " mutable."
            )
    for path in paths:
        _copy(target, source, path.split("."))


def _check_path(descriptor: Any, path: str, kind: str) -> None:
    for name in path.split("."):
        field = None if descriptor is None else descriptor.fields_by_name.get(name)
        if field is None:
            raise invalid(
                f"Invalid update_mask provided in the Update{kind}Request: '{path}' is not a known {kind} field. Note"
                " that field paths must be of the form 'push_config' rather than 'pushConfig'."
            )
        descriptor = None if field.is_repeated else field.message_type


def _copy(target: Any, source: Any, path: Sequence[str]) -> None:
    *parents, leaf = path
    for name in parents:
        target, source = getattr(target, name), getattr(source, name)
    only = type(source)()
    only.CopyFrom(source)
    for field, _ in source.ListFields():
        if field.name != leaf:
            only.ClearField(field.name)
    target.ClearField(leaf)
    target.MergeFrom(only)


def check_labels(message: Any) -> None:
    """Raises Status."""
    check_within("label_count", len(message.labels), 0, LABELS_MAX)


def duration_ms(duration: Any) -> int:
    """Of a google.protobuf.Duration."""
    return int(duration.seconds) * 1000 + int(duration.nanos) // 1_000_000


def page_of(found: Sequence[_Item], request: Any) -> tuple[Sequence[_Item], str]:
    """(the page that the request asks for, the token of the next). A token is where the page begins. Raises Status."""
    check_within("page_size", request.page_size, 0, 1 << 31)
    size = min(request.page_size, PAGE_MAX) or PAGE_DEFAULT
    token = request.page_token
    if token and not (token.isascii() and token.isdigit() and len(token) < 10):
        raise invalid("Invalid page token given.")
    at = int(token or 0)
    return found[at : at + size], str(at + size) if at + size < len(found) else ""
