from pathlib import Path
from typing import Any

import pytest

from dragoman.app.config import ConfigError
from dragoman.app.emulatorfile import load_file


def problems_of(path: Path, read: Any = lambda document: (document,)) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as told:
        load_file(str(path), read)
    assert all(line.startswith(f"{path}: ") for line in told.value.problems)
    return told.value.problems


def test_a_file_is_read_whatever_its_editor_put_before_it(tmp_path: Path) -> None:
    file = tmp_path / "Config.json"
    file.write_bytes(b'\xef\xbb\xbf{"a": 1}')
    assert load_file(str(file), lambda document: (document,)) == ({"a": 1},)


def test_what_is_wrong_is_told_with_the_files_name(tmp_path: Path) -> None:
    file = tmp_path / "Config.json"
    assert len(problems_of(file)) == 1
    for text in (b"", b"{", b"\xff", b"[" * 100_000):
        file.write_bytes(text)
        assert len(problems_of(file)) == 1
    file.write_bytes(b"1")

    def refuse(document: Any) -> tuple[Any, ...]:
        raise ConfigError(["one", "two"])

    assert len(problems_of(file, refuse)) == 2
