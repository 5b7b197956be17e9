"""Who pushes."""

from tests.fakes.outbound import FakeOutbound

from dragoman.app.renderers import RENDERERS
from dragoman.doors.shared.push.issuer import Issuer


def test_a_renderer_has_the_name_that_subscriptions_know_it_by() -> None:
    for name in ("eventgrid", "pubsub", "cloudtasks"):
        renderer, _ = RENDERERS[name](FakeOutbound(), Issuer())
        assert renderer.name == name
