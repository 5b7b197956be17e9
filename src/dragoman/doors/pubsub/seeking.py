"""Seek and snapshots: a subscription as it stood at a time, or when the snapshot was taken.

The kernel knows where a snapshot stands; a document keeps its labels and which topic it is of. A snapshot lives a week
less the age of the oldest message that its subscription had still to do.
"""

from contextlib import suppress
from typing import Any, Final

import msgspec

from dragoman.doors.pubsub.errors import (
    already_exists,
    invalid,
    not_found,
    not_offered,
    precondition,
)
from dragoman.doors.pubsub.finding import called, find_topic, topic_resource
from dragoman.doors.pubsub.masks import check_labels, page_of, update
from dragoman.doors.pubsub.names import (
    SNAPSHOTS,
    SUBSCRIPTIONS,
    TOPICS,
    Place,
    new_place,
    place_of,
    project_of,
    snapshot_name,
    topic_name,
)
from dragoman.doors.pubsub.protos import (
    Empty,
    ListSnapshotsResponse,
    ListTopicSnapshotsResponse,
    SeekResponse,
    Snapshot,
)
from dragoman.doors.pubsub.standing import Standing
from dragoman.doors.shared.grpc.access import by_broker
from dragoman.doors.shared.grpc.call import Call, Reply, written
from dragoman.doors.shared.grpc.policies import Resource, check, forget_policy, may
from dragoman.kernel.api import (
    SNAPSHOT,
    CreateSnapshot,
    DeleteDocument,
    DeleteSnapshot,
    DescribeQueue,
    GetDocument,
    ListSnapshots,
    PutDocument,
    QueueInfo,
    Seek,
    SeekSnapshot,
    Session,
    SnapshotInfo,
)
from dragoman.model.errors import AlreadyExists, DocumentNotFound, NotSupported, SnapshotNotFound

KIND: Final = "pubsub.snapshot"
LIFE_MS: Final = 7 * 86_400_000
LIFE_MS_MIN: Final = 3_600_000
GENERATED_BYTES: Final = 8


class _Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the kernel does not know of a snapshot."""

    stream: str
    namespace: str
    labels: dict[str, str] = {}


class Seeking:
    """The methods about snapshots, and Seek."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    # --- seek ---

    def seek(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        session = call.session
        place = place_of(request.subscription, SUBSCRIPTIONS)
        found = self._standing.locations.get(session, place)
        target = request.WhichOneof("target")
        if target == "time":
            time_ms = request.time.seconds * 1000 + request.time.nanos // 1_000_000
            session.submit(Seek(**found.where, time_ms=max(time_ms, 0)))
        elif target == "snapshot":
            self._seek_snapshot(session, found.where, place_of(request.snapshot, SNAPSHOTS))
        else:
            raise invalid("A seek has a time or a snapshot.")
        return written(session, SeekResponse())

    def _seek_snapshot(self, session: Session, where: dict[str, Any], snapshot: Place) -> None:
        if snapshot.project != where["namespace"]:
            raise invalid("The snapshot is of another project.")
        try:
            session.submit(SeekSnapshot(**where, snapshot=snapshot.id))
        except SnapshotNotFound:
            raise not_found(snapshot.id) from None
        except NotSupported as error:
            text = "Too much for a subscription with ordering or a filter"
            raise precondition(f"{text}: {error}.") from error

    # --- snapshots ---

    def create(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        session = call.session
        subscription = place_of(request.subscription, SUBSCRIPTIONS)
        place = (
            new_place(request.name, SNAPSHOTS)
            if request.name
            else Place(subscription.project, f"snapshot-{session.token(GENERATED_BYTES).hex()}")
        )
        check_labels(request)
        found = self._standing.locations.get(session, subscription)
        where = found.where
        if where["namespace"] != place.project:
            raise not_offered("Snapshots of subscriptions to topics of other projects")
        info: QueueInfo = session.submit(DescribeQueue(**where))
        age_ms = session.wall_ms() - info.oldest_ms if info.oldest_ms else 0
        if LIFE_MS - age_ms < LIFE_MS_MIN:
            raise precondition("The snapshot would expire in less than an hour.")
        try:
            session.submit(CreateSnapshot(**where, snapshot=place.id, life_ms=LIFE_MS - age_ms))
        except AlreadyExists:
            raise already_exists(place.id) from None
        forget_policy(call, snapshot_resource(place))
        self._note(session, place, _Note(where["name"], where["namespace"], dict(request.labels)))
        with by_broker(call):
            made = find_snapshot(session, place)
        return written(session, self._told(session, place, made))

    def get(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = place_of(request.snapshot, SNAPSHOTS)
        check(call.session, snapshot_resource(place), "pubsub.snapshots.get")
        with by_broker(call):
            info = find_snapshot(call.session, place)
        return Reply(self._told(call.session, place, info))

    def update(self, call: Call, request: Any) -> Reply:
        """See the API reference; the time at which it expires cannot be changed."""
        session = call.session
        place = place_of(request.snapshot.name, SNAPSHOTS)
        check(session, snapshot_resource(place), "pubsub.snapshots.update")
        with by_broker(call):
            info = find_snapshot(session, place)
        snapshot = self._told(session, place, info)
        if "expire_time" in request.update_mask.paths:
            raise not_offered("Changes of a snapshot's expire_time")
        update(snapshot, request.snapshot, request.update_mask.paths, ("labels",))
        check_labels(snapshot)
        self._note(session, place, _Note(info.name, place.project, dict(snapshot.labels)))
        return written(session, snapshot)

    def delete(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        session = call.session
        place = place_of(request.snapshot, SNAPSHOTS)
        try:
            session.submit(DeleteSnapshot(namespace=place.project, snapshot=place.id))
        except SnapshotNotFound:
            raise not_found(place.id) from None
        takes = snapshot_resource(place).need()
        with suppress(DocumentNotFound):
            session.submit(
                DeleteDocument(namespace=place.project, kind=KIND, name=place.id, takes=takes)
            )
        forget_policy(call, snapshot_resource(place))
        return written(session, Empty())

    def list(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        project = project_of(request.project)
        session = call.session
        infos = {
            name: info
            for name, info in _infos(session, project).items()
            if may(session, snapshot_resource(Place(project, name)), "pubsub.snapshots.get")
        }
        page, token = page_of(sorted(infos), request)
        found = [self._told(session, Place(project, name), infos[name]) for name in page]
        return Reply(ListSnapshotsResponse(snapshots=found, next_page_token=token))

    def list_of_topic(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        place = place_of(request.topic, TOPICS)
        session = call.session
        head = find_topic(session, place)
        check(session, topic_resource(place.project, head.name), "pubsub.topics.get")
        infos = _infos(session, place.project)
        names = sorted(name for name, info in infos.items() if info.name == head.name)
        page, token = page_of(names, request)
        found = [snapshot_name(Place(place.project, name)) for name in page]
        return Reply(ListTopicSnapshotsResponse(snapshots=found, next_page_token=token))

    # --- what one is ---

    def _told(self, session: Session, place: Place, info: SnapshotInfo) -> Any:
        (topic,) = called(session, place.project, (info.name,))
        snapshot = Snapshot(
            name=snapshot_name(place),
            topic=topic_name(Place(place.project, topic)),
            labels=self._labels(session, place),
        )
        snapshot.expire_time.FromMilliseconds(info.expires_ms)
        return snapshot

    def _labels(self, session: Session, place: Place) -> dict[str, str]:
        command = GetDocument(namespace=place.project, kind=KIND, name=place.id)
        try:
            body = session.submit(command).body
        except DocumentNotFound:
            return {}
        return msgspec.json.decode(body, type=_Note).labels

    def _note(self, session: Session, place: Place, note: _Note) -> None:
        command = PutDocument(
            namespace=place.project,
            kind=KIND,
            name=place.id,
            body=msgspec.json.encode(note),
            takes=snapshot_resource(place).need(),
        )
        session.submit(command)


def _infos(session: Session, project: str) -> dict[str, SnapshotInfo]:
    found: list[SnapshotInfo] = session.submit(ListSnapshots(namespace=project))
    return {info.snapshot: info for info in found}


def snapshot_resource(place: Place) -> Resource:
    """As policies know it."""
    return Resource(place.project, SNAPSHOTS, SNAPSHOT, place.id)


def find_snapshot(session: Session, place: Place) -> SnapshotInfo:
    """Raises Status."""
    info = _infos(session, place.project).get(place.id)
    if info is None:
        raise not_found(place.id)
    return info
