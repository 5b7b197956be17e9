from pathlib import Path

import pytest

from dragoman.cli.copying.checkpoint import Checkpoint
from dragoman.cli.errors import CommandError


def test_offsets_are_of_the_next_message_and_outlive_the_copy(tmp_path: Path) -> None:
    file = str(tmp_path / "here.json")
    Checkpoint(file).note([(0, 4), (1, 7), (0, 5)])
    assert Checkpoint(file).offsets == {"0": 6, "1": 8}
    assert list(tmp_path.iterdir()) == [tmp_path / "here.json"]


def test_without_a_file_nothing_is_kept() -> None:
    found = Checkpoint(None)
    found.note([(0, 4)])
    assert found.offsets == {}


@pytest.mark.parametrize("text", ["{", '{"0": "x"}', "[]"])
def test_what_is_no_checkpoint_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "here.json"
    file.write_text(text)
    with pytest.raises(CommandError, match=r"here\.json"):
        Checkpoint(str(file))


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        Checkpoint(str(tmp_path / "no" / "here.json")).note([(0, 1)])
