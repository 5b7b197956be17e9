"""Who may do what: decided here, for every door, pump and bridge alike.

    grant    in a namespace: a principal (or everybody, from anywhere or one address), kinds of things, a pattern of
             names, operations, and whether they are allowed or denied
    may      some grant allows it, and none denies it

A namespace is *guarded* once the operator says so or its first grant is made, and stays so; there whatever no grant
allows is refused. In a namespace that is not, everybody may do everything, and nothing is looked up: `State.guarded`
is false while none is.

    caller       a principal and the address it comes from, with what was found out about it
    session      speaks for one caller at a time (`act_as`); one that never said for whom is nobody's (ANONYMOUS)
    the broker   pumps, what the operator configures, the admin API on this machine: may do everything, as superusers do

Who may write, delete or change something may also see it (DESCRIBE); who may change settings may read them (INSPECT).
A grant on a stream covers the stream's subscriptions. A grant on a subscription that is called as its stream is about
the queue: to receive from it and to settle, alone.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, NamedTuple

import msgspec

from dragoman.kernel.filters.patterns import whole
from dragoman.model.errors import AccessRefused, InvalidArgument

Match = Literal["literal", "prefix", "all", "re2"]  # a pattern is of whole names

DESCRIBE: Final = 1  # that it is there, and how it stands
INSPECT: Final = 2  # its settings
DECLARE: Final = 4
DELETE: Final = 8  # it, or what is in it
ALTER: Final = 16  # its shape
CONFIGURE: Final = 32  # its settings
SEND: Final = 64
RECEIVE: Final = 128  # by leases
SETTLE: Final = 256
READ: Final = 512  # by cursors, or without taking
PERMIT: Final = 1024  # grants of its very name; no part of "all", which is about the thing itself
MANAGE: Final = INSPECT | DELETE | ALTER | CONFIGURE
ANY: Final = 1023
EVERYTHING: Final = ANY | PERMIT
OPERATIONS: Final[Mapping[str, int]] = {
    "describe": DESCRIBE,
    "inspect": INSPECT,
    "declare": DECLARE,
    "delete": DELETE,
    "alter": ALTER,
    "configure": CONFIGURE,
    "send": SEND,
    "receive": RECEIVE,
    "settle": SETTLE,
    "read": READ,
    "manage": MANAGE,
    "permit": PERMIT,
    "all": ANY,
}
_SHOW: Final = READ | RECEIVE | SETTLE | SEND | DELETE | ALTER | PERMIT  # what implies DESCRIBE
_OF_QUEUE: Final = (
    RECEIVE | SETTLE
)  # what a grant on a stream's own queue, as a subscription, is good for

STREAM: Final = "stream"  # queues among them
SUBSCRIPTION: Final = "subscription"  # beside a stream's queue, by STREAM/NAME
ROUTE: Final = "route"
GROUP: Final = "group"
TRANSACTION: Final = "transaction"  # a transactional id
SCHEMA: Final = "schema"
SNAPSHOT: Final = "snapshot"
PUMP: Final = "pump"
DOCUMENT: Final = "document"  # by KIND/NAME: what doors keep
NAMESPACE: Final = "namespace"  # as a whole; it has no name
NODE: Final = "node"  # the broker itself, which is in no namespace: superusers' alone
KINDS: Final = frozenset(
    (STREAM, SUBSCRIPTION, ROUTE, GROUP, TRANSACTION, SCHEMA, SNAPSHOT, PUMP, DOCUMENT, NAMESPACE)
)

EVERYBODY: Final = "*"  # in a grant
ANONYMOUS: Final = ""  # who did not say who it is
GRANT_KIND: Final = "security.grant"  # of the documents that grants are
GUARD_KIND: Final = "security.guard"  # and of the one that says that the namespace is guarded
RESERVED: Final = frozenset((GRANT_KIND, GUARD_KIND))
BROKER_SESSION: Final = 0  # what the kernel is asked by its own process
CALLERS_MAX: Final = 10_000  # remembered for sessions to come
KNOWN_MAX: Final = 10_000  # names, per caller
TEXT_MAX: Final = 4_096  # of a grant's fields


class Grant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """See the module. `origin` is what the door that made it says of it, given back as it was."""

    principal: str
    kinds: tuple[str, ...]
    operations: tuple[str, ...]
    match: Match = "literal"
    name: str = ""
    allow: bool = True
    host: str = ""  # the address a caller must come from; empty any
    origin: str = ""


class Need(NamedTuple):
    """One of `operations` on something; one of `whole` on its namespace as a whole does as well."""

    namespace: str
    kind: str
    name: str
    operations: int
    whole: int = 0


class _Rule(NamedTuple):
    """A grant, ready to be asked."""

    grant: Grant
    operations: int
    matches: Callable[[str], object]


class Caller:
    """Somebody who asks. `known`: what it may do with (namespace, kind, name), as of `epoch`."""

    __slots__ = ("epoch", "host", "is_super", "known", "principal")

    def __init__(self, principal: str, host: str, *, is_super: bool) -> None:
        self.principal = principal
        self.host = host
        self.is_super = is_super
        self.epoch = 0
        self.known: dict[tuple[str, str, str], int] = {}


class Permissions:
    """All grants, and who speaks in which session."""

    __slots__ = (
        "_always",
        "_broker",
        "_callers",
        "_marked",
        "_nobody",
        "_rules",
        "_sessions",
        "epoch",
        "guarded",
        "superusers",
    )

    def __init__(self) -> None:
        self.superusers: frozenset[str] = frozenset()
        self.guarded: frozenset[str] = frozenset()  # namespaces: those two together
        self._always: frozenset[str] = frozenset()  # by the operator
        self._marked: frozenset[str] = frozenset()  # by their first grant
        self.epoch = 1  # another whenever a grant comes or goes
        self._rules: dict[tuple[str, str], dict[str, _Rule]] = {}  # (namespace, principal)
        self._broker = Caller("", "", is_super=True)
        self._nobody = Caller(ANONYMOUS, "", is_super=False)
        self._callers: dict[tuple[str, str], Caller] = {}
        self._sessions: dict[int, Caller] = {BROKER_SESSION: self._broker}

    # --- who speaks ---

    def act_as(self, session: int, principal: str, host: str) -> None:
        """The session speaks for a principal from now on."""
        caller = self._callers.get((principal, host))
        if caller is None:
            if len(self._callers) >= CALLERS_MAX:
                self._callers.clear()
            caller = Caller(principal, host, is_super=principal in self.superusers)
            self._callers[principal, host] = caller
        self._sessions[session] = caller

    def act_as_broker(self, session: int) -> None:
        """The session speaks for the broker itself from now on."""
        self._sessions[session] = self._broker

    def forget(self, session: int) -> None:
        """It is over."""
        self._sessions.pop(session, None)

    # --- what it may ---

    def check(self, session: int, needs: Iterable[Need]) -> None:
        """Raises AccessRefused unless every need is met."""
        caller = self._sessions.get(session, self._nobody)
        if caller.is_super:
            return
        for need in needs:
            if not self._may(caller, need):
                who = caller.principal or "anonymous"
                why = f"{who} may not do this with {_spoken(need)}"
                raise AccessRefused(why, need.kind, need.name, who)

    def may(self, session: int, need: Need) -> bool:
        """Whether the need is met."""
        caller = self._sessions.get(session, self._nobody)
        return caller.is_super or self._may(caller, need)

    def standing(self, session: int) -> tuple[str, str, bool, int]:
        """Names who speaks and all that was granted so far: while it is the same, so is what the session may."""
        caller = self._sessions.get(session, self._nobody)
        return caller.principal, caller.host, caller.is_super, self.epoch

    def operations(self, session: int, kind: str, name: str, namespace: str) -> int:
        """All that the session may do with something."""
        caller = self._sessions.get(session, self._nobody)
        if caller.is_super:
            return EVERYTHING
        self._may(caller, Need(namespace, kind, name, EVERYTHING))
        return self._bits(caller, namespace, kind, name)

    def anywhere(self, session: int, need: Need) -> bool:
        """Whether the need is met by some name of its kind that is not denied outright; `need.name` says nothing."""
        caller = self._sessions.get(session, self._nobody)
        if caller.is_super or need.namespace not in self.guarded:
            return True
        allowed, denied = 0, 0
        for rule in self._of(caller, need.namespace):
            if need.kind in rule.grant.kinds:
                if rule.grant.allow:
                    allowed |= rule.operations
                elif rule.grant.match == "all":
                    denied |= rule.operations
        return bool(allowed & ~denied & need.operations)

    def _may(self, caller: Caller, need: Need) -> bool:
        if caller.epoch != self.epoch or len(caller.known) >= KNOWN_MAX:
            caller.known.clear()
            caller.epoch = self.epoch
        if self._bits(caller, need.namespace, need.kind, need.name) & need.operations:
            return True
        whole = need.whole
        return bool(whole and self._bits(caller, need.namespace, NAMESPACE, "") & whole)

    def _bits(self, caller: Caller, namespace: str, kind: str, name: str) -> int:
        key = (namespace, kind, name)
        found = caller.known.get(key)
        if found is None:
            found = caller.known[key] = self._allowed(caller, *key)
        return found

    def _allowed(self, caller: Caller, namespace: str, kind: str, name: str) -> int:
        """All operations that the caller may carry out on it."""
        if kind != NODE and namespace not in self.guarded:
            return EVERYTHING
        allowed, denied = 0, 0
        for rule in self._of(caller, namespace):
            operations = _covered(rule, kind, name)
            if rule.grant.allow:
                allowed |= operations
            else:
                denied |= operations
        if allowed & _SHOW:
            allowed |= DESCRIBE
        if allowed & CONFIGURE:
            allowed |= INSPECT
        return allowed & ~denied

    def _of(self, caller: Caller, namespace: str) -> Iterable[_Rule]:
        for principal in (caller.principal, EVERYBODY):
            for rule in self._rules.get((namespace, principal), {}).values():
                if rule.grant.host in ("", caller.host):
                    yield rule

    # --- grants ---

    def configure(self, superusers: Iterable[str], guarded: Iterable[str]) -> None:
        """As the operator says."""
        self.superusers = frozenset(superusers)
        self._always = frozenset(guarded)
        self._callers.clear()
        self._guard()

    def mark(self, namespace: str) -> None:
        """What no grant allows is refused there from now on."""
        self._marked |= {namespace}
        self._guard()

    def unmark(self, namespace: str) -> None:
        """Everybody may do everything there from now on, unless the operator guards it."""
        self._marked -= {namespace}
        self._guard()

    def _guard(self) -> None:
        self.guarded = self._always | self._marked
        self.epoch += 1

    def add(self, namespace: str, id: str, grant: Grant) -> None:
        """It is in force."""
        rules = self._rules.setdefault((namespace, grant.principal), {})
        rules[id] = _Rule(grant, bits_of(grant.operations), _matcher(grant))
        self.epoch += 1

    def drop(self, namespace: str, id: str, grant: Grant) -> None:
        """It is not."""
        rules = self._rules.get((namespace, grant.principal), {})
        rules.pop(id, None)
        if not rules:
            self._rules.pop((namespace, grant.principal), None)
        self.epoch += 1


def subscription_name(stream: str, subscription: str) -> str:
    """What needs call a subscription beside its stream's queue."""
    return f"{stream}\0{subscription}"


def reader_need(namespace: str, stream: str, subscription: str, operations: int) -> Need:
    """Of a stream's queue, or of another subscription of it."""
    if subscription in ("", stream):
        return Need(namespace, STREAM, stream, operations)
    return Need(namespace, SUBSCRIPTION, subscription_name(stream, subscription), operations)


def _covered(rule: _Rule, kind: str, name: str) -> int:
    """The operations that the rule is about, with something: none if it is about something else."""
    kinds = rule.grant.kinds
    found = 0
    if kind == SUBSCRIPTION:
        if STREAM in kinds and rule.matches(name.partition("\0")[0]):
            found = rule.operations & ~PERMIT  # which is about the very name
        name = name.replace("\0", "/")
    elif kind == STREAM and SUBSCRIPTION in kinds and rule.matches(f"{name}/{name}"):
        found = rule.operations & _OF_QUEUE
    if kind in kinds and rule.matches(name):
        found |= rule.operations
    return found


def _spoken(need: Need) -> str:
    return f"{need.kind} {need.name}".replace("\0", "/").strip()


def bits_of(operations: Iterable[str]) -> int:
    """Of operations by name."""
    found = 0
    for operation in operations:
        found |= OPERATIONS[operation]
    return found


def check_grant(grant: Grant) -> None:
    """Raises InvalidArgument."""
    if not grant.kinds or not KINDS.issuperset(grant.kinds):
        raise InvalidArgument(f"a grant is on {', '.join(sorted(KINDS))}")
    if not OPERATIONS.keys() >= set(grant.operations):
        raise InvalidArgument(f"operations are {', '.join(OPERATIONS)}")
    if max(map(len, (grant.principal, grant.name, grant.host, grant.origin))) > TEXT_MAX:
        raise InvalidArgument(f"a grant's texts have at most {TEXT_MAX} characters")
    _matcher(grant)


def _matcher(grant: Grant) -> Callable[[str], object]:
    """Raises InvalidArgument."""
    wanted = grant.name
    if grant.match == "all":
        return lambda _: True
    if grant.match == "literal":
        return wanted.__eq__
    if grant.match == "prefix":
        return lambda name: name.startswith(wanted)
    return whole(wanted)
