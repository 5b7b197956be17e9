"""What an entity is called in each protocol: its catalogue name, or an alias that the protocol allows.

    alias("orders", p)            "orders", everywhere
    alias("orders.eu", "sqs")     "orders-eu-53f70a3c": what the protocol disallows becomes "-", and a digest of the
                                  whole name keeps two names apart that would fall together

A name that is valid in a protocol is its own alias, so `alias(alias(x)) == alias(x)`. Catalogue names are 1..255 bytes
of UTF-8, `/` separates, case counts. Uniqueness is the catalog's business: it stores aliases and refuses clashes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2s
from typing import Final

NAME_BYTES_MAX: Final = 255
DIGEST_BYTES: Final = 4
_SUFFIX: Final = re.compile(r"-([0-9a-f]{8})\Z")
_PLAIN: Final = re.compile(r"(?!goog)[a-z][a-z0-9-]{1,48}[a-z0-9]")
_SUFFIX_LENGTH: Final = 1 + 2 * DIGEST_BYTES  # "-" and the digest in hex


@dataclass(frozen=True, slots=True)
class Rule:
    """What one protocol allows as a name. `length_max` counts characters, of RabbitMQ's names bytes."""

    whole: re.Pattern[str]
    disallowed: re.Pattern[str]
    length_max: int
    reserved: str = ""  # a prefix that is the system's own
    folds_case: bool = False

    def allows(self, name: str) -> bool:
        """Whether `name` can stand as it is."""
        return (
            len(name.encode()) <= self.length_max
            and self.whole.fullmatch(name) is not None
            and not (self.reserved and name.startswith(self.reserved))
            and not (self.folds_case and name != name.lower())
        )


def _rule(
    whole: str, disallowed: str, length_max: int, reserved: str = "", *, folds_case: bool = False
) -> Rule:
    return Rule(
        re.compile(whole, re.DOTALL), re.compile(disallowed), length_max, reserved, folds_case
    )


RULES: Final[Mapping[str, Rule]] = {
    "kafka": _rule(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]+", r"[^A-Za-z0-9._-]", 249),
    # A dot is cut only where it would make the reserved prefix.
    "amqp091": _rule(r".+", r"(?<=\Aamq)\.", 255, "amq."),
    "sqs": _rule(r"[A-Za-z0-9_-]+(\.fifo)?", r"[^A-Za-z0-9_-]", 80),
    "pubsub": _rule(r"[A-Za-z][A-Za-z0-9_.~+%-]{2,}", r"[^A-Za-z0-9_.~+%-]", 255, "goog"),
    "cloudtasks": _rule(r"[A-Za-z0-9-]+", r"[^A-Za-z0-9-]", 100),
    "servicebus": _rule(
        r"[A-Za-z0-9]([A-Za-z0-9._~/-]*[A-Za-z0-9])?", r"[^A-Za-z0-9._~/-]", 260, folds_case=True
    ),
    "eventhubs": _rule(
        r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", r"[^A-Za-z0-9._-]", 256, folds_case=True
    ),
    "eventgrid": _rule(r"[A-Za-z0-9-]{3,}", r"[^A-Za-z0-9-]", 50, folds_case=True),
}
"""By protocol. A name that folds case must be lower-case to be its own alias: two names that differ in case only are
two entities in the catalogue and must not meet there."""


def is_catalogue_name(name: str) -> bool:
    """Whether an entity may be called so."""
    try:
        return 1 <= len(name.encode()) <= NAME_BYTES_MAX
    except UnicodeEncodeError:
        return False


def alias(name: str, protocol: str) -> str:
    """What `name` is called in `protocol` unless the user says otherwise.

    Raises:
        ValueError: `name` is no catalogue name.
        KeyError: no such protocol.
    """
    if not is_catalogue_name(name):
        raise ValueError(f"not a name of 1 to {NAME_BYTES_MAX} bytes of UTF-8: {name!r}")
    rule = RULES[protocol]
    if rule.allows(name):
        return name
    base = rule.disallowed.sub("-", name)
    if rule.folds_case:
        base = base.lower()
    base = _strip(base)
    if rule.reserved and base.startswith(rule.reserved):
        base = "q-" + base
    return f"{_cut(base, rule.length_max - _SUFFIX_LENGTH)}-{digest_of(name):08x}"


def is_plain(name: str) -> bool:
    """Whether the name is its own alias in every protocol. A few that are may be missed."""
    return _PLAIN.fullmatch(name) is not None


def digest_of(name: str) -> int:
    """What the aliases of `name` end in, where it is not its own."""
    return int.from_bytes(blake2s(name.encode(), digest_size=DIGEST_BYTES).digest(), "big")


def digest_in(text: str) -> int | None:
    """The digest that `text` ends in, if it may be an alias; None when it is none."""
    found = _SUFFIX.search(text)
    return None if found is None else int(found[1], 16)


def _strip(base: str) -> str:
    """Without what stands before the first letter; `q` when there is none."""
    for index, char in enumerate(base):
        if char.isascii() and char.isalpha():
            return base[index:]
    return "q"


def _cut(base: str, length_max: int) -> str:
    """At most that many bytes, on a character's boundary."""
    return base.encode()[:length_max].decode(errors="ignore")
