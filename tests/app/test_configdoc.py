import re
import tomllib
from pathlib import Path

import pytest

from dragoman.app.configdoc import MEANINGS, SECTIONS, options_of, page
from dragoman.app.configfile import read
from dragoman.app.topology import rehearse

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_up_to_date() -> None:
    written = (ROOT / "docs" / "config.md").read_text()
    assert written == page(), "python -m dragoman.app.configdoc > docs/config.md"


def test_every_option_has_its_meaning_and_no_meaning_is_left_over() -> None:
    for section, _, kind in SECTIONS:
        assert set(options_of(kind)) == set(MEANINGS[section]), section


def test_the_example_is_taken(tmp_path: Path) -> None:
    (tmp_path / "alice.secret").write_text("x")
    (example,) = re.findall(r"```toml\n(.*?)```", page(), re.DOTALL)
    options = read(tomllib.loads(example), tmp_path)
    assert len(options.topology) == 4
    assert len(options.eventgrid) == 2
    assert rehearse(options.topology, options.eventgrid) == []


@pytest.mark.parametrize("word", ["TODO", "None", "NODEFAULT"])
def test_no_word_of_the_code_slips_into_the_page(word: str) -> None:
    assert word not in page()
