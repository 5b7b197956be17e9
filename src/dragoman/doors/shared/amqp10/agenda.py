"""What a connection's door has to look at once something has happened: few of its sessions and links, at most times.

strands      sessions with outcomes that wait for the journal
outlets      links that drain, or that their sources have detached
is_behind    whether a source would send more than is taken in one turn

It knows no more of them than that they are some.
"""

from typing import Any


class Agenda:
    """See the module."""

    __slots__ = ("is_behind", "outlets", "strands")

    def __init__(self) -> None:
        self.strands: dict[Any, None] = {}
        self.outlets: dict[Any, None] = {}
        self.is_behind = False
