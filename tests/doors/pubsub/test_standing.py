"""What is remembered of subscriptions, as long as it holds."""

import pytest
from tests.doors.pubsub.client import Pubsub

from dragoman.doors.pubsub.names import Place
from dragoman.doors.pubsub.standing import Standing


def test_traits_are_read_once_until_settings_change(monkeypatch: pytest.MonkeyPatch) -> None:
    pubsub = Pubsub()
    pubsub.make()
    pubsub.make(sub="other")
    standing, session = Standing(), pubsub.connection.session
    place = Place("default", "sub")
    traits = standing.traits_of(standing.locations.get(session, place))
    assert standing.traits_of(standing.locations.get(session, place)) is traits
    wanted = {"name": "projects/default/subscriptions/sub", "ack_deadline_seconds": 99}
    mask = {"paths": ["ack_deadline_seconds"]}
    pubsub.ask("UpdateSubscription", subscription=wanted, update_mask=mask)
    changed = standing.traits_of(standing.locations.get(session, place))
    assert changed.ack_deadline_ms == 99_000
    monkeypatch.setattr("dragoman.doors.pubsub.standing.KNOWN_MAX", 1)
    standing.traits_of(standing.locations.get(session, Place("default", "other")))
    assert len(standing._known) == 1
