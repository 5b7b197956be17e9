"""Everything the kernel refuses, as one small tree with stable codes.

A class names the refusal; `code` is what logs, metrics and other languages see and never changes. Doors translate by
class, through one table each; nobody matches on message text.
"""

from collections import abc
from typing import ClassVar


class KernelError(Exception):
    """Root of every refusal. Raised before anything has changed."""

    code: ClassVar[str] = "kernel"


class InvalidArgument(KernelError):
    """The command asks for something that makes no sense whatever the state."""

    code = "invalid-argument"


class NotSupported(KernelError):
    """Understood, and not offered."""

    code = "not-supported"


class AccessRefused(KernelError):
    """The principal may not do this, or nobody may (reserved names, default route).

    `kind` and `name` say with what, in the kernel's words (`kernel.permissions`), `who` is the principal; empty where
    that is not one name's affair.
    """

    code = "access-refused"

    def __init__(self, why: str = "", kind: str = "", name: str = "", who: str = "") -> None:
        super().__init__(why)
        self.kind = kind
        self.name = name
        self.who = who


class NotFound(KernelError):
    """Root of what is not there."""

    code = "not-found"


class NamespaceNotFound(NotFound):
    """No such namespace."""

    code = "namespace-not-found"


class StreamNotFound(NotFound):
    """No such stream."""

    code = "stream-not-found"


class PartitionNotFound(NotFound):
    """The stream has fewer partitions."""

    code = "partition-not-found"


class SubscriptionNotFound(NotFound):
    """No such leased subscription."""

    code = "subscription-not-found"


class RouteNotFound(NotFound):
    """No such route."""

    code = "route-not-found"


class GroupNotFound(NotFound):
    """No such group."""

    code = "group-not-found"


class SnapshotNotFound(NotFound):
    """No such snapshot."""

    code = "snapshot-not-found"


class PumpNotFound(NotFound):
    """No such pump."""

    code = "pump-not-found"


class ScheduleNotFound(NotFound):
    """The scheduled message has gone out, was cancelled, or never was."""

    code = "schedule-not-found"


class DocumentNotFound(NotFound):
    """No such document."""

    code = "document-not-found"


class SchemaNotFound(NotFound):
    """No such subject, or no such version of it."""

    code = "schema-not-found"


class SchemaInvalid(InvalidArgument):
    """The schema is none."""

    code = "schema-invalid"


class SchemaIncompatible(InvalidArgument):
    """What one version of the subject describes cannot be read by another; the text says why."""

    code = "schema-incompatible"


class RuleNotFound(NotFound):
    """No such rule."""

    code = "rule-not-found"


class MessageInvalid(KernelError):
    """A rule finds a message bad, and refuses it; of a batch nothing is taken.

    `faults`: what is wrong, by the index of each message that is refused.
    """

    code = "message-invalid"

    def __init__(self, why: str, faults: abc.Mapping[int, str] | None = None) -> None:
        super().__init__(why)
        self.faults: abc.Mapping[int, str] = faults or {0: why}


class Conflict(KernelError):
    """Root of refusals that depend on what exists."""

    code = "conflict"


class AlreadyExists(Conflict):
    """The name is taken."""

    code = "already-exists"


class SettingsDiffer(Conflict):
    """It exists with other settings; the message names the first that differs."""

    code = "settings-differ"

    def __init__(self, setting: str, received: object, current: object) -> None:
        super().__init__(f"{setting}: received {received!r} but current is {current!r}")
        self.setting = setting
        self.received = received
        self.current = current


class VersionDiffers(Conflict):
    """Somebody changed it since it was read; `version` is what it has now, 0 when it is not there."""

    code = "version-differs"

    def __init__(self, why: str, version: int = 0) -> None:
        super().__init__(why)
        self.version = version


class InUse(Conflict):
    """Somebody is still reading it or bound to it."""

    code = "in-use"


class NotEmpty(Conflict):
    """It still holds messages."""

    code = "not-empty"


class ResourceLocked(Conflict):
    """It belongs to another connection, or another reader holds it alone."""

    code = "resource-locked"


class LeaseExpired(Conflict):
    """The delivery is no longer held by whoever settles it."""

    code = "lease-expired"


class PublishRefused(KernelError):
    """A limit of the subscription or stream that the publisher named says no (overflow = reject-publish)."""

    code = "publish-refused"


class MessageTooLarge(KernelError):
    """Larger than the stream takes."""

    code = "message-too-large"


class QuotaExceeded(KernelError):
    """Beyond what this namespace or principal may have; trying later may help."""

    code = "quota-exceeded"


class StorageFull(KernelError):
    """No room left for new messages; settling and reading go on."""

    code = "storage-full"


class OffsetOutOfRange(KernelError):
    """Not between the stream's first and last offset; `start` is the first, where it is told."""

    code = "offset-out-of-range"

    def __init__(self, why: str, start: int = 0) -> None:
        super().__init__(why)
        self.start = start


class GroupError(KernelError):
    """Root of what a group coordinator refuses."""

    code = "group"


class UnknownMember(GroupError):
    """The member is not, or no longer, in the group."""

    code = "unknown-member"


class IllegalGeneration(GroupError):
    """The member speaks of an older or newer generation."""

    code = "illegal-generation"


class RebalanceInProgress(GroupError):
    """The member must join again."""

    code = "rebalance-in-progress"


class InconsistentProtocol(GroupError):
    """No assignment protocol is common to all members."""

    code = "inconsistent-protocol"


class InvalidSessionTimeout(GroupError):
    """Outside the allowed range."""

    code = "invalid-session-timeout"


class MemberIdRequired(GroupError):
    """A new member is to join again with the id it is given here."""

    code = "member-id-required"

    def __init__(self, member_id: str) -> None:
        super().__init__(member_id)
        self.member_id = member_id


class GroupFull(GroupError):
    """The group has as many members as it may."""

    code = "group-full"


class FencedMember(GroupError):
    """A newer member with the same static identity has taken over."""

    code = "fenced-member"


class FencedEpoch(GroupError):
    """The member speaks of an epoch that it is not at: it must join again."""

    code = "fenced-epoch"


class StaleEpoch(GroupError):
    """The member is at another epoch by now, and will hear of it."""

    code = "stale-epoch"


class UnreleasedInstance(GroupError):
    """The last bearer of the static identity is still there."""

    code = "unreleased-instance"


class UnknownAssignor(GroupError):
    """There is no such way to share partitions here."""

    code = "unknown-assignor"


class InvalidPattern(GroupError):
    """The pattern cannot be read."""

    code = "invalid-pattern"


class ReaderFenced(GroupError):
    """Another reader owns the partition for the group."""

    code = "reader-fenced"


class GroupNotEmpty(GroupError):
    """The group has live members."""

    code = "group-not-empty"


class ProducerError(KernelError):
    """Root of what idempotent and transactional producers are refused."""

    code = "producer"


class ProducerFenced(ProducerError):
    """A newer incarnation of this producer exists."""

    code = "producer-fenced"


class UnknownProducer(ProducerError):
    """No state about this producer id."""

    code = "unknown-producer"


class OutOfOrderSequence(ProducerError):
    """A batch is missing between the last one and this."""

    code = "out-of-order-sequence"


class InvalidTransactionState(ProducerError):
    """The transaction is not in a state that allows this."""

    code = "invalid-transaction-state"
