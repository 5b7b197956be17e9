"""What each command needs to be allowed: operations, and the names that they are about. Cold, but for three.

    TABLE     command -> what its caller must be allowed to do; FREE where there is nothing to refuse
    SHOWN     command -> which of what it lists its caller may see

Commands that carry no name are judged by the stream that they touch; those about what the session itself holds are
free, since holding it was allowed. What writes to several places, or makes a path from one to another (bindings,
pumps, dead letters), needs all of them: a bridge leads nowhere that its maker could not send to.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel import (
    aliases,
    catalogue,
    documents,
    granting,
    listing,
    pumps,
    registry,
    schemas,
    tracing,
)
from dragoman.kernel import commands as c
from dragoman.kernel import snapshots as s
from dragoman.kernel.atomic import Atomic
from dragoman.kernel.groups import beats, readers, sharebeats
from dragoman.kernel.groups import commands as g
from dragoman.kernel.leases import commands as leases
from dragoman.kernel.leases import peek, seek
from dragoman.kernel.permissions import (
    ALTER,
    ANY,
    CONFIGURE,
    DECLARE,
    DELETE,
    DESCRIBE,
    DOCUMENT,
    GROUP,
    INSPECT,
    NAMESPACE,
    NODE,
    PUMP,
    READ,
    RECEIVE,
    ROUTE,
    SCHEMA,
    SEND,
    SETTLE,
    SNAPSHOT,
    STREAM,
    TRANSACTION,
    Need,
    reader_need,
)
from dragoman.kernel.rules import commands as rules
from dragoman.kernel.scheduled import NextSchedule
from dragoman.kernel.schedules import (
    CancelSchedule,
    CancelSchedules,
    DescribeSchedule,
    ListSchedules,
)
from dragoman.kernel.settings import Address, SubscriptionSettings
from dragoman.kernel.sharing import on_taken
from dragoman.kernel.transactions import commands as t
from dragoman.model.errors import StreamNotFound

if TYPE_CHECKING:
    from dragoman.kernel.entities import Subscription
    from dragoman.kernel.state import State

Needs = Iterable[Need]
Judge = Callable[["State", Any], Needs]

CHANGE: Final = ALTER | CONFIGURE
TAKE: Final = READ | RECEIVE
NOBODYS: Final = (Need("", NODE, "", ANY),)


def free(state: "State", command: Any) -> Needs:
    """Nothing to refuse."""
    return ()


def of_node(state: "State", command: Any) -> Needs:
    """About the broker as a whole, or of its own parts."""
    return NOBODYS


# --- what is sent and settled ---


def of_address(namespace: str, address: Address | None) -> Needs:
    """Sending there."""
    if address is None:
        return ()
    return (Need(namespace, ROUTE if address.is_route else STREAM, address.name, SEND),)


def of_publish(state: "State", command: c.Publish) -> Needs:
    """Sending to its address."""
    return of_address(command.namespace, command.address)


def of_subscription(state: "State", number: int, operations: int) -> Needs:
    """By its id; one that is not there is told so by the command."""
    found = state.subscriptions.get(number)
    return () if found is None else (_of(found, operations),)


def of_settle(state: "State", command: c.Settle) -> Needs:
    """Settling what the subscription has handed out."""
    return of_subscription(state, command.subscription, SETTLE)


def _of_atomic(state: "State", command: Atomic) -> Needs:
    return [
        need
        for each in command.commands
        for need in (
            of_publish(state, each) if isinstance(each, c.Publish) else of_settle(state, each)
        )
    ]


def _of(subscription: "Subscription", operations: int) -> Need:
    stream = subscription.stream
    return reader_need(stream.namespace, stream.name, subscription.name, operations)


def _of_id(operations: int) -> Judge:
    return lambda state, command: of_subscription(state, command.subscription, operations)


# --- by name ---


def _on(kind: str, operations: int, field: str = "name", whole: int = 0) -> Judge:
    """The command is about one name of a kind."""
    return lambda _, command: (
        Need(command.namespace, kind, getattr(command, field), operations, whole),
    )


def _on_reader(operations: int) -> Judge:
    """The command is about the queue `name`, or another subscription of that stream."""
    return lambda _, command: (
        reader_need(command.namespace, command.name, command.subscription, operations),
    )


def _group_of(state: "State", command: Any) -> str:
    """Whose members read by the subscription, if it is a group's."""
    stream = state.streams_named.get((command.namespace, command.name))
    if stream is not None and command.subscription:
        for known in stream.subscriptions:
            if known.name == command.subscription:
                return known.settings.group
    return ""


def _on_owned(judge: Judge, operations: int) -> Judge:
    """As `judge`, but a group's subscription is the group's."""

    def owned(state: "State", command: Any) -> Needs:
        group = _group_of(state, command)
        if group:
            return (Need(command.namespace, GROUP, group, operations),)
        return judge(state, command)

    return owned


def _on_whole(operations: int) -> Judge:
    return lambda _, command: (Need(command.namespace, NAMESPACE, "", operations),)


def _on_stream_known(operations: int) -> Judge:
    """By its uuid, or its name."""

    def judge(state: "State", command: c.FindStream) -> Needs:
        name = command.name
        if command.uuid:
            found = state.streams_by_uuid.get(command.uuid)
            if found is None or found.namespace != command.namespace:
                raise StreamNotFound(command.uuid.hex())
            name = found.name
        return (Need(command.namespace, STREAM, name, operations, DECLARE),)

    return judge


def _of_declare(state: "State", command: c.DeclareQueue) -> Needs:
    namespace, name = command.namespace, command.name
    if command.passive:
        return (Need(namespace, STREAM, name, ANY),)
    own = Need(namespace, STREAM, name, DECLARE, DECLARE)
    return (own, *of_address(namespace, command.settings.dead_letter))


def _of_settings(operations: int) -> Judge:
    """A subscription beside others, made or altered: its dead letters are sent somewhere."""

    def judge(state: "State", command: Any) -> Needs:
        namespace = command.namespace
        settings: SubscriptionSettings = command.settings
        named = reader_need(namespace, command.name, command.subscription, operations)
        return (named, *of_address(namespace, settings.dead_letter))

    return judge


def _of_bind(state: "State", command: c.Bind | c.Unbind) -> Needs:
    kind = ROUTE if command.to_route else STREAM
    return (
        Need(command.namespace, ROUTE, command.route, TAKE | CHANGE),
        Need(command.namespace, kind, command.target, SEND),
    )


def _of_route(state: "State", command: c.DeclareRoute) -> Needs:
    operations = ANY if command.passive else DECLARE
    alternate = command.settings.alternate
    own = Need(command.namespace, ROUTE, command.name, operations)
    further = of_address(command.namespace, Address(alternate, "", True) if alternate else None)
    return (own, *further)


def _of_altered_route(state: "State", command: c.AlterRoute) -> Needs:
    alternate = command.settings.alternate
    further = of_address(command.namespace, Address(alternate, "", True) if alternate else None)
    return (Need(command.namespace, ROUTE, command.name, CHANGE), *further)


def _of_pump(state: "State", command: pumps.CreatePump) -> Needs:
    namespace, settings = command.namespace, command.settings
    taking = reader_need(namespace, command.source, command.subscription, TAKE)
    ends = [*settings.targets, settings.dead_letter]
    needs = [Need(namespace, PUMP, command.name, DECLARE), taking]
    if settings.to_origin:  # it leads wherever a message died
        needs.append(Need(namespace, NAMESPACE, "", SEND))
    return [*needs, *(need for end in ends for need in of_address(namespace, end))]


# --- groups and transactions ---


def _on_group(operations: int) -> Judge:
    return _on(GROUP, operations, "group")


def _cursors(command: g.CommitCursors) -> Needs:
    names = dict.fromkeys(cursor[0] for cursor in command.cursors)
    return (
        Need(command.namespace, GROUP, command.group, READ),
        *(Need(command.namespace, STREAM, name, READ) for name in names),
    )


def _of_commit(state: "State", command: g.CommitCursors) -> Needs:
    return _cursors(command)


def _of_uncommit(state: "State", command: g.DeleteCursors) -> Needs:
    names = dict.fromkeys(name for name, _ in command.cursors)
    return (
        Need(command.namespace, GROUP, command.group, DELETE),
        *(Need(command.namespace, STREAM, name, READ) for name in names),
    )


def _of_beat(state: "State", command: Any) -> Needs:
    return (
        Need(command.namespace, GROUP, command.group, READ),
        *(Need(command.namespace, STREAM, name, DESCRIBE) for name in command.topics or ()),
    )


def _of_move(state: "State", command: sharebeats.MoveShares) -> Needs:
    names = dict.fromkeys(place[0] for place in command.places)
    return (
        Need(command.namespace, GROUP, command.group, READ),
        *(Need(command.namespace, STREAM, name, READ) for name in names),
    )


def _of_forget(state: "State", command: sharebeats.ForgetShares) -> Needs:
    return (
        Need(command.namespace, GROUP, command.group, DELETE),
        *(Need(command.namespace, STREAM, name, READ) for name in command.streams),
    )


def _of_init(state: "State", command: t.InitProducer) -> Needs:
    if not command.transactional_id:
        return ()  # an id alone writes nothing
    return (Need(command.namespace, TRANSACTION, command.transactional_id, SEND),)


def _of_adding(state: "State", command: t.AddToTransaction) -> Needs:
    names = dict.fromkeys(name for name, _ in command.partitions)
    return (
        Need(command.namespace, TRANSACTION, command.transactional_id, SEND),
        *(Need(command.namespace, STREAM, name, SEND) for name in names),
    )


def _of_cursors(state: "State", command: t.AddCursors) -> Needs:
    own = Need(command.namespace, TRANSACTION, command.transactional_id, SEND)
    return (own, *_cursors(command.commit))


# --- documents ---


def _of_document(operations: int) -> Judge:
    """What it belongs to only its door knows; where that does not say so, it is judged by its own name."""

    def judge(state: "State", command: Any) -> Needs:
        if command.takes is not None:
            return (command.takes,)
        return (Need(command.namespace, DOCUMENT, f"{command.kind}/{command.name}", operations),)

    return judge


def _of_holders(state: "State", command: Any) -> Needs:
    holder = state.holders.get(command.holder)
    return () if holder is None else (_of(holder.subscription, RECEIVE),)


TABLE: Final[Mapping[type, Judge]] = {
    c.Publish: of_publish,
    c.Settle: of_settle,
    Atomic: _of_atomic,
    c.CreateStream: lambda _, command: (
        Need(command.namespace, STREAM, command.name, DECLARE, DECLARE),
    ),
    c.AlterStream: _on(STREAM, CHANGE),
    c.DeleteStream: _on(STREAM, DELETE),
    c.TrimStream: _on(STREAM, DELETE),
    c.DescribeStream: _on(STREAM, ANY, whole=DECLARE),
    c.FindStream: _on_stream_known(ANY),
    c.FindTime: _on(STREAM, DESCRIBE),
    c.FindEpoch: _on(STREAM, DESCRIBE | READ),
    c.Read: _on(STREAM, READ),
    peek.PeekStream: _on(STREAM, READ),
    c.DeclareQueue: _of_declare,
    c.DeleteQueue: _on(STREAM, DELETE),
    c.PurgeQueue: _on_reader(DELETE | SETTLE),  # who takes everything empties it, too
    c.FindQueue: _on_owned(_on_reader(ANY), ANY),
    c.DescribeQueue: _on_owned(_on_reader(ANY), ANY),
    c.Consume: on_taken(RECEIVE),
    c.Lease: on_taken(RECEIVE),
    leases.LeaseDeferred: _on_reader(RECEIVE),
    leases.AcceptSession: _on_reader(RECEIVE),
    leases.ListSessions: _on_reader(RECEIVE),
    leases.CreateSubscription: _of_settings(DECLARE),
    seek.AlterSubscription: _on_owned(_of_settings(CHANGE), CHANGE),
    leases.DeleteSubscription: _on_reader(DELETE),
    seek.Seek: _on_reader(RECEIVE | CHANGE),
    peek.Peek: _on_reader(TAKE),
    c.Renew: _of_id(SETTLE),
    peek.FindLease: _of_id(SETTLE | RECEIVE),
    leases.RenewSession: _of_holders,
    leases.ReleaseSession: _of_holders,
    leases.SetSessionState: _of_holders,
    leases.GetSessionState: _of_holders,
    c.Cancel: free,  # what the session itself holds
    c.SetCredit: free,
    c.IsDry: free,
    c.OpenPool: free,
    readers.CloseReader: free,
    readers.OpenReader: lambda _, command: (
        Need(command.namespace, STREAM, command.name, READ),
        Need(command.namespace, GROUP, command.group, READ),
    ),
    c.DeclareRoute: _of_route,
    c.AlterRoute: _of_altered_route,
    c.DeleteRoute: _on(ROUTE, DELETE),
    c.Bind: _of_bind,
    c.Unbind: _of_bind,
    pumps.CreatePump: _of_pump,
    pumps.DeletePump: _on(PUMP, DELETE),
    CancelSchedule: _on(STREAM, SEND | DELETE | SETTLE),
    CancelSchedules: _on(STREAM, SEND | DELETE | SETTLE),
    DescribeSchedule: _on(STREAM, ANY),
    ListSchedules: _on(STREAM, READ | RECEIVE | SEND),
    NextSchedule: free,  # an id that says nothing of what it will be
    g.JoinGroup: _on_group(READ),
    g.SyncGroup: _on_group(READ),
    g.Heartbeat: _on_group(READ),
    g.LeaveGroup: _on_group(READ),
    g.CommitCursors: _of_commit,
    g.DeleteCursors: _of_uncommit,
    g.DeleteGroup: _on_group(DELETE),
    g.ListCursors: _on_group(DESCRIBE),
    g.DescribeGroup: _on_group(DESCRIBE),
    beats.Beat: _of_beat,
    beats.CheckEpoch: _on_group(DESCRIBE),
    beats.DescribeAssigned: _on_group(DESCRIBE),
    sharebeats.ShareBeat: _of_beat,
    sharebeats.DescribeShared: _on_group(DESCRIBE),
    sharebeats.ListShares: _on_group(ANY),
    sharebeats.MoveShares: _of_move,
    sharebeats.ForgetShares: _of_forget,
    g.AllocateProducer: free,  # an id alone writes nothing
    t.InitProducer: _of_init,
    t.AddToTransaction: _of_adding,
    t.AddCursors: _of_cursors,
    t.EndTransaction: _on(TRANSACTION, SEND, "transactional_id"),
    t.ListProducers: _on(STREAM, READ),
    t.PendingCursors: _on_group(DESCRIBE),
    s.CreateSnapshot: lambda _, command: (
        Need(command.namespace, SNAPSHOT, command.snapshot, DECLARE),
        reader_need(command.namespace, command.name, command.subscription, TAKE),
    ),
    s.DeleteSnapshot: _on(SNAPSHOT, DELETE, "snapshot"),
    s.SeekSnapshot: lambda _, command: (
        Need(command.namespace, SNAPSHOT, command.snapshot, READ),
        reader_need(command.namespace, command.name, command.subscription, RECEIVE | CHANGE),
    ),
    documents.PutDocument: _of_document(DECLARE | CHANGE),
    documents.DeleteDocument: _of_document(DELETE),
    documents.GetDocument: free,  # a door shows of them what it judges right
    documents.ListDocuments: free,
    **dict.fromkeys((rules.PutRule, rules.DeleteRule), _on_whole(ALTER)),
    **dict.fromkeys((rules.GetRule, rules.ListRules), _on_whole(DESCRIBE)),
    **dict.fromkeys((rules.TryRule, tracing.Trace), _on_whole(DESCRIBE)),
    schemas.RegisterSchema: _on(SCHEMA, DECLARE, "subject"),
    schemas.DescribeSubject: _on(SCHEMA, ANY, "subject"),
    schemas.GetSchema: _on(SCHEMA, ANY, "subject"),
    schemas.DeleteSchema: _on(SCHEMA, DELETE, "subject"),
    schemas.DeleteSubject: _on(SCHEMA, DELETE, "subject"),
    schemas.SetCompatibility: _on(SCHEMA, CHANGE, "subject"),
    registry.GetSchemaById: free,  # a text for a number that its writer gave to all readers
    registry.FindSchema: _on(SCHEMA, ANY, "subject"),
    registry.CheckSchema: _on(SCHEMA, ANY, "subject"),
    registry.ListReferring: _on(SCHEMA, ANY, "subject"),
    schemas.ValidateSchema: free,  # of a text that the caller brings
    aliases.Resolve: free,  # a name for a name; what is done with it is judged then
    aliases.ListAliases: free,
    aliases.SetAlias: _on(STREAM, CHANGE),
    granting.CreateGrants: lambda _, command: granting.needs_of_change(command),
    granting.DeleteGrants: lambda _, command: granting.needs_of_change(command),
    granting.ListGrants: lambda _, command: granting.needs_of_list(command),
    granting.SetGuard: _on_whole(ALTER),
    leases.ListPushed: of_node,  # what the broker itself pushes
    catalogue.TakeCensus: of_node,
    catalogue.ListNamespaces: free,
    catalogue.ListBindings: lambda _, command: (
        (Need(command.namespace, ROUTE, command.route, INSPECT | TAKE | CHANGE),)
        if command.route
        else (Need(command.namespace, NAMESPACE, "", DESCRIBE),)
    ),
    c.ListStreams: free,  # see `SHOWN`
    c.ListQueues: free,
    c.ListRoutes: free,
    leases.ListSubscriptions: free,
    listing.GetListing: free,
    catalogue.ListNames: free,
    g.ListGroups: free,
    t.ListTransactions: free,
    pumps.ListPumps: free,
    s.ListSnapshots: free,
}


def _named_of(kind: str) -> Callable[[Any, Any], Need]:
    return lambda command, item: Need(command.namespace, kind, item.name, DESCRIBE)


def _queue(command: Any, item: Any) -> Need:
    """A queue, or another subscription."""
    return reader_need(command.namespace, item.stream or item.name, item.name, DESCRIBE)


SHOWN: Final[Mapping[type, Callable[[Any, Any], Need]]] = {
    c.ListStreams: _named_of(STREAM),
    c.ListQueues: _queue,
    c.ListRoutes: _named_of(ROUTE),
    leases.ListSubscriptions: _queue,
    catalogue.ListNames: lambda command, item: Need(
        command.namespace, STREAM if command.kind == "queue" else command.kind, item, DESCRIBE
    ),
    g.ListGroups: lambda command, item: Need(
        command.namespace, GROUP, item.name, DESCRIBE, DESCRIBE
    ),
    t.ListTransactions: lambda command, item: Need(
        command.namespace, TRANSACTION, item.transactional_id, DESCRIBE
    ),
    pumps.ListPumps: _named_of(PUMP),
    s.ListSnapshots: lambda command, item: Need(
        command.namespace, SNAPSHOT, item.snapshot, DESCRIBE
    ),
}
