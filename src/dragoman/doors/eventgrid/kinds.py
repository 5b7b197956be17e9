"""Resources of Microsoft.EventGrid: what each is called, what is made with it, what it says of itself.

    topics, systemTopics           a stream of that name
    domains                        a stream of that name, for those who subscribe to all of it
    domains/topics                 the stream DOMAIN/TOPIC
    namespaces                     nothing
    namespaces/topics              the stream NAMESPACE/TOPIC

An existing stream will do: it is then published to here as well, and outlives the resource. A stream that was made with
its resource goes with it, unless somebody else reads it by then.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from dragoman.doors.eventgrid.mapping import InputMapping
from dragoman.doors.eventgrid.topics import (
    CLOUD_SCHEMA,
    CUSTOM_SCHEMA,
    DOMAIN_TOPICS,
    DOMAINS,
    GRID_SCHEMA,
    NAMESPACE_TOPICS,
    NAMESPACES,
    PROTOCOL,
    SYSTEM_TOPICS,
    TOPICS,
    schema_of,
)
from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.ids import Place
from dragoman.doors.shared.arm.reading import object_in, text_in, whole_in, word_in
from dragoman.doors.shared.arm.store import Json, Resource, key_of
from dragoman.doors.shared.rest.call import Call
from dragoman.kernel.api import (
    CreateStream,
    DeleteStream,
    ListSubscriptions,
    Resolve,
    Session,
    StreamInfo,
)
from dragoman.model.errors import NotFound, StreamNotFound

KEY_BYTES: Final = 32
RETENTION_DAYS_MAX: Final = 7
DAY_MS: Final = 86_400_000
_NAME: Final = re.compile(r"[A-Za-z0-9-]{3,50}")
_DOMAIN_TOPIC: Final = re.compile(r"[^/\\?#%]{1,128}")
SCHEMAS: Final = (GRID_SCHEMA, CLOUD_SCHEMA, CUSTOM_SCHEMA)
SUCCEEDED: Final = "Succeeded"


class Kind:
    """A type: `spelled` as in ids; `has_stream`, `has_keys` say what is made with it."""

    __slots__ = ("has_keys", "has_stream", "spelled", "types")

    def __init__(self, spelled: tuple[str, ...], *, has_stream: bool, has_keys: bool) -> None:
        self.spelled = spelled
        self.types = tuple(kind.lower() for kind in spelled)
        self.has_stream = has_stream
        self.has_keys = has_keys


KINDS: Final[Mapping[tuple[str, ...], Kind]] = {
    kind.types: kind
    for kind in (
        Kind(("topics",), has_stream=True, has_keys=True),
        Kind(("domains",), has_stream=True, has_keys=True),
        Kind(("domains", "topics"), has_stream=True, has_keys=False),
        Kind(("systemTopics",), has_stream=True, has_keys=True),
        Kind(("namespaces",), has_stream=False, has_keys=True),
        Kind(("namespaces", "topics"), has_stream=True, has_keys=True),
    )
}
NOT_OFFERED: Final = frozenset(
    (
        "partnernamespaces",
        "partnertopics",
        "partnerregistrations",
        "partnerconfigurations",
        "partnerdestinations",
        "verifiedpartners",
        "channels",
        "cacertificates",
        "clients",
        "clientgroups",
        "permissionbindings",
        "topicspaces",
    )
)
"""Partners' events, and what belongs to the MQTT broker."""


def check_names(place: Place) -> None:
    """Raises ArmError for names that Azure would not take."""
    for kind, name in zip(place.types, place.names, strict=True):
        pattern = _DOMAIN_TOPIC if place.types == DOMAIN_TOPICS and kind == "topics" else _NAME
        if pattern.fullmatch(name) is None:
            raise ArmError(400, "InvalidRequest", f"The name '{name:.80}' is not valid.")


def check_properties(kind: Kind, properties: Mapping[str, Any]) -> None:
    """Raises ArmError for what makes no sense."""
    if kind.types in {TOPICS, DOMAINS}:
        if word_in(properties, "inputSchema", SCHEMAS, GRID_SCHEMA) == CUSTOM_SCHEMA:
            InputMapping(object_in(object_in(properties, "inputSchemaMapping"), "properties"))
    elif kind.types == SYSTEM_TOPICS:
        text_in(properties, "source")
    elif kind.types == NAMESPACES:
        object_in(properties, "topicsConfiguration")
    elif kind.types == NAMESPACE_TOPICS:
        whole_in(properties, "eventRetentionInDays", RETENTION_DAYS_MAX, 1, RETENTION_DAYS_MAX)


class Base(NamedTuple):
    """How clients reach us: `host` with its port."""

    scheme: str
    host: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"


def make(
    session: Session, base: Base, place: Place, kind: Kind, shown: Json, old: Resource | None
) -> Resource:
    """The resource as it is kept, and its stream. Raises KernelError."""
    hidden: Json = dict(old.hidden) if old is not None else {}
    if kind.has_stream and "stream" not in hidden:
        hidden["stream"], hidden["owns"] = make_stream(session, key_of(place.names))
    if kind.has_keys and "keys" not in hidden:
        hidden["keys"] = [make_key(session), make_key(session)]
    fill(base, place, kind, shown["properties"])
    return Resource(shown, hidden)


def make_stream(session: Session, name: str) -> tuple[str, bool]:
    """The stream of that name here, and whether it was made just now."""
    try:
        found: str = session.submit(Resolve(protocol=PROTOCOL, name=name))
    except StreamNotFound:
        made: StreamInfo = session.submit(CreateStream(name=name, attach=True))
        return made.name, made.created
    return found, False


def make_key(session: Session) -> str:
    """A secret that cannot be guessed, in base64."""
    return b64encode(session.token(KEY_BYTES)).decode()


def unmake(session: Session, resource: Resource) -> None:
    """The stream goes, if it was made with the resource and nobody reads it."""
    stream = resource.hidden.get("stream")
    if stream is None or not resource.hidden.get("owns"):
        return
    try:
        if not session.submit(ListSubscriptions(name=stream)):
            session.submit(DeleteStream(name=stream))
    except NotFound:
        return


def fill(base: Base, place: Place, kind: Kind, properties: Json) -> None:
    """What the service says of a resource, whatever was asked for."""
    properties["provisioningState"] = SUCCEEDED
    name = place.names[0]
    if kind.types in {TOPICS, DOMAINS}:
        properties["endpoint"] = f"{base}/{name}/api/events"
        properties["inputSchema"] = schema_of(properties)
        properties.setdefault("publicNetworkAccess", "Enabled")
        properties.setdefault("disableLocalAuth", False)
    elif kind.types == NAMESPACES:
        configuration = dict(properties.get("topicsConfiguration") or {})
        properties["topicsConfiguration"] = {**configuration, "hostname": f"{base.host}/{name}"}
        properties.setdefault("publicNetworkAccess", "Enabled")
    elif kind.types == NAMESPACE_TOPICS:
        properties.setdefault("publisherType", "Custom")
        properties.setdefault("inputSchema", CLOUD_SCHEMA)
        properties.setdefault("eventRetentionInDays", RETENTION_DAYS_MAX)
    elif kind.types == SYSTEM_TOPICS:
        properties.setdefault("topicType", "Dragoman.Streams")


def retention_ms_of(resource: Resource) -> int:
    """How long a namespace's topic keeps events."""
    days = resource.properties.get("eventRetentionInDays", RETENTION_DAYS_MAX)
    return int(days) * DAY_MS


def base_of(call: Call) -> Base:
    """How the client of a request reaches us."""
    scheme = "https" if call.connection.is_tls else "http"
    advertised = call.session.node().advertised(PROTOCOL)
    if advertised is not None:
        return Base(scheme, f"{advertised[0]}:{advertised[1]}")
    host = (call.request.header(b"host") or b"").decode("latin-1")
    local_host, local_port = call.connection.local
    return Base(scheme, host or f"{local_host}:{local_port}")
