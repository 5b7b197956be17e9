import pytest
from tests.kernel.leases.made import Queue

from dragoman.kernel.leases import receivers
from dragoman.kernel.leases.commands import AcceptSession
from dragoman.kernel.leases.receivers import accepted, new_holder, receiver
from dragoman.model.errors import LeaseExpired, QuotaExceeded


def test_holders_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = Queue()
    subscription = queue.kernel.state.subscription("default", "q")
    monkeypatch.setattr(receivers, "HOLDERS_MAX", 1)
    new_holder(queue.kernel.state, subscription, queue.session, None)
    with pytest.raises(QuotaExceeded):
        new_holder(queue.kernel.state, subscription, queue.session, None)


def test_a_session_is_received_by_its_own_connection_in_its_own_queue() -> None:
    queue = Queue(order="session")
    state = queue.kernel.state
    lock = queue.kernel.submit(AcceptSession(name="q", key=b"a"), queue.session)
    subscription = state.subscription("default", "q")
    number = lock.holder.id
    assert receiver(state, subscription, number, queue.session) is state.holders[number]
    with pytest.raises(LeaseExpired):
        accepted(state, number, queue.session + 1)
    with pytest.raises(LeaseExpired):
        accepted(state, number + 1, queue.session)


def test_a_session_of_one_queue_is_none_of_another() -> None:
    queue = Queue(order="session")
    lock = queue.kernel.submit(AcceptSession(name="q", key=b"a"), queue.session)
    other = Queue("other", order="session").kernel.state.subscription("default", "other")
    with pytest.raises(LeaseExpired):
        receiver(queue.kernel.state, other, lock.holder.id, queue.session)


def test_nobody_is_a_holder_of_an_earlier_life_again_whatever_its_records_say() -> None:
    first, second = Queue(), Queue()  # the second has lost all that the first did
    first.kernel.begin(1)
    second.kernel.begin(2)
    for queue in (first, second):
        queue.publish(b"a")
    assert first.lease(1)[0].holder.id != second.lease(1)[0].holder.id
