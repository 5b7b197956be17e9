"""Who pushes: by the name that is in `SubscriptionSettings.push`, what makes its renderer. A door that pushes adds its
own here; it is loaded with the first subscription that it is to push.
"""

from collections.abc import Callable
from typing import Final

from dragoman.doors.shared.push.door import Pushed, pushed_by
from dragoman.doors.shared.push.issuer import Issuer
from dragoman.doors.shared.push.renderer import Renderer
from dragoman.ports.outbound import Outbound


def _eventgrid(outbound: Outbound, issuer: Issuer) -> tuple[Renderer, Pushed]:
    from dragoman.doors.eventgrid.delivering import Delivering  # noqa: PLC0415 - see above

    delivering = Delivering(outbound)
    return delivering, delivering.pushed


def _sns(outbound: Outbound, issuer: Issuer) -> tuple[Renderer, Pushed]:
    from dragoman.doors.sns.pushing import Pushing  # noqa: PLC0415 - see above

    pushing = Pushing()
    return pushing, pushed_by(pushing.name)


def _pubsub(outbound: Outbound, issuer: Issuer) -> tuple[Renderer, Pushed]:
    from dragoman.doors.pubsub.pushing import Pushing  # noqa: PLC0415 - see above

    pushing = Pushing(issuer)
    return pushing, pushing.pushed


def _cloudtasks(outbound: Outbound, issuer: Issuer) -> tuple[Renderer, Pushed]:
    from dragoman.doors.cloudtasks.pushing import Pushing  # noqa: PLC0415 - see above

    pushing = Pushing(issuer)
    return pushing, pushing.pushed


RENDERERS: Final[dict[str, Callable[[Outbound, Issuer], tuple[Renderer, Pushed]]]] = {
    "eventgrid": _eventgrid,
    "sns": _sns,
    "pubsub": _pubsub,
    "cloudtasks": _cloudtasks,
}
