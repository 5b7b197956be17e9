"""A subscription's rules: its filter, in the dialect `servicebus`. Changed by `$management` and administration.

    {"name": .., "kind": sql | correlation | true | false, "expression": .., "fields": .., "properties": ..,
     "parameters": .., "action": {"expression": .., "parameters": ..}, "created_ms": ..}

A value of properties and parameters is text, a number, a truth value, or a time: {"dateTime": ms}, {"duration": ms}.
A subscription that was made without rules takes everything, and cannot be given any.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dragoman.doors.servicebus.definitions import DEFAULT_RULE, DIALECT
from dragoman.kernel.api import (
    AlterSubscription,
    QueueInfo,
    Session,
)
from dragoman.model.errors import InvalidArgument

Rule = Mapping[str, Any]
DATE_TIME: Final = "dateTime"
DURATION: Final = "duration"


def rules_of(info: QueueInfo) -> list[Rule]:
    """Those of a subscription. Raises InvalidArgument where another protocol filters."""
    if not info.settings.filter:
        return [DEFAULT_RULE]
    if info.settings.dialect != DIALECT:
        raise InvalidArgument("the subscription filters in another dialect")
    return list(info.settings.filter["rules"])


def set_rules(session: Session, namespace: str, info: QueueInfo, rules: list[Rule]) -> None:
    """Raises InvalidArgument."""
    settings = msgspec.structs.replace(info.settings, filter={"rules": rules}, dialect=DIALECT)
    session.submit(
        AlterSubscription(
            namespace=namespace, name=info.stream, subscription=info.name, settings=settings
        )
    )
