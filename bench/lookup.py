"""Figures and ratios of a results document, by scenario: what goals are judged by."""

from dataclasses import dataclass
from typing import Any

from bench.scenarios import DRAGOMAN

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A goal's number, and why it may not count."""

    value: float | None
    lacking: str = ""


class Lookup:
    """Reads figures and ratios from a document."""

    def __init__(self, doc: Document) -> None:
        self._entries = {entry["name"]: entry for entry in doc["scenarios"]}
        self.sync_us = float(doc.get("machine", {}).get("fdatasync_p50_us", 0.0))

    def ratio(self, scenario: str, figure: str, peer: str) -> float | None:
        """Dragoman to peer; None when either is missing."""
        found = self._entries.get(scenario, {}).get("ratios", {}).get(peer, {})
        return found[figure]["ratio"] if isinstance(found, dict) and figure in found else None

    def own(self, scenario: str, figure: str) -> float | None:
        """Dragoman's median, if every peer of the scenario was measured too."""
        entry = self._entries.get(scenario, {})
        if any(not isinstance(found, dict) for found in entry.get("ratios", {}).values()):
            return None
        return self.alone(scenario, figure)

    def alone(self, scenario: str, figure: str) -> float | None:
        """Dragoman's median, whoever else was measured: for limits that no peer has a part in."""
        targets = self._entries.get(scenario, {}).get("targets", {})
        value = targets.get(DRAGOMAN, {}).get("median", {}).get(figure)
        return None if value is None else float(value)
