"""Bindings for tests of matchers."""

from dragoman.kernel.routes.binding import NO_ARGUMENTS, Arguments, Binding, Bindings
from dragoman.kernel.routes.matcher import Matcher


def bound(
    matcher: Matcher, target: object, key: str = "", arguments: Arguments = NO_ARGUMENTS
) -> Binding:
    """Bind, with the next age."""
    global _order  # noqa: PLW0603
    _order += 1
    matcher.check(key, arguments)
    binding = Binding(target, key, arguments, _order)
    matcher.insert(binding)
    return binding


_order = 0


def targets(bindings: Bindings) -> list[object]:
    return [binding.target for binding in bindings]
