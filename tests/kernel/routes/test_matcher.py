import pytest

from dragoman.kernel.routes.binding import Binding
from dragoman.kernel.routes.matcher import Matcher


def test_the_interface_has_no_behaviour_of_its_own() -> None:
    matcher = Matcher()
    binding = Binding("t", "", {}, 1)
    matcher.check("anything", {})
    assert not matcher.needs_fields()
    with pytest.raises(NotImplementedError):
        matcher.insert(binding)
    with pytest.raises(NotImplementedError):
        matcher.remove(binding)
    with pytest.raises(NotImplementedError):
        matcher.match("", None, 0)
