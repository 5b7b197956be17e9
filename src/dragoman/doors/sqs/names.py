"""What queues are called: URLs, ARNs, accounts.

    http://HOST/ACCOUNT/NAME     any host, any path before it: the last part is the queue, twelve digits are its account
    arn:aws:sqs:REGION:ACCOUNT:NAME

An account is a namespace; 000000000000 is the one called `default`. Regions are repeated to whoever names one, and part
nothing.
"""

import re
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import unquote

from dragoman.doors.sqs.errors import (
    INVALID_PARAMETER_VALUE,
    NO_QUEUE,
    QUEUE_DOES_NOT_EXIST,
    Refused,
)
from dragoman.kernel.api import DEFAULT_NAMESPACE

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
FIFO: Final = ".fifo"
NAME_MAX: Final = 80
URL_MAX: Final = 1_024
_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo", re.ASCII)
_ARN_PARTS: Final = 6


class Place(NamedTuple):
    """A queue by its account and its name."""

    account: str
    name: str

    @property
    def namespace(self) -> str:
        """The account's."""
        return namespace_of(self.account)


def namespace_of(account: str) -> str:
    """Where an account's queues are."""
    return DEFAULT_NAMESPACE if account == ACCOUNT else account


def account_of(access_key: str) -> str:
    """Whose queues a caller means who names no account: an access key of twelve digits is one."""
    return access_key if _ACCOUNT.fullmatch(access_key) else ACCOUNT


def check_account(account: str) -> str:
    """Raises Refused."""
    if not _ACCOUNT.fullmatch(account):
        raise Refused(
            INVALID_PARAMETER_VALUE,
            f"Value {account} for parameter QueueOwnerAWSAccountId is invalid. Reason: Must be a 12-digit number.",
        )
    return account


@lru_cache(maxsize=4_096)
def place_of(url: str) -> Place:
    """What a queue's URL, path or bare name means. Raises Refused."""
    if len(url) > URL_MAX:
        raise Refused(QUEUE_DOES_NOT_EXIST, NO_QUEUE)
    path = url.partition("://")[2].partition("/")[2] if "://" in url else url
    parts = [part for part in path.partition("?")[0].split("/") if part]
    if not parts:
        raise Refused(QUEUE_DOES_NOT_EXIST, NO_QUEUE)
    account = parts[-2] if len(parts) > 1 and _ACCOUNT.fullmatch(parts[-2]) else ACCOUNT
    return Place(account, unquote(parts[-1]))


def check_name(name: str) -> str:
    """Raises Refused unless a queue may be called so."""
    if not _NAME.fullmatch(name):
        raise Refused(
            INVALID_PARAMETER_VALUE,
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        )
    return name


def arn(place: Place, region: str) -> str:
    """The queue's ARN as a caller in `region` sees it."""
    return f"arn:aws:sqs:{region}:{place.account}:{place.name}"


def read_arn(text: str) -> Place | None:
    """The queue that an ARN means; None when it is none of a queue."""
    parts = text.split(":")
    if len(parts) != _ARN_PARTS or parts[0] != "arn" or parts[2] != "sqs" or not parts[5]:
        return None
    if not _ACCOUNT.fullmatch(parts[4]):
        return None
    return Place(parts[4], parts[5])
