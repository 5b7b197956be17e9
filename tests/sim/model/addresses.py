"""Where a message goes, by walking bindings."""

from typing import TYPE_CHECKING

from tests.sim.translator import colour_of

from dragoman.kernel import records as r
from dragoman.kernel.settings import Address

if TYPE_CHECKING:
    from tests.sim.model.core import Model


def targets(model: "Model", address: Address, body: bytes) -> list[int] | None:
    """Ids of streams, None when the address itself is not there."""
    if not address.is_route:
        stream = model.named(address.name)
        return None if stream is None else [stream.id]
    start = model.route(address.name)
    if start is None:
        return None
    seen: list[int] = [start.id]
    found: list[int] = []
    for route in seen:  # grows
        matched = [
            bound
            for bound in model.bindings
            if bound.route == route and matches(model, bound, address.key, body)
        ]
        for bound in matched:
            known = seen if bound.to_route else found
            if bound.target not in known:
                known.append(bound.target)
        alternate = model.route(model.routes[route].settings.alternate)
        if not matched and alternate is not None and alternate.id not in seen:
            seen.append(alternate.id)
    return found


def matches(model: "Model", bound: r.Bound, key: str, body: bytes) -> bool:
    kind = model.routes[bound.route].settings.kind
    if kind == "headers":
        return str(bound.binding.arguments.get("colour", "")) == colour_of(body)
    if kind == "topic":
        return _topic(bound.binding.key.split("."), key.split("."))
    return kind == "fanout" or bound.binding.key == key


def opens_batches(model: "Model", address: Address) -> bool:
    """Whether some route that is reached looks into messages."""
    start = model.route(address.name) if address.is_route else None
    seen = [] if start is None else [start.id]
    for route in seen:  # grows
        settings = model.routes[route].settings
        bound = [b for b in model.bindings if b.route == route]
        if settings.kind == "headers" and bound:
            return True
        matched = [b for b in bound if matches(model, b, address.key, b"")]
        alternate = model.route(settings.alternate)
        onward = [b.target for b in matched if b.to_route]
        onward += [alternate.id] if alternate is not None and not matched else []
        seen += [target for target in onward if target not in seen]
    return False


def _topic(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_topic(pattern[1:], words[at:]) for at in range(len(words) + 1))
    return bool(words) and pattern[0] in {"*", words[0]} and _topic(pattern[1:], words[1:])
