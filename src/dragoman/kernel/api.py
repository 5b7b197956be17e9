"""The only door into the kernel: everything a protocol door may import of it.

    commands in      `Publish`, `Settle`, and the cold ones; through a `Session`
    replies out      plain data; deliveries come by `ConnectionDoor.deliver`
    what waits       a reply names a journal position and a level; `Session.reached(level)` says how far that is

A door is sans-IO: a shell feeds it bytes (`receive`), takes bytes (`data_to_send`) and tells it what happened.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from dragoman.kernel.aliases import ListAliases, Resolve, SetAlias
from dragoman.kernel.atomic import Atomic
from dragoman.kernel.block import Block
from dragoman.kernel.catalogue import (
    BindingInfo,
    Census,
    ListBindings,
    ListNames,
    ListNamespaces,
    TakeCensus,
)
from dragoman.kernel.commands import (
    ANY_PARTITION,
    DEFAULT_NAMESPACE,
    AlterStream,
    Bind,
    Cancel,
    Consume,
    CreateStream,
    DeclareQueue,
    DeclareRoute,
    DeleteQueue,
    DeleteRoute,
    DeleteStream,
    DescribeQueue,
    DescribeStream,
    FindEpoch,
    FindQueue,
    FindStream,
    FindTime,
    IsDry,
    Lease,
    ListQueues,
    ListRoutes,
    ListStreams,
    OpenPool,
    Outcome,
    Producer,
    Publish,
    PurgeQueue,
    Read,
    Renew,
    SetCredit,
    Settle,
    TrimStream,
    Unbind,
)
from dragoman.kernel.documents import (
    ANY_VERSION,
    NO_VERSION,
    DeleteDocument,
    Document,
    GetDocument,
    ListDocuments,
    PutDocument,
)
from dragoman.kernel.ends import Connection, ConnectionDoor, Node
from dragoman.kernel.entities import Holder
from dragoman.kernel.groups.beats import (
    AssignedInfo,
    AssignedMemberInfo,
    Beat,
    Beaten,
    CheckEpoch,
    DescribeAssigned,
    NamedPlaces,
    Places,
)
from dragoman.kernel.groups.commands import (
    AllocateProducer,
    CommitCursors,
    CursorInfo,
    DeleteCursors,
    DeleteGroup,
    DescribeGroup,
    GroupInfo,
    GroupKind,
    Heartbeat,
    Joined,
    JoinGroup,
    LeaveGroup,
    ListCursors,
    ListGroups,
    MemberInfo,
    Synced,
    SyncGroup,
)
from dragoman.kernel.groups.readers import NO_LEVEL, CloseReader, OpenReader
from dragoman.kernel.groups.sharebeats import (
    DescribeShared,
    ForgetShares,
    ListShares,
    MoveShares,
    ShareBeat,
    ShareBeaten,
    SharedInfo,
    SharedMemberInfo,
    ShareInfo,
)
from dragoman.kernel.leases.commands import (
    AcceptSession,
    CreateSubscription,
    DeleteSubscription,
    GetSessionState,
    LeaseDeferred,
    ListPushed,
    ListSessions,
    ListSubscriptions,
    ReleaseSession,
    RenewSession,
    SessionLock,
    SetSessionState,
)
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.leases.peek import FindLease, LeaseInfo, Peek, Peeked, PeekStream
from dragoman.kernel.leases.seek import AlterSubscription, Seek
from dragoman.kernel.leases.token import Token, Tokens
from dragoman.kernel.listing import GetListing, Listing
from dragoman.kernel.pumps import CreatePump, DeletePump, ListPumps, PumpInfo
from dragoman.kernel.read import Extract
from dragoman.kernel.replies import (
    Original,
    PartitionInfo,
    PublishReply,
    PushedInfo,
    QueueHead,
    QueueInfo,
    RouteInfo,
    SettleReply,
    StreamHead,
    StreamInfo,
)
from dragoman.kernel.scheduled import NextSchedule
from dragoman.kernel.schedules import (
    CancelSchedule,
    DescribeSchedule,
    ListSchedules,
    ScheduledPage,
    ScheduleInfo,
    Waiting,
)
from dragoman.kernel.schemas import (
    DeleteSchema,
    DeleteSubject,
    DescribeSubject,
    GetSchema,
    RegisterSchema,
    SchemaInfo,
    SchemaReference,
    SetCompatibility,
    SubjectInfo,
    ValidateSchema,
    VersionHead,
)
from dragoman.kernel.settings import (
    Address,
    BindingSettings,
    HeaderValues,
    PumpSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.kernel.snapshots import (
    CreateSnapshot,
    DeleteSnapshot,
    ListSnapshots,
    SeekSnapshot,
    SnapshotInfo,
)
from dragoman.kernel.transactions.commands import (
    AddCursors,
    AddToTransaction,
    EndTransaction,
    InitProducer,
    ListProducers,
    ListTransactions,
    PendingCursors,
    ProducerIdentity,
    ProducerInfo,
    TransactionInfo,
)

__all__ = [
    "ANY_PARTITION",
    "ANY_VERSION",
    "DEFAULT_NAMESPACE",
    "NO_LEVEL",
    "NO_VERSION",
    "AcceptSession",
    "AddCursors",
    "AddToTransaction",
    "Address",
    "AllocateProducer",
    "AlterStream",
    "AlterSubscription",
    "AssignedInfo",
    "AssignedMemberInfo",
    "Atomic",
    "Beat",
    "Beaten",
    "Bind",
    "BindingInfo",
    "BindingSettings",
    "Block",
    "Cancel",
    "CancelSchedule",
    "Census",
    "CheckEpoch",
    "CloseReader",
    "CommitCursors",
    "Connection",
    "ConnectionDoor",
    "Consume",
    "CreatePump",
    "CreateSnapshot",
    "CreateStream",
    "CreateSubscription",
    "CursorInfo",
    "DeclareQueue",
    "DeclareRoute",
    "DeleteCursors",
    "DeleteDocument",
    "DeleteGroup",
    "DeletePump",
    "DeleteQueue",
    "DeleteRoute",
    "DeleteSchema",
    "DeleteSnapshot",
    "DeleteStream",
    "DeleteSubject",
    "DeleteSubscription",
    "Delivery",
    "DescribeAssigned",
    "DescribeGroup",
    "DescribeQueue",
    "DescribeSchedule",
    "DescribeShared",
    "DescribeStream",
    "DescribeSubject",
    "Document",
    "EndTransaction",
    "Extract",
    "FindEpoch",
    "FindLease",
    "FindQueue",
    "FindStream",
    "FindTime",
    "ForgetShares",
    "GetDocument",
    "GetListing",
    "GetSchema",
    "GetSessionState",
    "GroupInfo",
    "GroupKind",
    "HeaderValues",
    "Heartbeat",
    "Holder",
    "InitProducer",
    "IsDry",
    "JoinGroup",
    "Joined",
    "Lease",
    "LeaseDeferred",
    "LeaseInfo",
    "LeaveGroup",
    "ListAliases",
    "ListBindings",
    "ListCursors",
    "ListDocuments",
    "ListGroups",
    "ListNames",
    "ListNamespaces",
    "ListProducers",
    "ListPumps",
    "ListPushed",
    "ListQueues",
    "ListRoutes",
    "ListSchedules",
    "ListSessions",
    "ListShares",
    "ListSnapshots",
    "ListStreams",
    "ListSubscriptions",
    "ListTransactions",
    "Listing",
    "MemberInfo",
    "MoveShares",
    "NamedPlaces",
    "NextSchedule",
    "Node",
    "OpenPool",
    "OpenReader",
    "Original",
    "Outcome",
    "PartitionInfo",
    "Peek",
    "PeekStream",
    "Peeked",
    "PendingCursors",
    "Places",
    "Producer",
    "ProducerIdentity",
    "ProducerInfo",
    "Publish",
    "PublishReply",
    "PumpInfo",
    "PumpSettings",
    "PurgeQueue",
    "PushedInfo",
    "PutDocument",
    "QueueHead",
    "QueueInfo",
    "Read",
    "RegisterSchema",
    "ReleaseSession",
    "Renew",
    "RenewSession",
    "Resolve",
    "RouteInfo",
    "RouteSettings",
    "ScheduleInfo",
    "ScheduledPage",
    "SchemaInfo",
    "SchemaReference",
    "Seek",
    "SeekSnapshot",
    "Session",
    "SessionLock",
    "SetAlias",
    "SetCompatibility",
    "SetCredit",
    "SetSessionState",
    "Settle",
    "SettleReply",
    "ShareBeat",
    "ShareBeaten",
    "ShareInfo",
    "SharedInfo",
    "SharedMemberInfo",
    "SnapshotInfo",
    "StreamHead",
    "StreamInfo",
    "StreamSettings",
    "SubjectInfo",
    "SubscriptionSettings",
    "SyncGroup",
    "Synced",
    "TakeCensus",
    "Token",
    "Tokens",
    "TransactionInfo",
    "TrimStream",
    "Unbind",
    "ValidateSchema",
    "VersionHead",
    "Waiting",
]


class Session(Protocol):
    """One connection's standing with the broker. Everything it holds and owns goes with `close`."""

    id: int

    def publish(self, command: Publish) -> PublishReply:
        """Applied at once; `reply.position` and `reply.level` say what its confirm waits for. Raises KernelError."""
        ...

    def settle(self, command: Settle) -> SettleReply:
        """Raises KernelError."""
        ...

    def submit(self, command: Any) -> Any:
        """Any other command; the reply's shape is named in the command's docstring. Raises KernelError."""
        ...

    def wall_ms(self) -> int:
        """Wall time of this turn."""
        ...

    def elapsed_ms(self) -> int:
        """Elapsed time of this turn, for a door's own deadlines."""
        ...

    def token(self, size_bytes: int) -> bytes:
        """Unpredictable bytes, for names and ids that a door makes up."""
        ...

    def secret(self, purpose: str) -> bytes:
        """32 bytes that nobody can guess, the same for a purpose as long as the store lasts: the key of `Tokens`."""
        ...

    def position(self) -> int:
        """Everything decided so far is in frames at or below this position."""
        ...

    def depends_on(self, reply: Sequence[Delivery] | SessionLock) -> tuple[int, int]:
        """The (position, level) to wait for before a client is shown deliveries that it was leased by a command of this
        turn (`Lease`, `LeaseDeferred`), or a session that it was given (`AcceptSession`). What comes by
        `ConnectionDoor.deliver` has waited already.
        """
        ...

    def reached(self, level: int) -> int:
        """The highest position that has reached `level` (APPLIED, WRITTEN or SYNCED)."""
        ...

    def want(self, position: int, level: int) -> None:
        """Ask to be told (`ConnectionDoor.progressed`) when `position` has reached `level`."""
        ...

    def watch(self, namespace: str, name: str) -> None:
        """Ask to be told (`ConnectionDoor.progressed`), once, when the stream's committed end has moved."""
        ...

    def watch_pushed(self, face: str) -> None:
        """Ask to be told (`ConnectionDoor.progressed`), once, when what `ListPushed` says of `face` has changed: a
        subscription was made, altered or deleted. Messages in it are no change.
        """
        ...

    def incarnation(self) -> int:
        """How often this store was started: the leader epoch that Kafka clients see."""
        ...

    def speak(self, protocol: str) -> None:
        """Count what follows as this protocol's, where one connection serves several."""
        ...

    def hand_over(self, door: ConnectionDoor) -> None:
        """Another door speaks on this connection from now on: its client has asked for another protocol."""
        ...

    def count_delivered(self, count: int, size_bytes: int) -> None:
        """Tell of messages that a cursor read and the client was handed; those of leases are counted as they come."""
        ...

    def fault(self, error: Exception) -> None:
        """Tell the operator of a fault of ours that the client was given an answer for."""
        ...

    def node(self) -> Node:
        """Who we are and where we are reached."""
        ...
