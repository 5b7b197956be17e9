"""Messages made up for tests: by Hypothesis, or quickly from a seed."""

import random
from typing import Any, Final

from hypothesis import strategies as st

from dragoman.wire.kafka.schema import APIS, Field, request_fields, response_fields

SIDES: Final = {"request": request_fields, "response": response_fields}
BITS: Final = {"i8": 8, "i16": 16, "i32": 32, "i64": 64}
PORT_MAX: Final = (1 << 16) - 1
EVERY_VERSION: Final = [
    (side, api.key, version)
    for api in APIS.values()
    for version in range(api.version_min, api.version_max + 1)
    for side in SIDES
]


def name_of(case: tuple[str, int, int]) -> str:
    side, key, version = case
    return f"{APIS[key].name}-{side}-v{version}"


def default_value(field: Field) -> Any:
    """What a decoded message has where its version lacks the field."""
    if field.null_versions is not None and field.default is None:
        return None
    if field.is_array:
        return []
    if field.kind == "struct":
        return {child.name: default_value(child) for child in field.fields}
    if field.default is not None:
        return field.default
    return {"bool": False, "uuid": bytes(16), "str": "", "bytes": b"", "records": b""}.get(
        field.kind, 0
    )


def messages(side: str, key: int, version: int) -> st.SearchStrategy[dict[str, Any]]:
    return _struct(SIDES[side](key), version)


def _struct(fields: tuple[Field, ...], version: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            field.name: _value(field, version)
            if field.is_in(version)
            else st.builds(default_value, st.just(field))
            for field in fields
        }
    )


def _value(field: Field, version: int) -> st.SearchStrategy[Any]:
    one = _struct(field.fields, version) if field.kind == "struct" else _primitive(field.kind)
    value = st.lists(one, max_size=3) if field.is_array else one
    return st.none() | value if field.is_nullable_in(version) else value


def _primitive(kind: str) -> st.SearchStrategy[Any]:
    if kind in BITS:
        half = 1 << (BITS[kind] - 1)
        return st.integers(-half, half - 1)
    if kind == "u16":
        return st.integers(0, PORT_MAX)
    if kind == "f64":
        return st.floats(allow_nan=False)
    if kind == "bool":
        return st.booleans()
    if kind == "uuid":
        return st.binary(min_size=16, max_size=16)
    return st.text(max_size=20) if kind == "str" else st.binary(max_size=20)


class SeededMessages:
    """The same made up from a seed, a hundred times faster; sizes past one varint byte happen."""

    def __init__(self, seed: int, *, is_tame: bool = False) -> None:
        """Tame messages have only error codes and times that every oracle takes."""
        self._random = random.Random(seed)
        self._is_tame = is_tame

    def make(self, side: str, key: int, version: int) -> dict[str, Any]:
        return self._struct(SIDES[side](key), version)

    def _struct(self, fields: tuple[Field, ...], version: int) -> dict[str, Any]:
        return {
            field.name: self._value(field, version)
            if field.is_in(version)
            else default_value(field)
            for field in fields
        }

    def _value(self, field: Field, version: int) -> Any:
        if field.is_nullable_in(version) and self._random.random() < 0.25:
            return None
        if not field.is_array:
            return self._one(field, version)
        count = self._random.choice((0, 1, 2, 2, 3))
        if field.kind in BITS and self._random.random() < 0.1:
            count = 200
        return [self._one(field, version) for _ in range(count)]

    def _one(self, field: Field, version: int) -> Any:
        if field.kind == "struct":
            return self._struct(field.fields, version)
        if field.kind in BITS:
            if self._is_tame and field.name.endswith(("error_code", "_ms", "timestamp")):
                return self._random.choice((0, 1, 7))
            half = 1 << (BITS[field.kind] - 1)
            return self._random.choice((0, 1, 7, -1, half - 1, -half))
        if field.kind == "u16":
            return self._random.choice((0, 1, PORT_MAX))
        if field.kind == "f64":
            return self._random.choice((0.0, 1.5, -2.0, 1e300))
        if field.kind == "bool":
            return self._random.random() < 0.5
        if field.kind == "uuid":
            return self._random.randbytes(16)
        size = self._random.choice((0, 1, 5, 12, 130))
        if field.kind != "str":
            return self._random.randbytes(size)
        return "".join(self._random.choices("abc-._é語", k=size))
