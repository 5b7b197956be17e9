"""The services over HTTP, put together when somebody first speaks HTTP. A door of such a service adds its face here."""

from collections.abc import Sequence
from typing import Protocol

import dragoman
from dragoman.app.build import build
from dragoman.app.config import ServeOptions, asks_for_credentials, is_private
from dragoman.app.push import Pusher
from dragoman.console.access import Access
from dragoman.console.admin.face import AdminFace
from dragoman.console.health import HealthFace
from dragoman.console.metrics import MetricsFace, Sources
from dragoman.doors.amqp091.management.face import ManagementFace
from dragoman.doors.amqp091.roster import Roster
from dragoman.doors.cloudtasks.beta import BetaService
from dragoman.doors.cloudtasks.buffering import BufferFace
from dragoman.doors.cloudtasks.executed import Executed
from dragoman.doors.cloudtasks.locations import LocationsService
from dragoman.doors.cloudtasks.operations import OperationsService
from dragoman.doors.cloudtasks.running import Running
from dragoman.doors.cloudtasks.services import Service as CloudTasks
from dragoman.doors.eventgrid.face import EventGridFace
from dragoman.doors.eventhubs.face import EventHubsFace
from dragoman.doors.pubsub.services import make_services as pubsub
from dragoman.doors.schemaregistry.face import SchemaRegistryFace
from dragoman.doors.servicebus.atom.face import AtomFace
from dragoman.doors.shared.grpc.transcoder import TranscodedFace
from dragoman.doors.shared.push.certs import CertsFace
from dragoman.doors.shared.push.issuer import Issuer
from dragoman.doors.shared.rest.call import Face
from dragoman.doors.sns.face import SnsFace
from dragoman.doors.sqs.face import SqsFace
from dragoman.doors.sqs.localstack import LocalstackFace
from dragoman.runtime.broker import Broker


class Serving(Protocol):
    """The broker as these services see it."""

    broker: Broker
    is_bound: bool
    roster: Roster

    @property
    def issuer(self) -> Issuer: ...

    @property
    def pusher(self) -> Pusher: ...

    @property
    def executed(self) -> Executed: ...


def running_of(parts: Serving) -> Running:
    """Who runs tasks beside their queues."""
    return Running(lambda: parts.pusher.outbound, lambda: parts.issuer, parts.executed)


def make_faces(parts: Serving, options: ServeOptions) -> Sequence[Face]:
    """In the order in which they are asked what to say about a path that nobody serves."""
    is_open = not asks_for_credentials(options)
    access = Access(options.keys, is_open=is_open)
    broker = parts.broker
    cloudtasks = CloudTasks(running_of(parts), options.app_engine)
    beta = BetaService(cloudtasks)
    tasks = (cloudtasks, beta, OperationsService(), LocationsService())
    sources = Sources(
        broker.meters,
        broker.kernel.state.given_up,
        (dragoman.__version__, build()),
        lambda: not missing(parts),
    )
    faces: list[Face] = [
        HealthFace(lambda: missing(parts)),
        CertsFace(parts.issuer),
        MetricsFace(sources, access),
        AdminFace(access),
        ManagementFace(parts.roster, lambda: missing(parts), broker.meters),
        SnsFace(),
        SqsFace(is_strict=options.like not in {"localstack", "elasticmq"}),
        AtomFace(),
        EventGridFace(options.keys, is_open=is_open),
        SchemaRegistryFace(),
        EventHubsFace(creates=is_private(options)),
        TranscodedFace("pubsub", [(one, one.table) for one in pubsub()]),
        BufferFace(cloudtasks),
        TranscodedFace("cloudtasks", [(one, one.table) for one in tasks]),
    ]
    if options.like == "localstack":
        faces.append(LocalstackFace())
    return faces


def missing(parts: Serving) -> list[str]:
    """What keeps the broker from being ready. Recovered it is: before that there are no parts."""
    found = [] if parts.is_bound else ["ports"]
    if parts.broker.kernel.state.is_full:
        found.append("room on the disk")
    if parts.broker.commit.failed is not None:
        found.append("journal")
    return found
