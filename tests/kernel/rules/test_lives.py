"""Lives of a node with rules, from seeds, beside plain lists: rules on a stream, a binding and a subscription change while
messages flow, checkpoints are made and the process is killed. Faults that are planted must be found.

    publish -> orders (rule `gate`) -> queue `orders`
                                    -> subscription `desk` (rule `cut`), its dead letters in `desk/dead`
            -> route `shop` -> binding (rule `tag`) -> billing
"""

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.kernel.leases.made import bodies
from tests.kernel.topic import Topic

from dragoman.kernel import copies, each, publish
from dragoman.kernel.commands import Bind, DeclareQueue, DeclareRoute, DescribeQueue, Lease, Publish
from dragoman.kernel.leases import index
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.seek import AlterSubscription, Seek
from dragoman.kernel.rules.book import Book
from dragoman.kernel.rules.commands import GetRule, PutRule
from dragoman.kernel.rules.judging import Judging
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.kernel.settings import Address, BindingSettings, StreamSettings, SubscriptionSettings
from dragoman.model.errors import MessageInvalid
from dragoman.model.levels import CANONICAL
from dragoman.runtime import extents

COLOURS = ("red", "blue", "green")
QUEUES = ("orders", "orders/dead", "billing", "desk/dead")
STEPS = 40
FAST, ALL = range(4), range(60)


class Life:
    """A node, and what its readers are to get."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.topic = Topic()
        self.wanted: dict[str, list[bytes]] = {name: [] for name in (*QUEUES, "desk")}
        self.history: list[bytes] = []  # all that the desk was ever to get
        self.counts: Counter[str] = Counter()  # of this life of the process
        self.met: Counter[str] = Counter()
        self.refused: tuple[str, str] = (
            "",
            "reject",
        )  # by `gate`: a colour, and what becomes of it
        self.tags = {"tag": "x", "cut": "x"}
        self.unwanted = ""  # by `cut`
        self.rejects: Any = "drop"
        self.rules: tuple[str, ...] = ("cut",)
        self.sent = 0
        keep = StreamSettings(retention_ms=-1)
        for name in QUEUES:
            self.submit(DeclareQueue(name=name, stream=keep))
        for name in ("gate", "tag", "cut"):
            self.change(name)
        self.submit(DeclareRoute(name="shop"))
        self.submit(
            Bind(route="shop", target="billing", binding=BindingSettings(key="k", rules=("tag",)))
        )
        settings = SubscriptionSettings(rules=self.rules, dead_letter=Address("desk/dead"))
        self.submit(CreateSubscription(name="orders", subscription="desk", settings=settings))

    def submit(self, command: Any) -> Any:
        return self.topic.submit(command)

    def change(self, name: str) -> None:
        """Another version of a rule."""
        pick = self.chance.choice
        if name == "gate":
            colour = pick(COLOURS)
            bad: Any = pick(("reject", "drop", "dead-letter", "pass"))
            self.refused = (colour, bad)
            settings = RuleSettings(on=("orders",), check=f"h.colour != '{colour}'", bad=bad)
        elif name == "tag":
            self.tags[name] = pick("xyz")
            settings = RuleSettings(headers={"tag": f"'{self.tags[name]}'"})
        else:
            self.tags[name] = pick("xyz")
            self.unwanted, self.rejects = pick(COLOURS), pick(("reject", "drop"))
            check = f"h.colour != '{self.unwanted}'"
            settings = RuleSettings(
                headers={"tag": f"'{self.tags[name]}'"}, check=check, bad=self.rejects
            )
        self.submit(PutRule(name=name, settings=settings))
        self.counts[f"{name} seen"] = self.counts[f"{name} bad"] = 0
        self.met[f"change {name}"] += 1

    def step(self) -> None:
        steps: list[tuple[Callable[[], None], int]] = [
            (self.publish, 30), (self.publish_through_route, 10), (self.take, 20), (self.seek, 3),
            (self.assign, 4), (self.crash, 4), (self.checkpoint, 6), (self.judge_counts, 5),
            (lambda: self.change(self.chance.choice(("gate", "tag", "cut"))), 15),
        ]  # fmt: skip
        ((step, _),) = self.chance.choices(steps, [weight for _, weight in steps])
        step()
        self.topic.node.settle()

    def publish(self) -> None:
        made = [
            (self.sent + at, self.chance.choice(COLOURS)) for at in range(self.chance.randint(1, 4))
        ]
        self.sent += len(made)
        colour, bad = self.refused
        texts = [f"{number};colour={each}".encode() for number, each in made]
        if bad == "reject" and any(each == colour for _, each in made):
            self.counts["gate seen"] += len(made)
            self.counts["gate bad"] += sum(each == colour for _, each in made)
            with pytest.raises(MessageInvalid):
                self.send("orders", texts)
            self.met["refused"] += 1
            return
        self.send("orders", texts)
        for text, (_, painted) in zip(texts, made, strict=True):
            self.arrive(text, painted)

    def arrive(self, text: bytes, colour: str) -> None:
        """At `orders`: what its rule and the desk's make of it."""
        self.counts["gate seen"] += 1
        if colour == self.refused[0]:
            bad = self.refused[1]
            self.counts["gate bad"] += 1
            self.met[bad] += 1
            if bad == "dead-letter":
                self.wanted["orders/dead"].append(text + b"|rule")
            if bad != "pass":
                return
        self.wanted["orders"].append(text)
        if not self.rules:
            self.want_at_desk(text, is_copy=False)
            return
        self.counts["cut seen"] += 1
        if colour != self.unwanted:
            self.want_at_desk(text + f",tag={self.tags['cut']}".encode(), is_copy=True)
            return
        self.counts["cut bad"] += 1
        self.met[f"desk {self.rejects}"] += 1
        if self.rejects == "reject":
            self.wanted["desk/dead"].append(text + b"|rule")

    def want_at_desk(self, text: bytes, *, is_copy: bool) -> None:
        self.wanted["desk"].append(text)
        if is_copy:
            self.history.append(text)

    def publish_through_route(self) -> None:
        text = f"{self.sent};colour=red".encode()
        self.sent += 1
        self.send(Address("shop", "k", True), [text])
        self.counts["tag seen"] += 1
        self.wanted["billing"].append(text + f",tag={self.tags['tag']}".encode())

    def send(self, to: str | Address, texts: list[bytes]) -> None:
        address = Address(to) if isinstance(to, str) else to
        self.topic.session.publish(Publish("default", address, CANONICAL, texts))

    def take(self) -> None:
        name = self.chance.choice((*QUEUES, "desk"))
        most = self.chance.randint(1, 5)
        for delivery in self.lease(name, most):
            count = delivery.end - delivery.start
            assert delivery.bodies == self.wanted[name][:count], name
            del self.wanted[name][:count]
            self.topic.settle(delivery, "ack")

    def lease(self, name: str, count_max: int) -> list[Any]:
        where = ("orders", "desk") if name == "desk" else (name, "")
        command = Lease(name=where[0], subscription=where[1], count_max=count_max)
        found: list[Any] = self.submit(command)
        return found

    def seek(self) -> None:
        """The desk goes back to the beginning: what it ever got of copies is there again."""
        if self.rules:
            self.submit(Seek(name="orders", subscription="desk", offset=0))
            self.wanted["desk"] = list(self.history)
            self.met["seek"] += 1

    def assign(self) -> None:
        self.rules = () if self.rules else ("cut",)
        info = self.submit(DescribeQueue(name="orders", subscription="desk"))
        settings = msgspec.structs.replace(info.settings, rules=self.rules)
        self.submit(AlterSubscription(name="orders", subscription="desk", settings=settings))
        self.met["assign"] += 1

    def crash(self) -> None:
        self.topic.node.settle()
        self.topic.start()
        self.counts.clear()
        self.met["crash"] += 1

    def checkpoint(self) -> None:
        self.topic.node.checkpoint()
        self.met["checkpoint"] += 1

    def judge_counts(self) -> None:
        for name in ("gate", "tag", "cut"):
            info = self.submit(GetRule(name=name))
            wanted = (self.counts[f"{name} seen"], self.counts[f"{name} bad"])
            assert (info.seen, info.bad) == wanted, name

    def end(self) -> None:
        """What is left is what was to be."""
        self.judge_counts()
        for name, wanted in self.wanted.items():
            found: list[bytes] = []
            while taken := bodies(self.lease(name, 100)):
                found += taken
            assert found == wanted, name


def live(seed: int) -> Counter[str]:
    life = Life(seed)
    for _ in range(STEPS):
        life.step()
    life.end()
    return life.met


def test_rules_do_what_they_say_whatever_happens() -> None:
    for seed in FAST:
        live(seed)


@pytest.mark.slow
def test_many_lives_meet_everything() -> None:
    met: Counter[str] = Counter()
    for seed in ALL:
        met += live(seed)
    expected = {
        "refused", "drop", "dead-letter", "pass", "desk reject", "desk drop", "seek", "assign", "crash", "checkpoint",
        "change gate", "change tag", "change cut",
    }  # fmt: skip
    assert {name for name in expected if met[name] > 10} == expected, met


Patch = pytest.MonkeyPatch


def _rules_stay_as_they_were(patch: Patch) -> None:
    real = Book.put

    def put(self: Book, namespace: str, name: str, body: bytes) -> None:
        if (namespace, name) not in self.by_key:
            real(self, namespace, name, body)

    patch.setattr(Book, "put", put)


def _copies_are_not_judged(patch: Patch) -> None:
    patch.setattr(copies, "run", lambda state, rules, parcel: None)


def _rejected_messages_vanish(patch: Patch) -> None:
    patch.setattr(publish, "_bury_rejected", lambda state, draft: None)


def _dead_letters_vanish(patch: Patch) -> None:
    patch.setattr(publish, "letter_of", lambda *args: None)


def _what_is_bad_is_refused_by_nobody(patch: Patch) -> None:
    patch.setattr(Judging, "check", lambda self: None)


def _bindings_forget_their_rules(patch: Patch) -> None:
    real = each._way
    patch.setattr(each, "_way", lambda *args: (real(*args)[0], {}))


def _a_checkpoint_forgets_whose_copies_are(patch: Patch) -> None:
    real = extents.block_of

    def block_of(row: bytes) -> Any:
        found = real(row)
        found.taker = 0
        return found

    patch.setattr("dragoman.runtime.recovery.block_of", block_of)


def _a_seek_brings_what_was_sent(patch: Patch) -> None:
    real = index.backlog

    def backlog(translator: Any, partition: Any, start: int, settings: Any, reader: int) -> Any:
        settings = msgspec.structs.replace(settings, rules=())
        return real(translator, partition, start, settings, reader)

    patch.setattr("dragoman.kernel.topology.backlog", backlog)


@pytest.mark.slow
@pytest.mark.skipif(
    not str(copies.__file__).endswith(".py"), reason="compiled modules cannot be changed"
)
@pytest.mark.parametrize(
    "plant",
    [
        _rules_stay_as_they_were,
        _copies_are_not_judged,
        _rejected_messages_vanish,
        _dead_letters_vanish,
        _what_is_bad_is_refused_by_nobody,
        _bindings_forget_their_rules,
        _a_checkpoint_forgets_whose_copies_are,
        _a_seek_brings_what_was_sent,
    ],
)
def test_a_planted_fault_is_found(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    for seed in ALL:
        try:
            live(seed)
        except (AssertionError, pytest.fail.Exception):
            return
    pytest.fail("nobody noticed")
