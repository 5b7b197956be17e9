"""Somebody is granted what others are not, or denied it; whoever asks is refused exactly what grants say, also after a
crash. Everybody else in the simulation is the broker's own.
"""

from typing import Any

import msgspec
from tests.sim.world import ALL, QUEUES, STREAMS, Action, World

from dragoman.kernel import commands as c
from dragoman.kernel.granting import CreateGrants, DeleteGrants, ListGrants, SetGuard
from dragoman.kernel.permissions import GRANT_KIND, GUARD_KIND, OPERATIONS, STREAM, Grant
from dragoman.kernel.settings import Address
from dragoman.model.errors import AccessRefused, KernelError
from dragoman.model.levels import CANONICAL

PRINCIPALS = ("ann", "bob")
NAMES = (*QUEUES[:3], *STREAMS)
WORDS = ("read", "send", "receive", "delete", "declare", "manage", "all")


def grants(world: World) -> list[Grant]:
    """Those in force, as the model knows them."""
    return [
        msgspec.json.decode(record.body, type=Grant)
        for record in world.model.documents.values()
        if record.kind == GRANT_KIND
    ]


def is_guarded(world: World) -> bool:
    return any(record.kind == GUARD_KIND for record in world.model.documents.values())


def make_grant(world: World) -> None:
    match = world.pick("literal", "literal", "prefix", "all")
    grant = Grant(
        principal=world.pick(*PRINCIPALS, "*"),
        kinds=(STREAM,),
        operations=tuple(world.chance.sample(WORDS, 2)),
        match=match,
        name="" if match == "all" else world.pick(*NAMES, "q"),
        allow=world.pick(True, True, True, False),
    )
    world.ask(world.client(), CreateGrants(grants=(grant,)))


def take_back(world: World) -> None:
    known = grants(world)
    if known:
        gone = world.chance.sample(known, min(len(known), 2))
        assert world.ask(world.client(), DeleteGrants(grants=tuple(gone))) == len(gone)


def list_grants(world: World) -> None:
    found = world.ask(world.client(), ListGrants())
    assert sorted(map(repr, found)) == sorted(map(repr, grants(world)))


def open_up(world: World) -> None:
    world.ask(world.client(), SetGuard(guarded=False))
    assert not is_guarded(world)


def may(world: World, principal: str, name: str, word: str) -> bool:
    """What the grants say, in the plainest words."""
    if not is_guarded(world):
        return True
    about = [
        grant.allow
        for grant in grants(world)
        if grant.principal in {principal, "*"}
        and _matches(grant, name)
        and any(OPERATIONS[said] & OPERATIONS[word] for said in grant.operations)
    ]
    return any(about) and all(about)


def _matches(grant: Grant, name: str) -> bool:
    if grant.match == "literal":
        return name == grant.name
    return grant.match == "all" or name.startswith(grant.name)


def attempt(world: World) -> None:
    """A look that is taken if it is allowed; a change that is refused if it is not."""
    principal, name = world.pick(*PRINCIPALS), world.pick(*NAMES)
    word, command = world.pick(
        ("read", c.Read(name=name)),
        ("receive", c.Lease(name=name)),
        ("send", c.Publish(ALL, Address(name), CANONICAL, [b"no"])),
        ("delete", c.DeleteStream(name=name)),
        ("declare", c.CreateStream(name=name)),
    )
    allowed = may(world, principal, name, word)
    if allowed and word != "read":
        return
    client = world.client()
    client.session.act_as(principal)
    try:
        refused = _is_refused(client.session, command)
    finally:
        client.session.act_as_broker()
    assert refused is not allowed, (principal, word, name)
    world.counts["may not" if refused else "may"] += 1


def _is_refused(session: Any, command: Any) -> bool:
    try:
        session.publish(command) if isinstance(command, c.Publish) else session.submit(command)
    except AccessRefused:
        return True
    except KernelError:
        return False  # for another reason: it was asked
    return False


MIX: list[tuple[Action, float]] = [
    (make_grant, 8),
    (take_back, 3),
    (list_grants, 2),
    (open_up, 2),
    (attempt, 60),
]
MET = ["CreateGrants", "DeleteGrants", "ListGrants", "SetGuard", "may", "may not"]
