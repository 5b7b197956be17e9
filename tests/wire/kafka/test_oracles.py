"""Our layouts against two others' of the same protocol: kio and kafka-python, used by tests only.

An oracle must read our bytes to the same values, and write them back to the same bytes.
"""

import dataclasses
import datetime as dt
import enum
import importlib
import io
import pkgutil
import uuid
import warnings
from functools import cache
from typing import Any

import pytest
from tests.wire.kafka.messages import EVERY_VERSION, SIDES, SeededMessages, name_of

from dragoman.wire.kafka import codec
from dragoman.wire.kafka.schema import APIS, Field

kio_index = pytest.importorskip("kio.index")
kio_serial = pytest.importorskip("kio.serial")
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of kafka-python's way to load resources
    kafka_protocol = pytest.importorskip("kafka.protocol")

ENCODE = {"request": codec.encode_request, "response": codec.encode_response}
MESSAGES_EACH = 2
NAMED_OTHERWISE = {
    "authorized_operations",
    "enable2_pc",
    "results_by_topic_v3_and_below",
    "v3_and_below_producer_epoch",
    "v3_and_below_producer_id",
    "v3_and_below_topics",
    "v3_and_below_transactional_id",
}
every_version = pytest.mark.parametrize("case", EVERY_VERSION, ids=name_of)


@cache
def kafka_python_class(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of its way to load resources
        for module in pkgutil.walk_packages(kafka_protocol.__path__, "kafka.protocol."):
            if ".old" not in module.name and "schemas" not in module.name:
                found = getattr(importlib.import_module(module.name), name, None)
                if found is not None and hasattr(found, "max_version"):
                    return found
    return None


def kio_class(side: str, key: int, version: int) -> Any:
    load = kio_index.load_request_schema if side == "request" else kio_index.load_response_schema
    try:
        return load(key, version)
    except kio_index.UnknownEntity:
        return None


@every_version
def test_kio_reads_and_writes_the_same(case: tuple[str, int, int]) -> None:
    side, key, version = case
    schema = kio_class(side, key, version)
    if schema is None:
        pytest.skip("kio does not know this version")
    made = SeededMessages(seed=key + version, is_tame=True)
    for _ in range(MESSAGES_EACH):
        message = made.make(side, key, version)
        encoded = ENCODE[side](key, version, message)
        theirs, size = kio_serial.entity_reader(schema)(encoded, 0)
        assert size == len(encoded)
        assert plain(theirs) == present(SIDES[side](key), version, message)
        out = io.BytesIO()
        kio_serial.entity_writer(schema)(out, theirs)
        assert out.getvalue() == encoded


@every_version
def test_kafka_python_reads_and_writes_the_same(case: tuple[str, int, int]) -> None:
    side, key, version = case
    schema = kafka_python_class(APIS[key].name + side.capitalize())
    if schema is None or version > schema.max_version:
        pytest.skip("kafka-python does not know this version")
    made = SeededMessages(seed=key + version, is_tame=True)
    for _ in range(MESSAGES_EACH):
        message = made.make(side, key, version)
        if key == codec.API_VERSIONS and side == "response":
            message["error_code"] = 0  # with any other it reads version 0, whatever it was told
        encoded = ENCODE[side](key, version, message)
        theirs = schema.decode(encoded, version=version)
        theirs._header = None  # its decoder leaves out what its encoder asks for
        assert theirs.encode(version=version) == encoded
        assert names(theirs.to_dict(json=False)) <= names(message) | NAMED_OTHERWISE


def names(message: Any) -> set[str]:
    """Every key in a dict of dicts and lists."""
    if isinstance(message, list):
        return {name for one in message for name in names(one)}
    if not isinstance(message, dict):
        return set()
    return set(message) | {name for value in message.values() for name in names(value)}


def plain(value: Any) -> Any:
    """A kio value as nested lists of plain values, in the order of its fields."""
    if dataclasses.is_dataclass(value):
        return [plain(getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    if isinstance(value, dt.timedelta):
        return round(value.total_seconds() * 1000)
    if isinstance(value, dt.datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, uuid.UUID):
        return value.bytes
    return int(value) if isinstance(value, enum.IntEnum) else value


def present(fields: tuple[Field, ...], version: int, message: dict[str, Any]) -> list[Any]:
    """Our message as `plain` shapes it: the values that the version has."""
    return [
        _shaped(field, version, message[field.name]) for field in fields if field.is_in(version)
    ]


def _shaped(field: Field, version: int, value: Any) -> Any:
    if value is None or field.kind not in {"struct", "uuid"}:
        return value
    if field.is_array:
        return [_shaped(dataclasses.replace(field, is_array=False), version, one) for one in value]
    if field.kind == "uuid":
        return value if value != bytes(16) else None
    return present(field.fields, version, value)
