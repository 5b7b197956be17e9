from dragoman.app.config import ConfigError
from dragoman.app.configfile import LimitsSection, StorageSection
from dragoman.app.problems import Problems
from dragoman.model.storable import UNSTORABLE


def complain() -> None:
    raise ConfigError(["one", "two"])


def test_a_section_that_is_wrong_is_none_and_the_next_is_still_read() -> None:
    problems = Problems()
    assert problems.struct({"memory": 3}, StorageSection, "first") is None
    assert problems.struct({"memory": True}, StorageSection, "second") == StorageSection(
        memory=True
    )
    assert problems.lines == ["first: Expected `bool`, got `int` - at `memory`"]


def test_what_a_step_complains_of_is_kept() -> None:
    problems = Problems()
    problems.attempt("listen", complain)
    assert problems.lines == ["listen: one", "listen: two"]


def test_what_cannot_be_written_down_is_told() -> None:
    problems = Problems()
    assert problems.struct({"connections_max": 1 << 64}, LimitsSection, "limits") is None
    assert problems.lines == [f"limits: {UNSTORABLE}"]
