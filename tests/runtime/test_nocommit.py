from dragoman.kernel.records import StreamDeleted
from dragoman.model.levels import APPLIED, SYNCED
from dragoman.ports.storage import Failed
from dragoman.runtime.nocommit import NoCommit


def test_whatever_is_decided_has_reached_every_level_and_is_forgotten() -> None:
    commit = NoCommit()
    commit.add([StreamDeleted(1)], 10)
    assert commit.is_idle
    assert commit.pending_bytes == 0
    assert commit.position() < commit.reached(SYNCED)
    assert commit.gathering() < commit.reached(APPLIED)


def test_a_node_that_is_stopped_knows_why() -> None:
    commit = NoCommit()
    commit.stop(Failed("planted"))
    assert isinstance(commit.failed, Failed)
