"""What rules make of a publish: of what goes to a stream that they judge, and of what bindings with rules hand on.

    message -> rules of its binding -> rules of the stream -> as it is, or another one
                                                           -> refused: nothing of the publish is taken
                                                           -> buried, dropped: a gap in a stream that was named

A publish with a refused message is refused whole, and says which messages: doors whose senders hear of each message by
itself publish the others again (`MessageInvalid.faults`). Where nobody would hear of it, what would be refused is
buried, or dropped.

A batch of Kafka's transactions is stored as it came, since its readers know by its head whose it is: it is taken whole
or refused, whatever its rules would do.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from dragoman.kernel.commands import Publish
from dragoman.kernel.routes.binding import PLAIN, Passage
from dragoman.kernel.rules.book import NO_RULES
from dragoman.kernel.rules.fault import BadMessage, Fault
from dragoman.kernel.rules.rule import Parcel, run
from dragoman.kernel.rules.settings import DEAD
from dragoman.kernel.settings import Address
from dragoman.model.errors import InvalidArgument, MessageInvalid, MessageTooLarge
from dragoman.model.limits import JUDGED_MAX
from dragoman.ports.translator import Death

if TYPE_CHECKING:
    from dragoman.kernel.entities import Stream
    from dragoman.kernel.leases.index import Reading
    from dragoman.kernel.state import State

REASON: Final = "rule"
GIVEN_UP: Final = "rule"
CHANGED: Final = "a batch of a transaction is stored as it is, and a rule would change it"


class Letter:
    """A bad message, and where it is buried."""

    __slots__ = ("body", "fault", "format", "stream")

    def __init__(self, stream: "Stream", parcel: Parcel, fault: Fault) -> None:
        self.stream = stream
        self.format = parcel.format
        self.body = parcel.body
        self.fault = fault

    @property
    def address(self) -> str:
        """The stream that it goes to."""
        return self.fault.dead_letter or self.stream.name + DEAD


class Judged:
    """What rules made of one message: streams that take it as it is, those that take another one, those that do not."""

    __slots__ = ("changed", "gone", "plain")

    def __init__(self, plain: "tuple[Stream, ...]") -> None:
        self.plain = plain
        self.changed: list[tuple[Stream, Parcel]] = []
        self.gone: list[Stream] = []


class Judging:
    """One publish before its rules; those of streams count if `on_streams`.

    refused   by index of the message, why
    letters   what is to be buried
    gone      whether anything was taken away; changed: whether anything is another message now
    """

    __slots__ = (
        "_is_told",
        "_is_trial",
        "_is_vouched",
        "_is_whole",
        "_on_streams",
        "_state",
        "changed",
        "gone",
        "letters",
        "refused",
    )

    def __init__(
        self, state: "State", command: Publish, on_streams: bool, *, is_trial: bool = False
    ) -> None:
        self._state = state
        self._is_trial = is_trial
        self._on_streams = on_streams
        self._is_told = command.is_told and on_streams
        self._is_vouched = command.is_vouched
        producer = command.producer
        self._is_whole = producer is not None and producer.transactional
        self.gone = False
        self.changed = False
        self.refused: dict[int, str] = {}
        self.letters: list[Letter] = []

    def judge_all(
        self,
        streams: "tuple[Stream, ...]",
        passages: "Mapping[int, Passage] | None",
        reading: "Reading",
        index: int,
    ) -> Judged:
        """A message on its way to several streams. Raises RuleNotFound, MessageTooLarge."""
        judged = Judged(streams)
        is_asked = self._on_streams and has_rules(self._state, streams, is_vouched=self._is_vouched)
        if not passages and not is_asked:
            return judged
        check_count(index)
        plain: list[Stream] = []
        for stream in streams:
            passage = PLAIN if passages is None else passages.get(stream.id, PLAIN)
            body, source = reading.bodies()[index], reading.fields()[index]
            parcel = Parcel(reading.format, body, source)
            taker = self.judge(stream, parcel, index, passage)
            if taker is None:
                judged.gone.append(stream)
            elif taker is stream and not parcel.is_changed:
                plain.append(stream)
            else:
                judged.changed.append((taker, parcel))
                self.changed = True
                if self._is_whole:
                    self.refused[index] = CHANGED
        judged.plain = streams if len(plain) == len(streams) else tuple(plain)
        return judged

    def judge(
        self, stream: "Stream", parcel: Parcel, index: int, passage: Passage = PLAIN
    ) -> "Stream | None":
        """The stream that takes the message, which the parcel then holds; None when none does. Raises RuleNotFound."""
        state = self._state
        if passage.headers_set:
            parcel.change_headers(state, passage.headers_set)
        rules = state.rules.named(stream.namespace, passage.rules)
        fault = run(state, rules, parcel)
        if fault is None and parcel.target:
            target = state.streams_named.get((stream.namespace, parcel.target))
            if target is None:
                error = BadMessage("set.target", f"no stream is called {parcel.target:.100}")
                fault = rules[-1].fault_of(error)
            else:
                stream = target
        if fault is None and self._on_streams:
            judges = state.rules.on.get((stream.namespace, stream.name), NO_RULES)
            if self._is_vouched and judges and judges[0].is_native:
                judges = judges[1:]
            fault = run(state, judges, parcel)
        if fault is None:
            return stream
        self._give_up(stream, parcel, index, fault)
        return None

    def _give_up(self, stream: "Stream", parcel: Parcel, index: int, fault: Fault) -> None:
        self.gone = True
        if self._is_whole or (fault.bad == "reject" and self._is_told):
            self.refused[index] = fault.text
        elif self._is_trial:
            return
        elif fault.bad == "drop" or not self._has_grave(stream, fault):
            self._state.given_up.record(GIVEN_UP, 1, lettered=0)
        else:
            self._state.given_up.record(GIVEN_UP, 1, lettered=1)
            self.letters.append(Letter(stream, parcel, fault))

    def _has_grave(self, stream: "Stream", fault: Fault) -> bool:
        name = fault.dead_letter or stream.name + DEAD
        return (stream.namespace, name) in self._state.streams_named

    def check(self) -> None:
        """Raises MessageInvalid when anything is refused."""
        if self.refused:
            raise MessageInvalid(next(iter(self.refused.values())), self.refused)


def has_rules(state: "State", streams: "tuple[Stream, ...]", *, is_vouched: bool = False) -> bool:
    """Whether any of them has rules that are to be asked: `is_vouched` is of a publish."""
    on = state.rules.on
    for stream in streams:
        rules = on.get((stream.namespace, stream.name))
        if rules is not None and not (is_vouched and len(rules) == 1 and rules[0].is_native):
            return True
    return False


def refuse_bad(state: "State", command: Publish) -> None:
    """Of what waits for its time: refuse now what a rule would refuse then, while whoever sends it is there. Raises
    MessageInvalid.
    """
    if command.address.is_route or not command.is_told:
        return
    stream = state.streams_named.get((command.namespace, command.address.name))
    if stream is None or not has_rules(state, (stream,), is_vouched=command.is_vouched):
        return
    judging = Judging(state, command, True, is_trial=True)
    for index, body in enumerate(command.bodies):
        source = state.translator.fields(command.format, body, 0)
        judging.judge(stream, Parcel(command.format, body, source), index)
    judging.check()


def check_count(count: int) -> None:
    """Raises MessageTooLarge."""
    if count >= JUDGED_MAX:
        raise MessageTooLarge(f"{count} messages at once, rules look at {JUDGED_MAX}")


def letter_of(state: "State", letter: Letter, now_ms: int, hops: int) -> Publish | None:
    """The publish that buries it; None when it has been there before."""
    death = Death(REASON, letter.stream.name, now_ms, "", letter.fault.text)
    format_, body = letter.format, letter.body
    try:
        lettered = state.translator.dead_letter(format_, body, death)
    except InvalidArgument:
        lettered = (format_, body)  # unreadable: as it is
    if lettered is None:
        return None
    command = Publish(letter.stream.namespace, Address(letter.address), lettered[0], [lettered[1]])
    command.hops = hops
    return command
