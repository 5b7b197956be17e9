import pytest
from tests.kernel.transactions.writer import ABORT, Writer, got, seen, topic
from tests.runtime.engine import Engine
from tests.runtime.node import ack, declare, publish

from dragoman.kernel.commands import (
    Consume,
    DescribeQueue,
    DescribeStream,
    PurgeQueue,
    Read,
)
from dragoman.kernel.groups.commands import CommitCursors, ListCursors
from dragoman.kernel.transactions.commands import (
    AddCursors,
    InitProducer,
    ListProducers,
    ListTransactions,
    PendingCursors,
    ProducerIdentity,
)
from dragoman.model.errors import (
    InvalidTransactionState,
    PartitionNotFound,
    ProducerFenced,
    StreamNotFound,
    UnknownProducer,
)
from dragoman.model.levels import CANONICAL
from dragoman.model.limits import PRODUCER_EPOCH_MAX


def test_isolated_cursors_see_nothing_before_the_commit_and_everything_after() -> None:
    node = Engine().start()
    session = node.connect()
    topic(session, "t")
    publish(session, "t", b"0")
    writer = Writer(session)
    writer.begin("t")
    assert writer.write("t", b"1", b"2") == 1
    publish(session, "t", b"3")
    node.settle()
    assert seen(session, "t") == [b"0"]
    assert session.submit(DescribeStream(name="t")).partitions[0].stable == 1
    everything = session.submit(Read(name="t", offset=0))
    assert len([body for block in everything.blocks for body in block.bodies]) == 4
    writer.end()
    node.settle()
    assert seen(session, "t") == [b"0", b"1", b"2", b"3"]
    assert session.submit(DescribeStream(name="t")).partitions[0].stable == 5, "with the marker"


def test_an_aborted_transaction_is_named_in_what_isolated_cursors_read() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    topic(session, "t")
    writer = Writer(session)
    for commit in (False, True, False):
        writer.begin("t")
        writer.write("t", b"yes" if commit else b"no")
        writer.end(commit=commit)
    node.settle()
    assert seen(session, "t") == [b"yes"]
    assert session.submit(Read(name="t", offset=1, isolated=True)).aborted == [(writer.me.id, 4)]
    node.checkpoint()
    assert seen(engine.start().connect(), "t") == [b"yes"]


def test_leased_readers_step_over_what_is_pending_and_get_it_on_commit() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    writer = Writer(session)
    writer.begin("q")
    publish(session, "q", b"0")
    writer.write("q", b"1", b"2")
    publish(session, "q", b"3")
    assert session.submit(DescribeQueue(name="q")).ready == 2
    session.submit(Consume(name="q", credit_max=10))
    assert got(node, session) == [b"0", b"3"]
    assert session.submit(DescribeQueue(name="q")).ready == 0
    writer.end()
    assert got(node, session) == [b"1", b"2"]


def test_leased_readers_never_see_what_was_aborted_whether_they_passed_it_or_not() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "passed")
    declare(session, "waiting")
    writer = Writer(session)
    writer.begin("passed", "waiting")
    for name in ("passed", "waiting"):
        writer.write(name, b"no")
        publish(session, name, b"yes")
    session.submit(Consume(name="passed", credit_max=10))
    assert got(node, session) == [b"yes"]
    writer.end(commit=False)
    assert session.submit(DescribeQueue(name="passed")).ready == 0
    assert session.submit(DescribeQueue(name="waiting")).ready == 1
    session.submit(Consume(name="waiting", credit_max=10))
    assert got(node, session) == [b"yes"]


def test_a_purge_leaves_what_is_pending() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    writer = Writer(session)
    writer.begin("q")
    publish(session, "q", b"0")
    writer.write("q", b"1")
    publish(session, "q", b"2")
    assert session.submit(PurgeQueue(name="q")) == 2
    writer.end()
    session.submit(Consume(name="q", credit_max=10))
    assert got(node, session) == [b"1"]


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("commit", [False, True])
def test_an_open_transaction_goes_on_after_a_restart(*, checkpoint: bool, commit: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    topic(session, "t")
    writer = Writer(session)
    writer.begin("q", "t")
    writer.write("q", b"1")
    writer.write("t", b"1")
    publish(session, "q", b"x")
    session.submit(Consume(name="q", credit_max=1))
    node.settle()
    for each in node.deliveries(session):
        ack(session, each)
    node.settle()
    if checkpoint:
        node.checkpoint()
    node = engine.start()
    session = node.connect()
    writer.session = session
    assert seen(session, "t") == []
    assert session.submit(DescribeQueue(name="q")).ready == 0
    writer.write("q", b"2")
    writer.end(commit=commit)
    node.settle()
    node.checkpoint()
    node = engine.start()
    session = node.connect()
    session.submit(Consume(name="q", credit_max=10))
    assert got(node, session) == ([b"1", b"2"] if commit else [])
    assert seen(session, "t") == ([b"1"] if commit else [])


def test_a_successor_aborts_what_was_open_and_fences_also_after_a_restart() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    topic(session, "t")
    old = Writer(session)
    old.begin("t")
    old.write("t", b"old")
    new = Writer(session)
    assert (new.me.id, new.me.epoch) == (old.me.id, old.me.epoch + 1)
    with pytest.raises(ProducerFenced):
        old.write("t", b"again")
    node.settle()
    node = engine.start()
    old.session = new.session = node.connect()
    for refused in (old.end, lambda: old.begin("t"), lambda: old.write("t", b"zombie")):
        with pytest.raises(ProducerFenced):
            refused()
    new.begin("t")
    new.write("t", b"new")
    new.end()
    node.settle()
    assert seen(new.session, "t") == [b"new"]


def test_time_aborts_a_transaction_and_fences_its_producer() -> None:
    node = Engine().start()
    session = node.connect()
    topic(session, "t")
    writer = Writer(session, timeout_ms=1000)
    writer.begin("t")
    writer.write("t", b"1")
    node.settle()
    node.clock.now_ms += 999
    node.settle()
    assert session.submit(ListTransactions())[0].is_open
    node.clock.now_ms += 2
    node.settle()
    assert not session.submit(ListTransactions())[0].is_open
    with pytest.raises(ProducerFenced):
        writer.end()
    assert seen(session, "t") == []


def test_only_partitions_that_were_named_can_be_written_and_only_while_it_is_open() -> None:
    node = Engine().start()
    session = node.connect()
    topic(session, "t")
    topic(session, "u")
    writer = Writer(session)
    with pytest.raises(InvalidTransactionState):
        writer.write("t", b"1")
    with pytest.raises(InvalidTransactionState):
        writer.end()
    with pytest.raises(StreamNotFound):
        writer.begin("nowhere")
    writer.begin("t")
    with pytest.raises(InvalidTransactionState):
        writer.write("u", b"1")
    writer.end()
    writer.end()  # a retry of the same is answered again
    with pytest.raises(InvalidTransactionState):
        writer.end(commit=False)
    writer.me = ProducerIdentity(writer.me.id + 7, 0)
    with pytest.raises(UnknownProducer):
        writer.begin("t")


@pytest.mark.parametrize("commit", [False, True])
def test_cursors_of_a_transaction_move_when_it_commits_and_not_before(*, commit: bool) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    topic(session, "t")
    writer = Writer(session)
    taken = session.submit(
        AddCursors(
            **writer.of(),  # type: ignore[arg-type]
            commit=CommitCursors(group="g", cursors=(("t", 0, 7, 0, ""), ("none", 0, 1, 0, ""))),
            format=CANONICAL,
            abort_marker=ABORT,
        )
    )
    assert taken == [True, False]
    node.settle()
    node.checkpoint()
    node = engine.start()
    writer.session = session = node.connect()
    assert session.submit(ListCursors(group="g")) == []
    assert session.submit(PendingCursors(group="g")) == [("t", 0)]
    writer.end(commit=commit)
    found = session.submit(ListCursors(group="g"))
    assert [cursor.offset for cursor in found] == ([7] if commit else [])
    assert session.submit(PendingCursors(group="g")) == []


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("commit", [False, True])
def test_who_moved_on_is_known_and_its_end_answered_again_after_a_restart(
    *, checkpoint: bool, commit: bool
) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    topic(session, "t")
    writer = Writer(session)
    writer.begin("t")
    writer.write("t", b"1")
    after = writer.end(commit=commit, moves=True)
    assert after == ProducerIdentity(writer.me.id, writer.me.epoch + 1)
    node.settle()
    if checkpoint:
        node.checkpoint()
    node = engine.start()
    writer.session = session = node.connect()
    assert writer.end(commit=commit, moves=True) == after, "the answer got lost"
    with pytest.raises(ProducerFenced):
        writer.write("t", b"late")
    writer.become(after)
    writer.begin("t")
    writer.write("t", b"2")
    writer.end(moves=True)
    node.settle()
    assert seen(session, "t") == ([b"1", b"2"] if commit else [b"2"])


def test_after_its_last_epoch_a_producer_has_another_id() -> None:
    node = Engine().start()
    session = node.connect()
    topic(session, "t")
    writer = Writer(session)
    known = node.kernel.state.transactions.by_producer[writer.me.id]
    known.epoch = PRODUCER_EPOCH_MAX - 1
    writer.become(ProducerIdentity(writer.me.id, PRODUCER_EPOCH_MAX - 1))
    old = writer.me
    writer.begin("t")
    after = writer.end(moves=True)
    assert (after.id != old.id, after.epoch) == (True, 0)
    assert writer.end(moves=True) == after
    writer.become(after)
    writer.begin("t")
    writer.write("t", b"1")
    writer.become(old)
    with pytest.raises(UnknownProducer):
        writer.write("t", b"late")


def test_becoming_the_next_producer_is_answered_again_when_it_was_asked_for_by_name() -> None:
    node = Engine().start()
    session = node.connect()
    first = Writer(session).me

    def again() -> ProducerIdentity:
        command = InitProducer(transactional_id="tx", producer_id=first.id, epoch=first.epoch)
        identity: ProducerIdentity = session.submit(command)
        return identity

    assert again() == again() == ProducerIdentity(first.id, first.epoch + 1)
    Writer(session)
    with pytest.raises(ProducerFenced):
        again()


def test_producers_of_a_partition_are_told_with_what_they_have_open() -> None:
    node = Engine().start()
    session = node.connect()
    topic(session, "t")
    writer = Writer(session)
    writer.begin("t")
    writer.write("t", b"1", b"2")
    (found,) = session.submit(ListProducers(name="t", partition=0))
    assert (found.id, found.epoch, found.last_sequence) == (writer.me.id, 0, 1)
    assert found.open_since == 0
    assert found.stored_ms > 0
    writer.end()
    assert session.submit(ListProducers(name="t", partition=0))[0].open_since == -1
    with pytest.raises(PartitionNotFound):
        session.submit(ListProducers(name="t", partition=1))
