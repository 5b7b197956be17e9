"""Templates of google.api.http as routes: which path, and what of the request stands in it.

    /v1/{topic.name=projects/*/topics/*}:publish
        route    /v1/projects/{p0}/topics/{p1}:publish
        fields   topic.name = "projects/" p0 "/topics/" p1

`*` is a segment, `**` the rest of the path, `{name}` stands for `{name=*}`.
"""

import re
from collections.abc import Mapping
from typing import Final

_VARIABLE: Final = re.compile(r"\{([\w.]+)(?:=([^}]*))?\}")
_ANY: Final = re.compile(r"\*\*?")


class Template:
    """See the module. `route` is a template of `rest.call.Route`."""

    def __init__(self, text: str) -> None:
        self._fields: list[tuple[str, str]] = []  # path of the field, its value with holes
        self._count = 0
        self.route = _VARIABLE.sub(self._variable, text)
        if _ANY.search(self.route):
            raise ValueError(f"{text}: what stands in a path has a name")

    def _variable(self, match: re.Match[str]) -> str:
        segments = match[2] or "*"
        self._fields.append((match[1], _ANY.sub(self._hole, segments)))
        rest = {"**": "+", "*": ""}
        first = self._count - len(_ANY.findall(segments))
        numbers = iter(range(first, self._count))
        return _ANY.sub(lambda hole: f"{{p{next(numbers)}{rest[hole[0]]}}}", segments)

    def _hole(self, _: re.Match[str]) -> str:
        self._count += 1
        return f"{{p{self._count - 1}}}"

    def fields(self, parameters: Mapping[str, str]) -> list[tuple[str, str]]:
        """Paths of fields and their values, out of what stood in the path."""
        return [(path, value.format_map(parameters)) for path, value in self._fields]
