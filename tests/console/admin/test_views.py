from dragoman.console.admin.views import binding_id
from dragoman.kernel.api import BindingInfo, BindingSettings


def binding(route: str = "r", **settings: object) -> str:
    return binding_id(BindingInfo(route, "t", False, BindingSettings(**settings)))  # type: ignore[arg-type]


def test_a_binding_is_told_by_what_makes_it_another() -> None:
    assert binding() == binding()
    assert binding(filter={"x": 1}) == binding()
    assert len({binding(), binding("s"), binding(key="k"), binding(arguments={"a": 1})}) == 4
    assert binding(arguments={"a": 1, "b": 2}) == binding(arguments={"b": 2, "a": 1})
