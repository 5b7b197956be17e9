"""What is published to: custom topics, domains, system topics and topics of namespaces, and where each leads.

    address                          resource                        stream
    /orders/api/events               topics/orders                   orders
    /shop/api/events                 domains/shop                    shop/TOPIC, for each event the topic that it names
    /ns/topics/orders:publish        namespaces/ns/topics/orders     ns/orders
    /topics/orders:publish           none, or of the one namespace   orders

A host name does what the first segment does: `orders.westeurope-1.eventgrid.azure.net/api/events` is the first of them.
A stream that nobody made a topic of is one all the same: it takes Event Grid's schema and CloudEvents alike.
"""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.doors.eventgrid.errors import not_found
from dragoman.doors.eventgrid.mapping import InputMapping
from dragoman.doors.shared.arm.store import Resource, Store, key_of
from dragoman.doors.shared.rest.call import Call
from dragoman.kernel.api import FindStream, Resolve, Session
from dragoman.model.errors import StreamNotFound

PROVIDER: Final = "Microsoft.EventGrid"
PROTOCOL: Final = "eventgrid"
TOPICS: Final = ("topics",)
DOMAINS: Final = ("domains",)
DOMAIN_TOPICS: Final = ("domains", "topics")
SYSTEM_TOPICS: Final = ("systemtopics",)
NAMESPACES: Final = ("namespaces",)
NAMESPACE_TOPICS: Final = ("namespaces", "topics")
PUBLISHED: Final = (TOPICS, DOMAINS, SYSTEM_TOPICS)
"""Types with an address of their own, in the order in which a name is looked for."""

GRID_SCHEMA: Final = "EventGridSchema"
CLOUD_SCHEMA: Final = "CloudEventSchemaV1_0"
CUSTOM_SCHEMA: Final = "CustomEventSchema"
ANY_SCHEMA: Final = ""
NO_HOST: Final = frozenset(("localhost", ""))


class Topic:
    """Something that events are published to.

    stream    its stream's name; of a domain the stream of those who subscribe to all of it
    schema    what it takes; ANY_SCHEMA where nobody said
    id        its resource's id, which the events of Event Grid's schema name as their topic
    keys      secrets that open it
    mapping   of a custom schema
    """

    __slots__ = ("id", "is_domain", "keys", "mapping", "schema", "stream")

    def __init__(self, stream: str, resource: Resource | None, *, is_domain: bool = False) -> None:
        self.stream = stream
        self.is_domain = is_domain
        self.id = f"/{stream}" if resource is None else resource.id
        self.keys: tuple[str, ...] = () if resource is None else keys_of(resource)
        properties: Mapping[str, Any] = {} if resource is None else resource.properties
        self.schema: str = ANY_SCHEMA if resource is None else schema_of(properties)
        self.mapping: InputMapping | None = None
        if self.schema == CUSTOM_SCHEMA:
            mapping = properties.get("inputSchemaMapping") or {}
            self.mapping = InputMapping(mapping.get("properties") or {})


def schema_of(properties: Mapping[str, Any]) -> str:
    """The input schema of a topic or domain; Event Grid's own where it is not said."""
    return str(properties.get("inputSchema") or GRID_SCHEMA)


def keys_of(resource: Resource) -> tuple[str, ...]:
    """The secrets of a resource."""
    return tuple(resource.hidden.get("keys") or ())


class Topics:
    """Finds topics by what a request says. Made anew when their resource changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[Resource, Topic]] = {}

    def of_address(self, call: Call) -> Topic:
        """The topic, domain or system topic that a request to `/api/events` is for. Raises EventGridError."""
        name = call.parameters.get("topic") or host_label(call)
        if not name:
            raise not_found("api/events")
        for types in PUBLISHED:
            resource = self._store.find(call.session, types, key_of((name,)))
            if resource is not None:
                return self._of_resource(resource, is_domain=types is DOMAINS)
        return Topic(self._stream(call.session, name), None)

    def of_namespace(self, call: Call) -> tuple[Topic, str]:
        """The topic of a namespace that a request names, and its namespace's name. Raises EventGridError."""
        name = call.parameters["topic"]
        namespace = call.parameters.get("namespace") or host_label(call)
        if not namespace:
            namespace = self._only_namespace(call.session)
        if namespace:
            found = self._store.find(call.session, NAMESPACE_TOPICS, key_of((namespace, name)))
            if found is not None:
                parent = self._store.find(call.session, NAMESPACES, key_of((namespace,)))
                topic = self._of_resource(found)
                if parent is not None:
                    topic = Topic(topic.stream, found)
                    topic.keys += keys_of(parent)
                return topic, namespace
            if call.parameters.get("namespace"):
                raise not_found(f"{namespace}/topics/{name}")
        return Topic(self._stream(call.session, name), None), ""

    def _only_namespace(self, session: Session) -> str:
        found = self._store.items(session, NAMESPACES)
        return found[0][0] if len(found) == 1 else ""

    def _of_resource(self, resource: Resource, *, is_domain: bool = False) -> Topic:
        known = self._known.get(resource.id)
        if known is not None and known[0] is resource:
            return known[1]
        topic = Topic(str(resource.hidden["stream"]), resource, is_domain=is_domain)
        self._known[resource.id] = (resource, topic)
        return topic

    def _stream(self, session: Session, name: str) -> str:
        return stream_named(session, name)


def stream_named(session: Session, name: str) -> str:
    """The stream that is called so here. Raises EventGridError."""
    try:
        found: str = session.submit(Resolve(protocol=PROTOCOL, name=name))
    except StreamNotFound:
        raise not_found(name) from None
    return found


def has_stream(session: Session, name: str) -> bool:
    """Whether there is a stream of exactly that name."""
    try:
        session.submit(FindStream(name=name))
    except StreamNotFound:
        return False
    return True


def host_label(call: Call) -> str:
    """The first label of the host that the client meant; "" for addresses and `localhost`."""
    host = (call.request.header(b"host") or b"").decode("latin-1").lower()
    if host.startswith("["):
        return ""
    host = host.partition(":")[0]
    label, _, rest = host.partition(".")
    return "" if host in NO_HOST or not rest or label.isdecimal() else label
