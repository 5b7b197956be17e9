"""Who pushes."""

from types import SimpleNamespace
from typing import Any

from tests.fakes.outbound import FakeOutbound

from dragoman.app.renderers import RENDERERS
from dragoman.doors.cloudtasks.executed import Executed
from dragoman.doors.shared.push.issuer import Issuer


class Parts:
    """A broker, as those who push see it."""

    pusher: Any = SimpleNamespace(outbound=FakeOutbound())
    issuer = Issuer()
    executed = Executed()


def test_a_renderer_has_the_name_that_subscriptions_know_it_by() -> None:
    for name in ("eventgrid", "pubsub", "cloudtasks"):
        renderer, _ = RENDERERS[name](Parts())
        assert renderer.name == name
