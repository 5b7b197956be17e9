"""What all channels of one connection share: who it is, what was tuned, and the bytes on their way out."""

from typing import Final, Protocol

from dragoman.doors.amqp091.addresses import Addresses
from dragoman.doors.amqp091.errors import ACCESS_REFUSED, Refused, refusal_of
from dragoman.doors.amqp091.tallies import Flow, Flows
from dragoman.doors.amqp091.topics import TOPIC, WRITE, Topics
from dragoman.doors.amqp091.traits import TraitsCache
from dragoman.kernel.api import (
    DEFAULT_NAMESPACE,
    Address,
    Connection,
    DeclareRoute,
    RouteInfo,
    Session,
)
from dragoman.model.errors import KernelError
from dragoman.wire.amqp091.fieldtable import EMPTY_TABLE, FieldTable
from dragoman.wire.amqp091.frames import method_frame
from dragoman.wire.amqp091.handshake import DEFAULT_TUNING, Tuning
from dragoman.wire.amqp091.methods import Method

TYPE: Final = "amqp091.type"  # the note of an exchange that keeps how it was declared
DELAYED: Final = "x-delayed-message"
OFFER: Final = DEFAULT_TUNING  # channel-max 2047, frame-max 131072, heartbeat 60 s
UNSENT_BYTES_MAX: Final = (
    1 << 20
)  # of messages handed out and not taken by the peer, before more is served


class Waits(Protocol):
    """A channel with something that must still be sent."""

    def progress(self) -> None: ...


class Reads(Protocol):
    """A consumer that reads a stream by itself."""

    def progress(self) -> None: ...


class Limits(Protocol):
    """How many connections and channels there may be: see `roster`."""

    def check_connection(self, link: "Link", vhost: str) -> None:
        """Raises Refused (530)."""
        ...

    def check_channel(self, link: "Link") -> None:
        """Raises Refused (530)."""
        ...


class Link:
    """The connection as its channels see it."""

    __slots__ = (
        "addresses",
        "capabilities",
        "client_properties",
        "connection",
        "delaying",
        "flows",
        "flows_near",
        "is_behind",
        "is_owed",
        "limits",
        "mechanism",
        "namespace",
        "out",
        "principal",
        "readers",
        "received",
        "received_bytes",
        "sent",
        "sent_bytes",
        "session",
        "topics",
        "traits",
        "tuning",
        "unsent_bytes",
        "vhost",
        "waiting",
    )

    def __init__(self, session: Session, connection: Connection) -> None:
        self.session = session
        self.connection = connection
        self.out: list[bytes] = []
        self.unsent_bytes = 0  # of messages handed to this connection since it last took bytes
        self.tuning: Tuning = OFFER
        self.principal = ""
        self.vhost = "/"
        self.namespace = DEFAULT_NAMESPACE
        self.client_properties: FieldTable = EMPTY_TABLE
        self.capabilities: frozenset[str] = frozenset()  # what the client says it understands
        self.waiting: dict[Waits, None] = {}  # with replies or confirms still to be sent
        self.readers: dict[Reads, None] = {}
        self.is_behind = False  # some reader could go on
        self.is_owed = False  # something was handed out that is to be acknowledged
        self.traits = TraitsCache("")
        self.delaying: set[str] = (
            set()
        )  # exchanges of type x-delayed-message, of those published to
        self.addresses = Addresses(self._check_exchange)
        self.limits: Limits | None = None  # set by the door
        self.mechanism = ""  # by which the client logged in
        self.received: int = 0  # pieces of bytes, as the socket gave them
        self.received_bytes: int = 0
        self.sent: int = 0
        self.sent_bytes: int = 0
        self.flows = Flows()  # set by the door: those of all connections
        self.flows_near: dict[str, Flow] = {}  # those this connection has in hand
        self.topics = Topics()

    def send(self, method: Method) -> None:
        """A method of the connection itself, on channel 0."""
        self.out.append(method_frame(0, method))

    def log_in(self, principal: str) -> None:
        """Who the client is, from here on."""
        self.principal = principal
        self.traits = TraitsCache(principal)
        self.session.act_as(principal, self.connection.peer[0])

    def flow_of(self, address: Address) -> Flow:
        """What goes through the exchange that a publish names."""
        name = address.name if address.is_route else ""
        flow = self.flows_near.get(name)
        if flow is None or flow.is_gone:
            flow = self.flows.of(self.namespace, name)
            self.flows_near[name] = flow
        return flow

    def check_topic(self, exchange: str, key: str, operation: str) -> None:
        """Raises Refused (403) unless the user may `write` or `read` that topic of a topic exchange."""
        if not self.topics.may(self, exchange, key, operation):
            text = (
                f"access to topic '{key}' in exchange '{exchange}' in vhost '{self.vhost}' refused"
            )
            raise Refused(ACCESS_REFUSED, f"{text} for user '{self.principal}'")

    def _check_exchange(self, name: str, key: str) -> None:
        """Raises Refused for an exchange that cannot be published to, or not with that key."""
        try:
            info: RouteInfo = self.session.submit(
                DeclareRoute(namespace=self.namespace, name=name, passive=True)
            )
        except KernelError as error:
            raise refusal_of(error, self.vhost, "exchange") from error
        if info.settings.notes.get(TYPE) == DELAYED:
            self.delaying.add(name)
        else:
            self.delaying.discard(name)
        if info.settings.internal:
            text = f"cannot publish to internal exchange '{name}' in vhost '{self.vhost}'"
            raise Refused(ACCESS_REFUSED, text)
        if info.settings.kind == TOPIC:
            self.check_topic(name, key, WRITE)
