import pytest

from dragoman.doors.shared.grpc.template import Template


@pytest.mark.parametrize(
    ("text", "route", "fields"),
    [
        ("/v1/{topic=projects/*/topics/*}:publish", "/v1/projects/{p0}/topics/{p1}:publish", [("topic", "projects/A/topics/B")]),
        ("/v2/{queue.name=projects/*}/x", "/v2/projects/{p0}/x", [("queue.name", "projects/A")]),
        ("/v1/{name}", "/v1/{p0}", [("name", "A")]),
        ("/v1/{name=**}", "/v1/{p0+}", [("name", "A")]),
        ("/v1/{a=x/*}/{b}:go", "/v1/x/{p0}/{p1}:go", [("a", "x/A"), ("b", "B")]),
        ("/v1/plain:validate", "/v1/plain:validate", []),
    ],
)  # fmt: skip
def test_a_template_is_a_route_and_fields(
    text: str, route: str, fields: list[tuple[str, str]]
) -> None:
    template = Template(text)
    assert template.route == route
    assert template.fields({"p0": "A", "p1": "B"}) == fields


def test_what_has_no_name_is_refused() -> None:
    with pytest.raises(ValueError, match="name"):
        Template("/v1/*/x")
