"""Resources of Azure Resource Manager as documents of the kernel.

    document kind   arm/PROVIDER/TYPE.TYPE        name  NAME/NAME, in lower case: the resource's and its parents'
    body            {"resource": what GET tells, "hidden": what it does not (keys, secrets in URLs)}

Names of top resources are unique in all subscriptions and groups, as Azure's are whose names are host names: what sends
messages names no subscription. A resource is made where its parents are; what hangs on it goes with it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import Place, segment_after
from dragoman.doors.shared.arm.odata import name_filter
from dragoman.kernel.api import (
    DeleteDocument,
    Document,
    GetDocument,
    ListDocuments,
    PutDocument,
    Session,
)
from dragoman.model.errors import DocumentNotFound, NotFound
from dragoman.model.storable import are_storable

PAGE_MAX: Final = 100  # of one answer to a list
TOP_LEVEL: Final = ("location", "tags", "identity", "sku", "kind", "zones", "extendedLocation")
Json = dict[str, Any]


class Resource(msgspec.Struct):
    """A resource: `shown` is what GET tells, `hidden` what no list and no GET ever does."""

    shown: Json
    hidden: Json = msgspec.field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its path."""
        return str(self.shown["id"])

    @property
    def properties(self) -> Json:
        """What is its own."""
        found: Json = self.shown.setdefault("properties", {})
        return found


_DECODER: Final = msgspec.json.Decoder(Resource)


class Store:
    """Resources of one provider. `name` is short and stands in documents: it never changes."""

    def __init__(self, provider: str, name: str) -> None:
        self.provider = provider
        self._prefix = f"arm/{name}/"
        self._read: dict[tuple[str, str], tuple[int, Resource]] = {}  # what was decoded, by version

    # --- one ---

    def find(self, session: Session, types: Iterable[str], key: str) -> Resource | None:
        """The resource, or None. It is shared: nobody changes it."""
        kind = self.kind_of(types)
        try:
            document: Document = session.submit(GetDocument(kind=kind, name=key))
        except DocumentNotFound:
            self._read.pop((kind, key), None)
            return None
        return self._decode(kind, document)

    def get(self, session: Session, place: Place) -> Resource:
        """The resource at a place. Raises ArmError."""
        found = self.find(session, place.types, key_of(place.names))
        if found is None or not is_within(found, place):
            raise not_found(place)
        return found

    def put(self, session: Session, types: Iterable[str], key: str, resource: Resource) -> None:
        """Make it, or put it in place of what is there. Raises KernelError."""
        body = msgspec.json.encode(resource)
        session.submit(PutDocument(kind=self.kind_of(types), name=key, body=body))

    def delete(self, session: Session, types: Iterable[str], key: str) -> None:
        """Forget it; absent is fine."""
        kind = self.kind_of(types)
        self._read.pop((kind, key), None)
        try:
            session.submit(DeleteDocument(kind=kind, name=key))
        except NotFound:
            return

    # --- many ---

    def all(self, session: Session, types: Iterable[str], prefix: str = "") -> list[Resource]:
        """All of a type by name, those below a parent with `prefix` (`parent/`)."""
        return [resource for _, resource in self.items(session, types, prefix)]

    def items(
        self, session: Session, types: Iterable[str], prefix: str = ""
    ) -> list[tuple[str, Resource]]:
        """As `all`, with their keys."""
        kind = self.kind_of(types)
        found: list[tuple[str, Resource]] = []
        after = ""
        while True:
            page: list[Document] = session.submit(
                ListDocuments(kind=kind, prefix=prefix, after=after)
            )
            if not page:
                return found
            found += [(document.name, self._decode(kind, document)) for document in page]
            after = page[-1].name

    def kind_of(self, types: Iterable[str]) -> str:
        """The kind of documents that hold a type."""
        return self._prefix + ".".join(types)

    def _decode(self, kind: str, document: Document) -> Resource:
        known = self._read.get((kind, document.name))
        if known is not None and known[0] == document.version:
            return known[1]
        resource = _DECODER.decode(document.body)
        self._read[kind, document.name] = (document.version, resource)
        return resource


def key_of(names: Iterable[str]) -> str:
    """What a resource is called among those of its type."""
    return "/".join(names).lower()


def is_within(resource: Resource, place: Place) -> bool:
    """Whether the resource lies in the subscription and group that a place names, as far as both name any."""
    for kind, wanted in (("subscriptions", place.subscription), ("resourcegroups", place.group)):
        found = segment_after(resource.id, kind)
        if wanted and found and found.lower() != wanted.lower():
            return False
    return True


def not_found(place: Place) -> ArmError:
    """Nothing is there."""
    path = "/".join((place.provider, *place.names))
    return ArmError(404, "ResourceNotFound", f"The resource '{path}' was not found.")


def made_at(place: Place, types: Iterable[str], body: Mapping[str, Any]) -> Json:
    """The envelope of a resource that is made at a place; `types` as they are spelled. What is null was not said."""
    spelled = list(types)
    tail = "".join(f"/{kind}/{name}" for kind, name in zip(spelled, place.names, strict=True))
    shown: Json = {
        "id": f"{place.scope}/providers/{place.provider}{tail}",
        "name": place.names[-1],
        "type": f"{place.provider}/{'/'.join(spelled)}",
    }
    for name in TOP_LEVEL:
        if body.get(name) is not None:
            shown[name] = body[name]
    properties = properties_in(body)
    shown["properties"] = {name: value for name, value in properties.items() if value is not None}
    return shown


def properties_in(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a body. Raises ArmError where they are none."""
    properties = body.get("properties")
    if properties is None:
        return {}
    if not isinstance(properties, dict):
        raise ArmError(400, "InvalidRequestContent", "properties is no object.")
    return properties


def read_body(raw: bytes) -> Json:
    """A request's body. Raises ArmError."""
    try:
        found = msgspec.json.decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict) or not are_storable(found):
        raise ArmError(400, "InvalidRequestContent", "The request content is no JSON object.")
    return found


def page_of(resources: Iterable[Json], path: bytes, query: bytes, address: str) -> Json:
    """One page of a list as `$filter`, `$top` and `$skiptoken` ask for it, with the link to the next. Raises ArmError.

    `address` is what the next link begins with: scheme, host and port.
    """
    asked = {name.lower(): values[0] for name, values in parse_qs(query.decode("latin-1")).items()}
    passes = name_filter(asked["$filter"]) if asked.get("$filter") else None
    names = [one for one in resources if passes is None or passes(str(one["name"]))]
    top, start = _number(asked, "$top", PAGE_MAX), _number(asked, "$skiptoken", 0)
    if not 1 <= top <= PAGE_MAX:
        raise ArmError(400, "InvalidRequest", f"$top is from 1 to {PAGE_MAX}.")
    page: Json = {"value": names[start : start + top]}
    if start + top < len(names):
        kept = b"&".join(
            part
            for part in query.split(b"&")
            if not part.lower().startswith((b"$skiptoken=", b"%24skiptoken="))
        )
        page["nextLink"] = (
            f"{address}{path.decode('latin-1')}?{kept.decode('latin-1')}&$skiptoken={start + top}"
        )
    return page


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not text.isdecimal() or len(text) > 9:
        raise ArmError(400, "InvalidRequest", f"{name} is no number.")
    return int(text)
