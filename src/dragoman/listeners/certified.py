"""Who a client's certificate says it is. Only a certificate that the operator's authorities signed gets so far.

common name          the last CN of its subject: `ann`
distinguished name   all of its subject, the most particular first, as RFC 4514 spells it: `CN=ann,O=Example`
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Certificate = Mapping[str, Any]
"""As `ssl` tells it: `subject` is a sequence of sets of (attribute, value), the most general first."""

SHORT: Final[Mapping[str, str]] = {
    "commonName": "CN",
    "countryName": "C",
    "domainComponent": "DC",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "stateOrProvinceName": "ST",
    "streetAddress": "STREET",
    "userId": "UID",
}
_SPECIAL: Final = frozenset('",+;<>\\')


def _subject(certificate: Certificate) -> Sequence[Sequence[tuple[str, str]]]:
    found: Sequence[Sequence[tuple[str, str]]] = certificate.get("subject", ())
    return found


def common_name(certificate: Certificate) -> str:
    """Empty when the subject has none."""
    names = [
        value for part in _subject(certificate) for kind, value in part if kind == "commonName"
    ]
    return names[-1] if names else ""


def distinguished_name(certificate: Certificate) -> str:
    """Empty when there is no subject."""
    parts = reversed(_subject(certificate))
    return ",".join("+".join(_spelled(*each) for each in part) for part in parts)


def _spelled(kind: str, value: str) -> str:
    """RFC 4514, section 2.4."""
    text = "".join(f"\\{char}" if char in _SPECIAL else char for char in value)
    if text.startswith(("#", " ")):
        text = f"\\{text}"
    if text.endswith(" "):
        text = f"{text[:-1]}\\ "
    return f"{SHORT.get(kind, kind)}={text}"


NAMES: Final[Mapping[str, Callable[[Certificate], str]]] = {
    "common-name": common_name,
    "distinguished-name": distinguished_name,
}
