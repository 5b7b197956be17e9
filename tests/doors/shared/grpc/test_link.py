from tests.doors.shared.grpc.client import Client, World

from dragoman.doors.shared.grpc.link import soonest


def test_the_sooner_of_two_deadlines() -> None:
    assert (soonest(None, None), soonest(1, None), soonest(None, 2), soonest(3, 2)) == (
        None,
        1,
        2,
        2,
    )


def test_deadlines_come_in_their_order_and_leave_nothing_behind() -> None:
    world = World()
    client = Client(world)
    late = client.say("wait", headers=[(b"grpc-timeout", b"300m")])
    soon = client.say("wait", headers=[(b"grpc-timeout", b"100m")])
    link = client.door._link
    assert link.soonest_ms == world.clock.now_ms + 100
    world.advance(100)
    client.exchange()
    assert (soon.is_ended, late.is_ended) == (True, False)
    world.advance(200)
    client.exchange()
    assert late.is_ended
    assert not link.timed and link.soonest_ms is None
