"""Names out of certificates, as `ssl` tells them."""

from typing import Any

from dragoman.listeners.certified import common_name, distinguished_name

ANN: dict[str, Any] = {
    "subject": (
        (("countryName", "CH"),),
        (("organizationName", "Example, Inc"), ("organizationalUnitName", "A+B")),
        (("commonName", "ann"),),
    )
}


def test_the_common_name_is_the_last_of_the_subject() -> None:
    assert common_name(ANN) == "ann"
    assert common_name({"subject": ((("commonName", "a"),), (("commonName", "b"),))}) == "b"
    assert common_name({"subject": ((("countryName", "CH"),),)}) == ""


def test_the_distinguished_name_begins_with_the_most_particular() -> None:
    assert distinguished_name(ANN) == r"CN=ann,O=Example\, Inc+OU=A\+B,C=CH"
    odd = {"subject": ((("emailAddress", " a "),), (("commonName", "#1"),))}
    assert distinguished_name(odd) == r"CN=\#1,emailAddress=\ a\ "
    assert distinguished_name({}) == common_name({}) == ""
