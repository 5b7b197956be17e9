import json
import sys
from pathlib import Path

import pytest
from tools.suites import SUITES, Outcome, Suite, Tally, run, run_target, table

from tools import suites

ROOT = Path(__file__).resolve().parents[2]
CHECK_MAX_S = 90
ALL_MAX_S = 40 * 60
COMPILE_MAX_S = 420


def a_suite(*command: str, budget_s: int = 10, may_skip: bool = True) -> Suite:
    return Suite("probe", ("check",), budget_s, "pure", "a probe", command, may_skip)


def ended(output: str, status: int | None = 0, may_skip: bool = True) -> Outcome:
    return Outcome(a_suite("pytest", may_skip=may_skip), status, 1.0, output)


def test_hacking_shows_the_table_of_suites() -> None:
    assert table() in (ROOT / "HACKING.md").read_text()


def test_the_check_is_quick_and_everything_fits_the_time_of_ci() -> None:
    assert sum(suite.budget_s for suite in SUITES if "check" in suite.targets) <= CHECK_MAX_S
    in_ci = [suite for suite in SUITES if suite.targets != ("full",)]
    assert sum(suite.budget_s for suite in in_ci) + COMPILE_MAX_S <= ALL_MAX_S


def test_python_clients_may_not_skip() -> None:
    assert not next(suite for suite in SUITES if suite.name == "clients").may_skip


def test_counts_come_from_the_closing_line() -> None:
    outcome = ended(
        "5 failed in the text\n127.0.0.1:2384 failed: refused\n== 1 failed, 12 passed, 3 skipped, 2 errors in 0.1s ==\n",
        1,
    )
    assert outcome.counts() == {"passed": 12, "failed": 3, "skipped": 3}


def test_what_a_client_says_is_no_closing_line() -> None:
    outcome = ended("Connect to 127.0.0.1:23384 failed: refused\n", None)
    assert outcome.counts() == {"passed": 0, "failed": 0, "skipped": 0}


def test_a_suite_that_fails_without_a_failing_test_counts_as_one_failure() -> None:
    tally = Tally()
    ended("INTERNALERROR", status=3).add_to(tally)
    assert (tally.passed, tally.failed, tally.suites) == (0, 1, ["probe"])


def test_a_suite_without_tests_is_a_skip_with_its_reason() -> None:
    tally = Tally()
    ended("no tests ran", status=suites.NO_TESTS).add_to(tally)
    assert (tally.failed, tally.skipped) == (0, 1)
    assert "no such tests" in tally.skips[0]


def test_a_skip_fails_a_suite_that_may_not_skip() -> None:
    outcome = ended("SKIPPED [1] x: gone\n1 passed, 1 skipped in 1s", may_skip=False)
    assert not outcome.passed


def test_reasons_of_skips_are_kept() -> None:
    outcome = ended("SKIPPED [2] tests/x.py: no Node\n1 passed, 2 skipped in 1s")
    assert outcome.passed
    assert outcome.skips() == ["SKIPPED [2] tests/x.py: no Node"]


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Suites run Python, prepare nothing and log into the test's folder."""
    monkeypatch.setattr(suites, "BIN", Path(sys.executable).parent)
    monkeypatch.setattr(suites, "LOGS", tmp_path)
    monkeypatch.setattr(suites, "prepare", lambda build: {})
    return Path(sys.executable).name


def test_a_suite_is_stopped_at_twice_its_budget(
    python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suites, "OVERRUN", 0.02)
    outcome = run(a_suite(python, "-c", "import time; time.sleep(60)"))
    assert outcome.status is None
    assert not outcome.passed
    assert outcome.spent_s < 30


@pytest.mark.slow
def test_a_suite_that_is_stopped_says_what_has_failed_by_then(
    python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suites, "OVERRUN", 0.3)
    outcome = run(a_suite(python, "-c", LAST_WORDS))
    assert outcome.status is None
    assert "FAILED tests/x.py::test_a" in outcome.output


LAST_WORDS = """
import time
try:
    time.sleep(60)
except KeyboardInterrupt:
    print("FAILED tests/x.py::test_a - gone")
"""
FAILS = "FAILED tests/x.py::test_{} - slow\\n"
PROBE = "import sys; again = '--last-failed' in sys.argv; print('{}'); sys.exit(0 if {} else 1)"


@pytest.mark.parametrize(
    ("tries", "failing", "passes", "runs"),
    [(2, 1, "again", 2), (2, 1, "False", 2), (1, 1, "again", 1), (2, 4, "again", 1)],
)
def test_a_few_failed_tests_are_run_once_more_where_the_table_says_so(
    python: str, tries: int, failing: int, passes: str, runs: int
) -> None:
    printed = "".join(FAILS.format(number) for number in range(failing))
    program = PROBE.format(printed, passes)
    suite = Suite("probe", ("check",), 10, "pure", "", (python, "-c", program), tries=tries)
    outcome = run(suite)
    steadied = runs == 2 and passes == "again"
    assert outcome.passed == steadied
    assert outcome.unsteady == (("tests/x.py::test_0 - slow",) if steadied else ())


def test_a_test_that_passed_when_run_again_counts_as_passed_and_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = ended("FAILED tests/x.py::test_a - slow\n1 failed, 3 passed in 1s", suites.TESTS_FAILED)
    tally = Tally()
    first.steadied(ended("1 passed in 1s")).add_to(tally)
    assert suites.closing(tally) == 0
    said = "failed, and passed when run again:\n  tests/x.py::test_a - slow\n"
    assert capsys.readouterr().out == said + "4 passed, 0 failed, 0 skipped\n"


def test_all_suites_of_a_target_run_even_after_a_failure(
    python: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    failing = a_suite(python, "-c", "raise SystemExit(1)")
    passing = Suite("next", ("check",), 10, "pure", "", (python, "-c", "print('ran')"))
    monkeypatch.setattr(suites, "SUITES", (failing, passing))
    tally = tmp_path / "tally.json"
    assert run_target("check", str(tally)) == 1
    assert json.loads(tally.read_text())["suites"] == ["probe", "next"]


def test_a_suite_is_not_run_again_in_the_same_tally(
    python: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(suites, "SUITES", (a_suite(python, "-c", "raise SystemExit(1)"),))
    tally = tmp_path / "tally.json"
    Tally(passed=1, suites=["probe"]).save(str(tally))
    assert run_target("check", str(tally)) == 0


def test_closing_fails_without_a_passed_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert suites.closing(Tally()) == 1
    assert suites.closing(Tally(passed=2, skipped=1, skips=["SKIPPED [1] x: why"])) == 0
    assert capsys.readouterr().out.endswith("x: why\n2 passed, 0 failed, 1 skipped\n")
