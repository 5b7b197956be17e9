from pathlib import Path

from dragoman.cli.commands import COMMANDS, GROUPS
from dragoman.cli.docs import page

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_of_these_commands() -> None:
    assert (ROOT / "docs" / "cli.md").read_text() == page()


def test_every_command_and_every_option_is_told() -> None:
    text = page()
    names = [
        *COMMANDS,
        *(f"{group} {name}" for group, (_, below) in GROUPS.items() for name in below),
    ]
    assert [name for name in names if f"dragoman {name}" not in text] == []
    assert "DRAGOMAN_URL" in text
