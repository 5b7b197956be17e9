import sysconfig
from pathlib import Path

import pytest

from tools import compile as tool

SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")


@pytest.fixture
def tree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A source tree with `dragoman.hot`, which imports `dragoman.below`, and an extension kept of it."""
    source, build = tmp_path / "src", tmp_path / "build"
    (source / "dragoman").mkdir(parents=True)
    (source / "dragoman" / "__init__.py").write_text("")
    (source / "dragoman" / "hot.py").write_text("from dragoman.below import LIMIT\n")
    (source / "dragoman" / "below.py").write_text("LIMIT = 1\n")
    (source / "dragoman" / "other.py").write_text("")
    names = {"ROOT": tmp_path, "SOURCE": source, "BUILD": build, "KEPT": build / "lib"}
    names |= {"DIGEST": build / "digest", "LOG": build / "log.txt"}
    for name, value in names.items():
        monkeypatch.setattr(tool, name, value)
    monkeypatch.setattr(tool, "hot_modules", lambda: ["dragoman.hot"])
    return source / "dragoman"


def keep(tree: Path) -> None:
    """As a build would have left it."""
    kept = tool.KEPT / "dragoman" / f"hot{SUFFIX}"
    kept.parent.mkdir(parents=True)
    kept.write_text("compiled")
    tool.DIGEST.write_text(tool.digest_of(["dragoman.hot"]))


def test_every_hot_module_exists() -> None:
    missing = [name for name in tool.hot_modules() if tool.file_of(name) is None]
    assert not missing


def test_what_is_kept_is_put_in_place_while_it_is_current(tree: Path) -> None:
    keep(tree)
    assert "up to date" in tool.compile_all()
    assert (tree / f"hot{SUFFIX}").read_text() == "compiled"
    assert not tool.is_stale()


@pytest.mark.parametrize("changed", ["hot", "below"])
def test_an_extension_is_stale_when_its_source_or_what_that_imports_has_changed(
    tree: Path, changed: str
) -> None:
    keep(tree)
    tool.put_in_place()
    (tree / f"{changed}.py").write_text("LIMIT = 2\n")
    assert tool.is_stale()
    tool.main(["fresh"])
    assert not (tree / f"hot{SUFFIX}").exists()


def test_other_sources_may_change(tree: Path) -> None:
    keep(tree)
    tool.put_in_place()
    (tree / "other.py").write_text("changed = True\n")
    assert not tool.is_stale()


def test_pure_takes_extensions_away_and_keeps_a_copy(tree: Path) -> None:
    keep(tree)
    tool.put_in_place()
    assert tool.main(["pure"]) == 0
    assert not tool.extensions(tool.SOURCE)
    assert tool.extensions(tool.KEPT)


@pytest.mark.parametrize("reason", ["no C compiler", "no Python.h (Debian: python3-dev)"])
def test_without_means_it_goes_on_in_pure_python_in_one_line(
    tree: Path, reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / f"hot{SUFFIX}").write_text("stale")
    monkeypatch.setattr(tool, "missing", lambda: reason)
    assert tool.main([]) == 0
    assert capsys.readouterr().out == f"compile: {reason}; going on in pure Python\n"
    assert not tool.extensions(tool.SOURCE)


def test_a_failing_build_leaves_nothing_behind(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "missing", lambda: None)
    monkeypatch.setattr(tool, "SETUP", "raise SystemExit('error: no luck')")
    assert tool.main([]) == 0
    out = capsys.readouterr().out
    assert out.startswith("compile: mypyc failed (error:")
    assert len(out.splitlines()) == 1
    assert not tool.extensions(tool.SOURCE)
    assert not tool.DIGEST.exists()


def test_an_empty_list_is_no_failure(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "hot_modules", list)
    assert tool.main([]) == 0
    assert "pure Python" in capsys.readouterr().out


def test_an_unknown_module_is_named(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tool, "hot_modules", lambda: ["dragoman.gone"])
    assert tool.main([]) == 0
    assert "dragoman.gone" in capsys.readouterr().out
