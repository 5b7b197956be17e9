"""What a path of Azure Resource Manager names.

    /subscriptions/S/resourceGroups/G/providers/Microsoft.EventGrid/domains/D/topics/T/eventSubscriptions/E/getFullUrl
    '-------------- scope ----------'           provider            types and names alternate               action

A resource of a provider may hang on a resource of another, or on a subscription or group (an extension): the last
`/providers/` in the path begins what is meant, all before it is its scope. Case does not count in types, providers and
names; what is made keeps the spelling it was made with.
"""

from collections.abc import Sequence
from urllib.parse import unquote

from dragoman.doors.shared.arm.errors import ArmError

SEGMENTS_MAX = 64


class Place:
    """A path, taken apart. `names` may be one fewer than `types`: a list is meant, or `action` on the last name.

    types   in lower case: ("domains", "topics"); names as spelled: ("D", "T")
    scope   the path before the provider, as spelled, beginning with a slash; "" for the provider itself
    """

    __slots__ = ("action", "names", "provider", "scope", "types")

    def __init__(
        self, scope: str, provider: str, types: tuple[str, ...], names: tuple[str, ...], action: str
    ) -> None:
        self.scope = scope
        self.provider = provider
        self.types = types
        self.names = names
        self.action = action

    @property
    def is_list(self) -> bool:
        """Whether all resources of a type are meant."""
        return len(self.names) < len(self.types)

    @property
    def subscription(self) -> str:
        """The Azure subscription in the scope; "" when there is none."""
        return segment_after(self.scope, "subscriptions")

    @property
    def group(self) -> str:
        """The resource group in the scope; "" when there is none."""
        return segment_after(self.scope, "resourcegroups")


def segment_after(path: str, kind: str) -> str:
    """The segment that follows `kind`, which is in lower case."""
    parts = path.strip("/").split("/")
    for at, part in enumerate(parts[:-1]):
        if part.lower() == kind:
            return parts[at + 1]
    return ""


def place_of(path: bytes, provider: str, actions: Sequence[str]) -> Place:
    """Where a request's path leads; `actions` in lower case are last segments that name no type. Raises ArmError."""
    parts = [unquote(part) for part in path.decode("latin-1").split("/") if part]
    low = [part.lower() for part in parts]
    if len(parts) > SEGMENTS_MAX or provider.lower() not in low:
        raise ArmError(404, "InvalidResourceType", "The path names no resource of this provider.")
    at = len(low) - 1 - low[::-1].index(provider.lower())
    scope = "".join(f"/{part}" for part in parts[: max(at - 1, 0)])
    rest = parts[at + 1 :]
    action = ""
    if len(rest) % 2 and len(rest) > 1 and rest[-1].lower() in actions:
        action = rest.pop().lower()
    return Place(
        scope, parts[at], tuple(part.lower() for part in rest[::2]), tuple(rest[1::2]), action
    )


def is_of(path: bytes, provider: str) -> bool:
    """Whether the path's last provider is this one."""
    low = path.decode("latin-1").lower()
    return low.rpartition("/providers/")[2].partition("/")[0] == provider.lower()
