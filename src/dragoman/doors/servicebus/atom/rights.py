"""Authorization rules of an entity: kept and told. Nothing is opened by them; see `access` for what is.

<AuthorizationRule i:type=".."><ClaimType/><ClaimValue/><Rights><AccessRights/>..</Rights>..<KeyName/>..
"""

from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

import msgspec

from dragoman.doors.servicebus.atom.documents import child, tag, text_in, type_of
from dragoman.doors.servicebus.atom.errors import bad

RULES_MAX: Final = 12  # as the service has it
TYPE: Final = "SharedAccessAuthorizationRule"
BEFORE: Final = ("ClaimType", "ClaimValue")
AFTER: Final = ("CreatedTime", "ModifiedTime", "KeyName", "PrimaryKey", "SecondaryKey")
_RIGHTS: Final = "Rights"

Rule = dict[str, str | list[str]]
_decoder: Final = msgspec.json.Decoder(list[Rule])


def read_rights(element: Element) -> str:
    """What `AuthorizationRules` says, as it is kept; empty without any. Raises AtomError."""
    rules = [_read(each) for each in element]
    if len(rules) > RULES_MAX:
        raise bad(f"An entity has at most {RULES_MAX} authorization rules.")
    return msgspec.json.encode(rules).decode() if rules else ""


def _read(element: Element) -> Rule:
    rule: Rule = {"type": type_of(element) or TYPE}
    for name in (*BEFORE, *AFTER):
        text = text_in(element, name)
        if text is not None:
            rule[name] = text
    rights = child(element, _RIGHTS)
    rule[_RIGHTS] = [each.text or "" for each in rights] if rights is not None else []
    return rule


def write_rights(kept: str) -> str:
    """The element, of what was kept."""
    rules = _decoder.decode(kept) if kept else []
    inside = "".join(map(_write, rules))
    return (
        f"<AuthorizationRules>{inside}</AuthorizationRules>" if inside else "<AuthorizationRules/>"
    )


def _write(rule: Rule) -> str:
    def told(names: tuple[str, ...]) -> str:
        return "".join(tag(name, str(rule[name])) for name in names if name in rule)

    rights = "".join(tag("AccessRights", right) for right in rule[_RIGHTS])
    kind = quoteattr(str(rule["type"]))
    return (
        f"<AuthorizationRule i:type={kind}>{told(BEFORE)}<{_RIGHTS}>{rights}</{_RIGHTS}>"
        f"{told(AFTER)}</AuthorizationRule>"
    )
