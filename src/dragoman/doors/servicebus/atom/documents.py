"""Atom documents: what requests say in an entry, and entries and feeds as answers.

    <entry><id>URL</id><title>NAME</title>..<content type="application/xml"><QueueDescription>..</..></content></entry>

Documents with a DOCTYPE or entities of their own are refused.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dragoman.doors.servicebus.atom.errors import bad, printable

ATOM: Final = "http://www.w3.org/2005/Atom"
CONNECT: Final = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect"
COUNTS: Final = "http://schemas.microsoft.com/netservices/2011/06/servicebus"
INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA: Final = "http://www.w3.org/2001/XMLSchema"
TYPE: Final = f"{{{INSTANCE}}}type"


class Entry(NamedTuple):
    """An entity as an entry: `kind` names its description, `inside` is what stands in it, as XML."""

    url: str
    title: str
    kind: str
    inside: str
    created: str
    updated: str


# --- requests ---


def description_in(body: bytes, kinds: Sequence[str]) -> Element:
    """The first description of one of these kinds in an entry. Raises AtomError."""
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise bad(f"The body is no XML that is taken here: {type(error).__name__}.") from None
    for element in root.iter():
        if local(element) in kinds:
            return element
    raise bad(f"The body has no {' or '.join(kinds)}.")


def local(element: Element) -> str:
    """An element's name without its namespace: clients differ in theirs."""
    return str(element.tag).rpartition("}")[2]


def child(element: Element, name: str) -> Element | None:
    """The first element of that name below."""
    return next((each for each in element if local(each) == name), None)


def text_in(element: Element, name: str) -> str | None:
    """What the element of that name says; None where there is none."""
    found = child(element, name)
    return None if found is None else found.text or ""


def type_of(element: Element) -> str:
    """Its `i:type`, without a prefix."""
    return element.get(TYPE, "").rpartition(":")[2]


# --- answers ---


def tag(name: str, text: str) -> str:
    """An element with text in it."""
    return f"<{name}>{escape(printable(text))}</{name}>" if text else f"<{name}/>"


def entry(found: Entry, author: str, *, is_root: bool = True) -> str:
    """An entity."""
    space = f' xmlns="{ATOM}"' if is_root else ""
    link = f'<link rel="self" href={quoteattr(found.url)}/>'
    name = f"<author>{tag('name', author)}</author>"
    content = f'<{found.kind} xmlns="{CONNECT}" xmlns:i="{INSTANCE}">{found.inside}</{found.kind}>'
    return (
        f'<entry{space}>{tag("id", found.url)}<title type="text">{escape(printable(found.title))}</title>'
        f"<published>{found.created}</published><updated>{found.updated}</updated>{name}{link}"
        f'<content type="application/xml">{content}</content></entry>'
    )


def feed(title: str, url: str, more_url: str, entries: Iterable[str], updated: str) -> str:
    """A page of entities; `more_url` leads to the next, empty on the last."""
    links: Sequence[tuple[str, str]] = (("self", url), ("next", more_url))
    told = "".join(f'<link rel="{rel}" href={quoteattr(href)}/>' for rel, href in links if href)
    return (
        f'<feed xmlns="{ATOM}"><title type="text">{escape(title)}</title>{tag("id", url)}'
        f"<updated>{updated}</updated>{told}{''.join(entries)}</feed>"
    )
