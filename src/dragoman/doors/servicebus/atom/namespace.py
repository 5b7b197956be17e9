"""What administration tells of the namespace itself."""

from typing import Final

from dragoman.doors.servicebus.atom.asked import Asked
from dragoman.doors.servicebus.atom.documents import Entry, tag
from dragoman.doors.servicebus.atom.times import spell_time
from dragoman.doors.shared.rest.call import Response
from dragoman.kernel.api import Document, GetDocument, PutDocument
from dragoman.model.errors import DocumentNotFound

KIND: Final = "servicebus.namespace"
NAME: Final = "namespace"


def namespace(asked: Asked) -> Response:
    """Its time is that of the first question."""
    session = asked.session
    try:
        known: Document = session.submit(GetDocument(kind=KIND, name=NAME))
    except DocumentNotFound:
        known = session.submit(PutDocument(kind=KIND, name=NAME, body=b"{}"))
    made = spell_time(known.stored_ms)
    said = (
        ("CreatedTime", made),
        ("MessagingSKU", "Premium"),
        ("MessagingUnits", "1"),
        ("ModifiedTime", made),
        ("Name", asked.author),
        ("NamespaceType", "Messaging"),
    )
    inside = "".join(tag(name, text) for name, text in said)
    url = asked.url("$namespaceinfo")
    return asked.one(Entry(url, asked.author, "NamespaceInfo", inside, made, made))
