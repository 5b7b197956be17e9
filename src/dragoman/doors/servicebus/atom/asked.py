"""One request of administration: what it asks, and how it is answered."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs, quote
from xml.etree.ElementTree import Element

from dragoman.doors.servicebus.atom.documents import Entry, description_in, entry, feed
from dragoman.doors.servicebus.atom.entities import Entities
from dragoman.doors.servicebus.atom.errors import bad
from dragoman.doors.servicebus.atom.times import spell_time
from dragoman.doors.shared.rest.call import Call, RawHeader, Response
from dragoman.model.levels import SYNCED

ENTRY: Final[RawHeader] = (b"content-type", b"application/atom+xml;type=entry;charset=utf-8")
FEED: Final[RawHeader] = (b"content-type", b"application/atom+xml;type=feed;charset=utf-8")
TOP_MAX: Final = 100
SKIP_MAX: Final = 1 << 31
HOST_CHARS_MAX: Final = 255


class Asked:
    """See the module. URLs in answers lead to where the client is."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.session = call.session
        self.entities = Entities(call.session)
        request = call.request
        self._query = parse_qs(request.query.decode("latin-1"))
        host = (request.header(b"host") or b"localhost").decode("latin-1")[:HOST_CHARS_MAX]
        self.host = host
        self.author = host.split(":")[0].split(".")[0]
        self.base = ("https://" if call.connection.is_tls else "http://") + host
        self.is_update = request.header(b"if-match") is not None

    def description_of(self, *kinds: str) -> Element:
        """The description of one of these kinds in the body. Raises AtomError."""
        return description_in(self._call.request.body, kinds)

    def url(self, path: str) -> str:
        """Of an entity."""
        version = self._query["api-version"][0]
        return f"{self.base}/{quote(path, safe='/$')}?api-version={version}"

    def _number(self, name: str, default: int, number_max: int) -> int:
        text = self._query.get(name, [""])[0]
        if not text:
            return default
        if not (text.isascii() and text.isdecimal()) or len(text) > 10:
            raise bad(f"{name} is a whole number.")
        return min(int(text), number_max)

    def one(self, found: Entry, *, is_new: bool = False) -> Response:
        """An entity as an answer."""
        return self._respond(201 if is_new else 200, ENTRY, entry(found, self.author))

    def page(self, title: str, path: str, found: Iterable[Entry], count: int) -> Response:
        """`found` is what `window` chose out of `count`."""
        start, end = self.window()
        url = self.url(path)
        more_url = f"{url}&$skip={end}&$top={end - start}" if end < count else ""
        now = spell_time(self.session.wall_ms())
        told = [entry(each, self.author, is_root=False) for each in found]
        return self._respond(200, FEED, feed(title, url, more_url, told, now))

    def window(self) -> tuple[int, int]:
        """First and behind the last of what is to be listed. Raises AtomError."""
        start = self._number("$skip", 0, SKIP_MAX)
        return start, start + max(self._number("$top", TOP_MAX, TOP_MAX), 1)

    def done(self) -> Response:
        """Something is gone."""
        return self._respond(200, ENTRY, "")

    def _respond(self, status: int, kind: RawHeader, text: str) -> Response:
        body = text.encode(errors="replace")
        return Response(status, body, (kind,), position=self.session.position(), level=SYNCED)
