"""Authorization rules, kept and told."""

from xml.etree.ElementTree import fromstring

import pytest

from dragoman.doors.servicebus.atom.documents import INSTANCE
from dragoman.doors.servicebus.atom.errors import AtomError
from dragoman.doors.servicebus.atom.rights import RULES_MAX, read_rights, write_rights

RULE = (
    f'<AuthorizationRule xmlns:i="{INSTANCE}" i:type="SharedAccessAuthorizationRule">'
    "<ClaimType>SharedAccessKey</ClaimType><ClaimValue>None</ClaimValue>"
    "<Rights><AccessRights>Send</AccessRights><AccessRights>Listen</AccessRights></Rights>"
    "<KeyName>k&amp;</KeyName><PrimaryKey>p</PrimaryKey><SecondaryKey>s</SecondaryKey></AuthorizationRule>"
)


def test_rules_are_told_as_they_were_said() -> None:
    kept = read_rights(fromstring(f"<AuthorizationRules>{RULE}</AuthorizationRules>"))
    told = write_rights(kept)
    again = f'<x xmlns:i="{INSTANCE}">{told}</x>'
    assert read_rights(fromstring(again)[0]) == kept
    assert told.index("<ClaimType>") < told.index("<Rights>") < told.index("<KeyName>k&amp;")


def test_without_rules_the_element_is_empty() -> None:
    assert read_rights(fromstring("<AuthorizationRules/>")) == ""
    assert write_rights("") == "<AuthorizationRules/>"


def test_more_than_there_may_be_are_refused() -> None:
    many = f"<AuthorizationRules>{RULE * (RULES_MAX + 1)}</AuthorizationRules>"
    with pytest.raises(AtomError):
        read_rights(fromstring(many))
