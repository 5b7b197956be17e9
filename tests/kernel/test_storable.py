import pytest
from tests.fakes.kernel import make_kernel

from dragoman.kernel.api import (
    Bind,
    BindingSettings,
    CreateStream,
    DeclareQueue,
    DeclareRoute,
    ListQueues,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.kernel.handlers import HANDLERS
from dragoman.kernel.storable import settings_of
from dragoman.model.errors import InvalidArgument

MUCH = 1 << 64


@pytest.mark.parametrize(
    "command",
    [
        CreateStream(name="s", settings=StreamSettings(retention_bytes=MUCH)),
        DeclareQueue(name="q", settings=SubscriptionSettings(length_max=MUCH)),
        DeclareQueue(name="q", stream=StreamSettings(stored_bytes_max=MUCH)),
        Bind(route="r", target="s", binding=BindingSettings(arguments={"w": MUCH})),
        Bind(route="r", target="s", binding=BindingSettings(arguments={"\udc8c": 1})),
    ],
)
def test_what_no_record_holds_is_refused_and_nothing_has_changed(command: object) -> None:
    kernel = make_kernel()
    for made in (DeclareRoute(name="r"), CreateStream(name="s")):
        kernel.submit(made, 1)
    kernel.drain_records()
    with pytest.raises(InvalidArgument, match="64 bits"):
        kernel.submit(command, 1)
    assert not kernel.is_broken
    assert kernel.drain_records() == []


def test_commands_that_carry_settings_are_known_by_their_fields() -> None:
    known = settings_of(HANDLERS)
    assert known[DeclareQueue] == ("settings", "stream")
    assert known[Bind] == ("binding",)
    assert ListQueues not in known
