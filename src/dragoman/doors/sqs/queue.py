"""A queue as a request names it: found by its place, with what sending and receiving must know of it. Hot."""

from typing import Final

from dragoman.doors.sqs.asking import Asked
from dragoman.doors.sqs.attributes import Traits
from dragoman.doors.sqs.errors import NO_QUEUE, QUEUE_DOES_NOT_EXIST, Refused
from dragoman.doors.sqs.names import Place, place_of
from dragoman.kernel.api import FindQueue, QueueHead, Resolve, Session
from dragoman.model.errors import NotFound, SubscriptionNotFound

PROTOCOL: Final = "sqs"
KNOWN_MAX: Final = 4_096  # queues whose traits are remembered


class Queue:
    """A queue that is there."""

    __slots__ = ("head", "namespace", "place", "traits")

    def __init__(self, head: QueueHead, place: Place, traits: Traits) -> None:
        self.head = head
        self.place = place
        self.namespace = place.namespace
        self.traits = traits


class Queues:
    """Remembers traits until their settings change; knows no more than the kernel does."""

    __slots__ = ("_known", "_known_max")

    def __init__(self, known_max: int = KNOWN_MAX) -> None:
        self._known_max = known_max
        self._known: dict[int, tuple[QueueHead, Traits]] = {}

    def of(self, asked: Asked, url: str | None) -> Queue:
        """The queue of a URL. Raises Refused."""
        if not url:
            url = asked.request.path.decode("latin-1")
        return self.at(asked.session, place_of(url))

    def at(self, session: Session, place: Place) -> Queue:
        """The queue of an account and a name. Raises Refused."""
        head = find(session, place)
        known = self._known.get(head.id)
        if (
            known is not None
            and known[0].settings is head.settings
            and known[0].stream is head.stream
        ):
            return Queue(head, place, known[1])
        if len(self._known) >= self._known_max:
            self._known.clear()
        traits = Traits(head.settings, head.stream)
        self._known[head.id] = (head, traits)
        return Queue(head, place, traits)


def find(session: Session, place: Place) -> QueueHead:
    """Raises Refused."""
    namespace = place.namespace
    try:
        head: QueueHead = session.submit(FindQueue(namespace=namespace, name=place.name))
    except SubscriptionNotFound:
        return _find_called(session, place)
    return head


def _find_called(session: Session, place: Place) -> QueueHead:
    """The queue that is called so by clients of SQS."""
    namespace = place.namespace
    try:
        name = session.submit(Resolve(namespace=namespace, protocol=PROTOCOL, name=place.name))
        head: QueueHead = session.submit(FindQueue(namespace=namespace, name=name))
    except NotFound:
        raise Refused(QUEUE_DOES_NOT_EXIST, NO_QUEUE) from None
    return head
