from typing import Any

import pytest

from dragoman.formats.schemas.jsonprice import CHECKS_MAX, price_of
from dragoman.model.errors import SchemaInvalid


def levels(schema: Any, **others: Any) -> list[int]:
    return price_of(schema, others).levels


def doubling(steps: int) -> Any:
    defs: dict[str, Any] = {
        f"a{at}": {"allOf": [{"$ref": f"#/$defs/a{at + 1}"}] * 2} for at in range(steps)
    }
    defs[f"a{steps}"] = {"type": "number"}
    return {"$ref": "#/$defs/a0", "$defs": defs}


def test_each_level_costs_what_may_meet_a_value_there() -> None:
    assert levels(True) == [1, 0, 0]
    assert levels({"properties": {"a": {"items": True}, "b": True}}) == [1, 1, 1, 0, 0]
    both = {"properties": {"a": True}, "patternProperties": {"^a": True}}
    assert levels(both)[1] == 2 + 20
    assert levels({"allOf": [both, both]})[1] == 2 * (2 + 20)
    assert levels({"enum": list(range(1_000))})[0] == 101


def test_references_that_double_are_counted_and_not_followed() -> None:
    assert levels(doubling(3))[0] > 8
    assert levels(doubling(60))[0] == CHECKS_MAX


def test_a_schema_of_trees_costs_the_same_at_every_depth_and_one_that_doubles_grows() -> None:
    tree = {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}}
    price = price_of(tree, {})
    assert (price.grows, price.checks(1_000, 50)) == (False, 1 + 1_000 * 2)
    twice = {"allOf": [tree, {"additionalProperties": {"$ref": "#"}}]}
    twice = {**twice, "allOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]}
    assert price_of(twice, {}).grows


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}},
        {"$dynamicRef": "#x", "$dynamicAnchor": "x"},
        {"$ref": "#/nowhere"},
        {"$ref": "other.json"},
        {"$ref": "#/$defs/0/x", "$defs": []},
    ],
)
def test_a_schema_that_never_ends_or_leads_nowhere_is_refused(schema: Any) -> None:
    with pytest.raises(SchemaInvalid):
        price_of(schema, {})


def test_names_anchors_and_other_schemas_are_followed() -> None:
    assert levels({"$ref": "other.json"}, **{"other.json": True})[0] == 2
    assert levels({"$ref": "#here", "$defs": {"a": {"$anchor": "here"}}})[0] == 2
    named = {"$ref": "http://x/y.json", "$defs": {"a": {"$id": "http://x/y.json"}}}
    assert levels(named)[0] == 2
    assert levels({"$ref": "#/allOf/0", "allOf": [True]})[0] == 3
    assert (
        levels({"unevaluatedProperties": False, "anyOf": [{"properties": {"a": True}}] * 3})[1] > 4
    )


def test_a_schema_that_takes_too_long_to_be_reckoned_is_refused() -> None:
    doubles = {"properties": {"a": {"$ref": "#"}}}
    with pytest.raises(SchemaInvalid, match="entangled"):
        price_of({"allOf": [dict(doubles) for _ in range(300)]}, {})
