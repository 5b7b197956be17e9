"""What no linter knows: sizes, docstrings, a test file for each module, no dead module, contracts that cover all.

Exceptions stand here by name with their reason; one that is needed no more must go, so the lists only get shorter.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = ROOT / "src"
FUNCTION_LINES_MAX: Final = 70
FILE_LINES_MAX: Final = 500

LONG_FILES: Final[Mapping[str, str]] = {}
LONG_FUNCTIONS: Final[Mapping[str, str]] = {}
TESTED_ELSEWHERE: Final[Mapping[str, str]] = {
    "dragoman.cli.certs": "tests/cli/test_commands.py",
    "dragoman.cli.config": "tests/cli/test_commands.py",
    "dragoman.cli.copying.amqp": "tests/clients/test_copy.py",
    "dragoman.cli.copying.azuremessage": "tests/clients/test_copy.py",
    "dragoman.cli.copying.kafka": "tests/clients/test_copy.py",
    "dragoman.cli.copying.pubsub": "tests/clients/test_copy.py",
    "dragoman.cli.copying.servicebus": "tests/clients/test_copy.py",
    "dragoman.cli.copying.sqs": "tests/clients/test_copy.py",
    "dragoman.cli.endpoints": "tests/cli/test_commands.py",
    "dragoman.cli.errors": "tests/cli/test_api.py",
    "dragoman.cli.env": "tests/cli/test_commands.py",
    "dragoman.cli.snippet": "tests/cli/test_commands.py",
    "dragoman.doors.servicebus.sessions": "tests/doors/servicebus/test_profile.py",
    "dragoman.doors.shared.amqp10.inlet": "tests/doors/shared/amqp10/test_door.py",
    "dragoman.doors.shared.amqp10.outlet": "tests/doors/shared/amqp10/test_door.py",
    "dragoman.doors.shared.amqp10.showing": "tests/doors/shared/amqp10/test_door.py",
    "dragoman.doors.shared.amqp10.strand": "tests/doors/shared/amqp10/test_door.py",
    "dragoman.kernel.idle": "tests/kernel/test_unused.py",
    "dragoman.kernel.pumping": "tests/kernel/test_pumps.py",
    "dragoman.kernel.scheduler": "tests/kernel/test_schedules.py",
    "dragoman.kernel.snapshots": "tests/kernel/leases/test_seek.py",
    "dragoman.kernel.snapshotting": "tests/kernel/leases/test_seek.py",
    "dragoman.kernel.transactions.transaction": "tests/kernel/transactions/test_coordinator.py",
    "dragoman.storage.files.directory": "tests/storage/test_files.py",
    "dragoman.storage.files.disk": "tests/storage/test_files.py",
    "dragoman.storage.guard": "tests/storage/test_segments.py",
    "dragoman.storage.journal.reader": "tests/storage/test_journal_rot.py",
    "dragoman.storage.journal.recovery": "tests/storage/test_journal_rot.py",
    "dragoman.storage.journal.walk": "tests/storage/test_journal_rot.py",
    "dragoman.storage.segments.chunk": "tests/storage/test_segments.py",
    "dragoman.storage.segments.store": "tests/storage/test_segments.py",
    "dragoman.storage.state.names": "tests/storage/test_sqlite.py",
}
UNUSED_YET: Final[frozenset[str]] = frozenset({})
ENTRIES: Final[Mapping[str, str]] = {
    "dragoman.__main__": "python -m dragoman",
    "dragoman.app.configdoc": "python -m dragoman.app.configdoc > docs/config.md",
    "dragoman.doors.amqp091.page": "python -m dragoman.doors.amqp091.page > docs/doors/amqp091.md",
    "dragoman.doors.eventgrid.page": "python -m dragoman.doors.eventgrid.page > docs/doors/eventgrid.md",
    "dragoman.doors.kafka.page": "python -m dragoman.doors.kafka.page > docs/doors/kafka.md",
    "dragoman.doors.pubsub.page": "python -m dragoman.doors.pubsub.page > docs/doors/pubsub.md",
    "dragoman.doors.sns.page": "python -m dragoman.doors.sns.page > docs/doors/sns.md",
    "dragoman.doors.sqs.page": "python -m dragoman.doors.sqs.page > docs/doors/sqs.md",
    "dragoman.cli.docs": "python -m dragoman.cli.docs > docs/cli.md",
    "dragoman.cli.main": "the script in pyproject.toml",
    "dragoman.testing.plugin": "the entry point pytest11 in pyproject.toml",
}
SHELLS: Final = {
    "app",
    "cli",
    "console",
    "listeners",
    "push",
    "runtime",
    "storage",
    "testing",
}


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes())


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name_of(file: Path) -> str:
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, Path]:
    return {name_of(file): file for file in sources("src")}


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.slow  # it parses every test
def test_a_function_fits_a_screen() -> None:
    long = {
        f"{file.relative_to(ROOT)}:{name}"
        for folder in ("src", "tools", "tests")
        for file in sources(folder)
        for name, lines in functions(file)
        if lines > FUNCTION_LINES_MAX
    }
    assert long == set(LONG_FUNCTIONS)


def test_a_file_is_read_in_one_go() -> None:
    long = {
        str(file.relative_to(ROOT))
        for folder in ("bench", "src", "tests", "tests_long", "tests_other", "tools")
        for file in sources(folder)
        if len(file.read_text().splitlines()) > FILE_LINES_MAX
    }
    assert long == set(LONG_FILES)


@pytest.mark.slow  # it parses every module
def test_every_module_begins_with_its_theory() -> None:
    silent = [
        str(file)
        for file in (*sources("src"), *sources("tools"))
        if not ast.get_docstring(tree(file))
    ]
    assert not silent


def is_simple(node: ast.stmt) -> bool:
    """A docstring, `...`, or a plain assignment to an attribute."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return all(isinstance(target, ast.Attribute) for target in targets)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def only_declares(file: Path) -> bool:
    """Constants, shapes and protocols: nothing that runs."""
    bodies = [node.body for node in ast.walk(tree(file)) if isinstance(node, ast.FunctionDef)]
    return all(is_simple(statement) for body in bodies for statement in body)


def is_tested(name: str) -> bool:
    """Whether a test file is named after the module, with its package's name before or something behind it."""
    _, layer, *below = name.split(".")
    stem = below[-1] if below else layer
    names = "|".join({stem, *(f"{parent}_{stem}" for parent in below[:-1])})
    pattern = re.compile(rf"test_({names})(_\w+)?\.py")
    folder = ROOT / "tests" / layer
    return any(pattern.fullmatch(file.name) for file in folder.rglob("test_*.py"))


def untested() -> set[str]:
    return {
        name
        for name, file in modules().items()
        if name not in {"dragoman", "dragoman.__main__"}
        and not only_declares(file)
        and not is_tested(name)
    }


@pytest.mark.slow
def test_every_module_has_a_test_file_of_its_name() -> None:
    assert untested() <= TESTED_ELSEWHERE.keys()


def test_where_a_module_is_tested_elsewhere_that_file_is_there() -> None:
    assert [file for file in TESTED_ELSEWHERE.values() if not (ROOT / file).exists()] == []


def imports_of(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and ":" in node.value:
            names.add(node.value.partition(":")[0])  # loaded by name: "dragoman.cli.env:env"
    return names


def dead() -> set[str]:
    imported: set[str] = set()
    for name, file in modules().items():
        imported |= imports_of(file) - {name}
    return {
        name
        for name, file in modules().items()
        if name not in imported and file.name != "__init__.py" and name not in ENTRIES
    }


@pytest.mark.slow
def test_no_module_is_dead() -> None:
    assert dead() <= UNUSED_YET


@pytest.mark.slow
def test_no_exception_is_left_over() -> None:
    assert TESTED_ELSEWHERE.keys() <= untested()
    assert dead() >= UNUSED_YET
    assert ENTRIES.keys() <= modules().keys()


def contract(name: str) -> dict[str, list[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    found: dict[str, list[str]] = next(c for c in settings["contracts"] if c["name"] == name)
    return found


def test_all_that_lies_below_the_shells_is_held_to_do_no_io() -> None:
    packages = {file.parent.name for file in SOURCE.glob("dragoman/*/__init__.py")}
    held = {
        name.removeprefix("dragoman.")
        for name in contract("no I/O below the shells")["source_modules"]
    }
    assert held == packages - SHELLS


def test_requirements_name_no_host() -> None:
    for file in (ROOT / "requirements").iterdir():
        assert not re.search(r"://|^-", file.read_text(), re.MULTILINE), file.name


def test_every_command_of_the_command_line_stands_in_the_readme() -> None:
    from dragoman.cli.commands import COMMANDS, GROUPS  # noqa: PLC0415

    readme = (ROOT / "README.md").read_text()
    assert [name for name in (*COMMANDS, *GROUPS) if f"dragoman {name}" not in readme] == []


def test_every_runtime_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    page = (ROOT / "docs" / "dependencies.md").read_text()
    names = [re.split(r"[<>=]", line)[0] for line in project["dependencies"]]
    assert [name for name in names if f"| {name} |" not in page] == []


def test_every_decision_has_a_number_of_its_own() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(len(pages)))
    assert [
        page.name
        for page in pages[1:]
        if not page.read_text().startswith(f"# {int(page.name[:4])}. ")
    ] == []
