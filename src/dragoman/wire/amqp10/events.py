"""What the connection tells the layer above, in the order of the wire.

Deliveries that came back to back on one link are one event, so that they become one command. HOT: `Arrived`.
"""

from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.links import Arrival, Channel, Link
from dragoman.wire.amqp10.performatives import Disposition, Flow, Open, SaslInit


class SaslBegun:
    """The client has chosen how to prove who it is: answer with `Connection.welcome` or `turn_away`."""

    __slots__ = ("init",)

    def __init__(self, init: SaslInit) -> None:
        self.init = init


class Opened:
    """The client's open: answer with `Connection.open`."""

    __slots__ = ("open",)

    def __init__(self, open_: Open) -> None:
        self.open = open_


class Begun:
    """A session; it has been answered."""

    __slots__ = ("session",)

    def __init__(self, session: Channel) -> None:
        self.session = session


class Attached:
    """A link, as `link.attach` says: answer with `Link.accept` or `Link.refuse`."""

    __slots__ = ("link",)

    def __init__(self, link: Link) -> None:
        self.link = link


class Flowed:
    """News of a link's credit: `link.credit` is what counts now."""

    __slots__ = ("flow", "link")

    def __init__(self, link: Link, flow: Flow) -> None:
        self.link = link
        self.flow = flow


class Room:
    """A session whose window was shut may be sent on."""

    __slots__ = ("session",)

    def __init__(self, session: Channel) -> None:
        self.session = session


class Arrived:
    """Deliveries on one link, back to back."""

    __slots__ = ("arrivals", "link")

    def __init__(self, link: Link) -> None:
        self.link = link
        self.arrivals: list[Arrival] = []


class Disposed:
    """What the client says of deliveries of a session."""

    __slots__ = ("disposition", "session")

    def __init__(self, session: Channel, disposition: Disposition) -> None:
        self.session = session
        self.disposition = disposition


class Detached:
    """A link is gone; that has been answered. `error` is the client's, or ours when it is we who could not go on."""

    __slots__ = ("error", "is_closed", "link")

    def __init__(self, link: Link, is_closed: bool, error: Error | None) -> None:
        self.link = link
        self.is_closed = is_closed
        self.error = error


class Ended:
    """A session is gone, with all its links; that has been answered."""

    __slots__ = ("error", "session")

    def __init__(self, session: Channel, error: Error | None) -> None:
        self.session = session
        self.error = error


class Closed:
    """The connection is over, by the client's word or because of `error`; that has been answered."""

    __slots__ = ("error",)

    def __init__(self, error: Error | None) -> None:
        self.error = error


Event = (
    SaslBegun
    | Opened
    | Begun
    | Attached
    | Flowed
    | Room
    | Arrived
    | Disposed
    | Detached
    | Ended
    | Closed
)
