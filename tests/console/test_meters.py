from pathlib import Path

from dragoman.console.meters import METRICS, page

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_the_table() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text() == page()


def test_names_are_in_base_units_and_unlike() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    assert all(metric.name.endswith("_seconds") for metric in METRICS if metric.kind == "histogram")
    assert not any(name.endswith(("_ms", "_total", "_us")) for name in names)
