"""Publish: a request's events into the stream of its topic, all of them or none. Hot.

    POST /TOPIC/api/events            200, empty
    POST /NS/topics/TOPIC:publish     200, {}

A domain's events go to the streams of the topics that they name, as far as anybody made these, and to the domain's own,
which those read who subscribe to all of it.
"""

from dragoman.doors.eventgrid.access import Access
from dragoman.doors.eventgrid.errors import bad_request
from dragoman.doors.eventgrid.events import (
    cloud_events,
    domain_topic,
    grid_events,
    is_cloud,
    items,
)
from dragoman.doors.eventgrid.topics import (
    ANY_SCHEMA,
    CLOUD_SCHEMA,
    GRID_SCHEMA,
    Topic,
    Topics,
    has_stream,
)
from dragoman.doors.shared.rest.call import JSON, Call, Response
from dragoman.formats.errors import FormatError
from dragoman.kernel.api import DEFAULT_NAMESPACE, Address, Atomic, Publish, PublishReply, Session
from dragoman.model.levels import CLOUDEVENT, EVENTGRID

ID_BYTES = 16  # of an id that a custom schema does not say


class Publishing:
    """Handlers of both addresses."""

    def __init__(self, topics: Topics, access: Access) -> None:
        self._topics = topics
        self._access = access

    def to_topic(self, call: Call) -> Response:
        """POST to a topic, a domain or a system topic."""
        topic = self._topics.of_address(call)
        self._access.check(call, topic.keys)
        format_, events = read(call, topic)
        if topic.is_domain:
            return _to_domain(call.session, topic, format_, events)
        return _publish(call.session, topic.stream, format_, events)

    def to_namespace(self, call: Call) -> Response:
        """POST to a topic of a namespace: CloudEvents alone."""
        topic, _ = self._topics.of_namespace(call)
        self._access.check(call, topic.keys)
        response = _publish(call.session, topic.stream, CLOUDEVENT, cloud_events(call.request))
        response.body = b"{}"
        response.headers = (JSON,)
        return response


def read(call: Call, topic: Topic) -> tuple[int, list[bytes]]:
    """The request's events as they are stored, and their format. Raises EventGridError."""
    schema = topic.schema
    if schema == ANY_SCHEMA:
        schema = CLOUD_SCHEMA if is_cloud(call.request) else GRID_SCHEMA
    if schema == CLOUD_SCHEMA:
        return CLOUDEVENT, cloud_events(call.request)
    if is_cloud(call.request) and topic.mapping is None:
        raise bad_request(
            "This resource is configured to receive event in 'EventGridEvent' schema.",
            "InputJsonInvalid",
        )
    if topic.mapping is None:
        return EVENTGRID, grid_events(call.request, topic.id, is_domain=topic.is_domain)
    return EVENTGRID, _mapped(call, topic)


def _mapped(call: Call, topic: Topic) -> list[bytes]:
    assert topic.mapping is not None
    session = call.session
    found: list[bytes] = []
    for event in items(call.request.body, "CustomEventSchema"):
        id_ = session.token(ID_BYTES).hex()
        try:
            found.append(topic.mapping.apply(event, id_, session.wall_ms(), topic.id))
        except FormatError as error:
            raise bad_request(str(error), "InputJsonInvalid") from error
    return found


def _publish(session: Session, stream: str, format_: int, events: list[bytes]) -> Response:
    if not events:
        return Response(200)
    reply = session.publish(Publish(DEFAULT_NAMESPACE, Address(stream), format_, events))
    return Response(200, position=reply.position, level=reply.level)


def _to_domain(session: Session, domain: Topic, format_: int, events: list[bytes]) -> Response:
    """Into several streams as one set."""
    by_stream: dict[str, list[bytes]] = {domain.stream: events}
    for event in events:
        name = domain_topic(event, cloud=format_ == CLOUDEVENT)
        by_stream.setdefault(f"{domain.stream}/{name}", []).append(event)
    commands = tuple(
        Publish(DEFAULT_NAMESPACE, Address(stream), format_, each)
        for stream, each in by_stream.items()
        if each and has_stream(session, stream)
    )
    if not commands:
        return Response(200)
    replies: list[PublishReply] = session.submit(Atomic(commands))
    level = max(reply.level for reply in replies)
    return Response(200, position=session.position(), level=level)
