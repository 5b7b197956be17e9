"""Until cursors see what was published while none of them waits."""

from tests.runtime.engine import Engine
from tests.runtime.node import publish

from dragoman.kernel.commands import CreateStream
from dragoman.kernel.settings import StreamSettings
from dragoman.model.levels import SYNCED


def test_what_still_gathers_when_cursors_are_caught_up_is_shown_as_well() -> None:
    node = Engine().start()
    session = node.connect()
    session.submit(CreateStream(name="s", settings=StreamSettings(retention_ms=-1, level=SYNCED)))
    node.settle()
    session.want(publish(session, "s", b"1").position, SYNCED)
    node.turn()  # the writer is busy with it, and will sync it
    publish(session, "s", b"2")
    node.turn()  # gathers
    node.broker._catch_up()
    while node.journal.run_one():
        node.turn()
    assert node.kernel.state.stream("default", "s").partitions[0].committed == 2
