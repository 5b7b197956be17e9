"""Who pushes: by the name that is in `SubscriptionSettings.push`, what makes its renderer. A door that pushes adds its
own here; it is loaded with the first subscription that it is to push.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from dragoman.doors.shared.push.door import Pushed, pushed_by
from dragoman.doors.shared.push.issuer import Issuer
from dragoman.doors.shared.push.renderer import Renderer

if TYPE_CHECKING:
    from dragoman.app.push import Pusher
    from dragoman.doors.cloudtasks.executed import Executed


class Pushes(Protocol):
    """The broker as those who push see it."""

    @property
    def pusher(self) -> "Pusher": ...

    @property
    def issuer(self) -> Issuer: ...

    @property
    def executed(self) -> "Executed": ...


def _eventgrid(parts: Pushes) -> tuple[Renderer, Pushed]:
    from dragoman.doors.eventgrid.delivering import Delivering  # noqa: PLC0415 - see above

    delivering = Delivering(parts.pusher.outbound)
    return delivering, delivering.pushed


def _sns(parts: Pushes) -> tuple[Renderer, Pushed]:
    from dragoman.doors.sns.pushing import Pushing  # noqa: PLC0415 - see above

    pushing = Pushing()
    return pushing, pushed_by(pushing.name)


def _pubsub(parts: Pushes) -> tuple[Renderer, Pushed]:
    from dragoman.doors.pubsub.pushing import Pushing  # noqa: PLC0415 - see above

    pushing = Pushing(parts.issuer)
    return pushing, pushing.pushed


def _cloudtasks(parts: Pushes) -> tuple[Renderer, Pushed]:
    from dragoman.doors.cloudtasks.pushing import Pushing  # noqa: PLC0415 - see above

    pushing = Pushing(parts.issuer, parts.executed)
    return pushing, pushing.pushed


RENDERERS: Final[dict[str, Callable[[Pushes], tuple[Renderer, Pushed]]]] = {
    "eventgrid": _eventgrid,
    "sns": _sns,
    "pubsub": _pubsub,
    "cloudtasks": _cloudtasks,
}
