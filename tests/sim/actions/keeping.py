"""Documents are put, changed by who has read them, and deleted; streams are given other names."""

from tests.sim.world import STREAMS, Action, World

from dragoman.kernel.aliases import ListAliases, Resolve, SetAlias
from dragoman.kernel.documents import (
    ANY_VERSION,
    NO_VERSION,
    DeleteDocument,
    ListDocuments,
    PutDocument,
)

KIND = "k"
NAMES = ["a", "b", "b/1"]
ALIASES = ["", "x", "y"]


def put_document(world: World) -> None:
    name = world.pick(*NAMES)
    known = world.model.documents.get(name)
    version = NO_VERSION if known is None else known.version
    expected = world.pick(ANY_VERSION, version, version, 1)
    world.bodies += 1
    body = b"%d" % world.bodies
    command = PutDocument(kind=KIND, name=name, body=body, expected=expected)
    put = world.ask(world.client(), command)
    assert (put is not None) == (expected in {ANY_VERSION, version})
    if put is not None:
        assert put.version > version
        world.counts["change a document as it was read"] += expected == version != NO_VERSION


def delete_document(world: World) -> None:
    name = world.pick(*NAMES)
    is_there = name in world.model.documents
    gone = world.ask(world.client(), DeleteDocument(kind=KIND, name=name))
    assert (gone is not None) == is_there


def list_documents(world: World) -> None:
    found = world.ask(world.client(), ListDocuments(kind=KIND, prefix=world.pick("", "b")))
    assert [each.name for each in found] == sorted(each.name for each in found)
    for each in found:
        record = world.model.documents[each.name]
        assert (each.version, each.body) == (record.version, record.body)


def name_a_stream(world: World) -> None:
    stream = world.model.named(world.pick(*STREAMS))
    if stream is None:
        return
    wish = world.pick(*ALIASES)
    command = SetAlias(name=stream.name, protocol="sqs", alias=wish)
    rivals = [
        known
        for known in world.model.streams.values()
        if wish and known is not stream and known.settings.aliases.get("sqs") == wish
    ]
    done = world.ask(world.client(), command) is None and not rivals
    if done and wish:
        client = world.client()
        assert world.ask(client, Resolve(protocol="sqs", name=wish)) == stream.name
        names = world.ask(client, ListAliases(protocol="sqs", names=(stream.name,)))
        assert names == [wish]
        world.counts["resolve a given name"] += 1


MIX: list[tuple[Action, float]] = [
    (put_document, 20),
    (delete_document, 10),
    (list_documents, 5),
    (name_a_stream, 25),
]
MET = ["DeleteDocument", "change a document as it was read", "resolve a given name"]
