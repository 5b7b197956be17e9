"""Stored messages as events of one schema, whatever brought them.

stored as      wanted CloudEvents       wanted Event Grid's schema      wanted the input's own
CLOUDEVENT     as it stands             converted                       as it stands
EVENTGRID      converted                as it stands                    its data, where the input was custom
any other      rendered, without loss   rendered, without loss          as CloudEvents
"""

from typing import Final

from dragoman.doors.eventgrid.topics import CLOUD_SCHEMA, GRID_SCHEMA
from dragoman.formats import decode, render
from dragoman.formats.eventdata import MEMBER, read_members
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import CLOUDEVENT, EVENTGRID

INPUT_SCHEMA: Final = "CustomInputSchema"
FORMATS: Final = {CLOUD_SCHEMA: CLOUDEVENT, GRID_SCHEMA: EVENTGRID}


def as_event(
    format_: int, body: bytes, index: int, schema: str, place: str, offset: int, stored_ms: int
) -> bytes:
    """A message as an event. `place` names its stream as `source` or `topic`, where it says none itself, and together
    with the offset its id. Raises FormatError, TooLarge.
    """
    if schema == INPUT_SCHEMA:
        data = read_members(body).get(MEMBER) if format_ == EVENTGRID else None
        if data is not None:
            return bytes(data)
        schema = CLOUD_SCHEMA
    wanted = FORMATS[schema]
    if format_ == wanted:
        return body
    message = decode(format_, body, index, stored_ms)
    options = RenderOptions(place, stored_ms, ids=(f"{place.strip('/')}/{offset}",))
    return render([(message, None)], wanted, options)[0]
