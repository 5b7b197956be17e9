"""Transactions of one connection (part 4): what is sent and settled within one is gathered, and becomes one atomic set.

    declare    on a link to the coordinator -> Declared, a name
    transfer, disposition with that name    -> gathered; answered at once, in the transaction's words
    discharge  -> all of it at once, told when it is durable; or nothing: what was settled is held as before

A refusal of any part refuses the set (`amqp:transaction:rollback`). What is open when its link closes is undone.
"""

from collections.abc import Callable, Sequence
from typing import Final

from dragoman.doors.shared.amqp10.profile import Incoming, Intake, Refused, Terms
from dragoman.kernel.api import Atomic, Publish, PublishReply, Session, Settle
from dragoman.model.errors import KernelError
from dragoman.model.levels import WRITTEN
from dragoman.wire.amqp10.composites import from_bytes
from dragoman.wire.amqp10.decode import DecodeError
from dragoman.wire.amqp10.errors import (
    DECODE_ERROR,
    RESOURCE_LIMIT_EXCEEDED,
    TRANSACTION_ROLLBACK,
    UNKNOWN_TRANSACTION,
    Error,
)
from dragoman.wire.amqp10.messaging import ACCEPTED, Declare, Declared, Discharge, Rejected
from dragoman.wire.amqp10.sections import VALUE, slice_message

OPEN_MAX: Final = 100  # of one connection
COMMANDS_MAX: Final = 4_096  # of one transaction
BYTES_MAX: Final = 16 << 20  # of messages in one
ID_BYTES: Final = 16
CREDIT: Final = 100
_VALUE_HEAD: Final = 3  # a descriptor of one byte before the value

Undo = Callable[[], None]


class Transaction:
    """What is gathered, and what makes a settlement undone."""

    __slots__ = ("commands", "size", "undo")

    def __init__(self) -> None:
        self.commands: list[Publish | Settle] = []
        self.undo: list[Undo] = []
        self.size = 0

    def add(self, command: Publish | Settle) -> None:
        """Raises Refused."""
        if isinstance(command, Publish):
            self.size += sum(map(len, command.bodies))
        if len(self.commands) >= COMMANDS_MAX or self.size > BYTES_MAX:
            raise Refused(RESOURCE_LIMIT_EXCEEDED, "too much for one transaction")
        self.commands.append(command)

    def roll_back(self) -> None:
        """Nothing of it was."""
        for undo in self.undo:
            undo()


class Transactions:
    """Those that are open, by name."""

    __slots__ = ("open",)

    def __init__(self) -> None:
        self.open: dict[bytes, Transaction] = {}

    def find(self, name: bytes) -> Transaction:
        """Raises Refused."""
        found = self.open.get(name)
        if found is None:
            raise Refused(UNKNOWN_TRANSACTION, "there is no such transaction")
        return found


class Coordinator:
    """The sink of a link to the coordinator: see `profile.Sink`."""

    credit = CREDIT

    def __init__(self, session: Session, transactions: Transactions) -> None:
        self.terms = Terms()
        self._session = session
        self._transactions = transactions
        self._mine: dict[bytes, None] = {}

    def take(self, run: Sequence[Incoming]) -> Sequence[Intake]:
        """See `profile.Sink`: a message is one request, refused alone."""
        found: list[Intake] = []
        for incoming in run:
            try:
                found.append(self._carry_out(read_request(incoming.payload)))
            except Refused as error:
                found.append(Intake(1, None, Rejected(error.error)))
        return found

    def _carry_out(self, request: Declare | Discharge) -> Intake:
        """Raises Refused."""
        if isinstance(request, Declare):
            return Intake(1, None, Declared(self._declare(request)))
        name = bytes(request.txn_id)
        transaction = self._transactions.find(name)
        if name not in self._mine:
            raise Refused(UNKNOWN_TRANSACTION, "another link has begun it")
        self._forget(name)
        if request.fail:
            transaction.roll_back()
            return Intake(1, None, ACCEPTED)
        return self._commit(transaction)

    def _declare(self, request: Declare) -> bytes:
        if request.global_id is not None:
            raise Refused(UNKNOWN_TRANSACTION, "there are no distributed transactions")
        if len(self._transactions.open) >= OPEN_MAX:
            raise Refused(RESOURCE_LIMIT_EXCEEDED, f"a connection has {OPEN_MAX} transactions")
        name = self._session.token(ID_BYTES)
        self._transactions.open[name] = Transaction()
        self._mine[name] = None
        return name

    def _forget(self, name: bytes) -> None:
        del self._mine[name]
        del self._transactions.open[name]

    def _commit(self, transaction: Transaction) -> Intake:
        try:
            replies = self._session.submit(Atomic(tuple(transaction.commands)))
        except KernelError as error:
            transaction.roll_back()
            return Intake(1, None, Rejected(Error(TRANSACTION_ROLLBACK, str(error))))
        intake = Intake(1, None, ACCEPTED)
        levels = [reply.level for reply in replies if isinstance(reply, PublishReply)]
        intake.position = self._session.position()
        intake.level = max([WRITTEN, *levels])
        return intake

    def close(self) -> None:
        """See `profile.Sink`: what is not discharged is undone."""
        for name in list(self._mine):
            self._transactions.find(name).roll_back()
            self._forget(name)


def read_request(payload: bytes) -> Declare | Discharge:
    """What a message to the coordinator says. Raises Refused."""
    try:
        found = slice_message(payload)
        if found.shape == VALUE:
            value = from_bytes(payload, found.body + _VALUE_HEAD)[0]
            if isinstance(value, Declare | Discharge):
                return value
    except DecodeError as error:
        raise Refused(DECODE_ERROR, str(error)) from None
    raise Refused(DECODE_ERROR, "neither declare nor discharge")
