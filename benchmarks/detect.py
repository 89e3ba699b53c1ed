"""Faulty programs found, corrected and innocent ones accused: the catalogue, run by the plugin as a user has it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from pytest_prodparity.databases.embedded import Embedded
from tests.catalogue.harness import Catalogue, cases

SEED = 0


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Each program in a pytest of its own."""
    provider = Embedded(throw_away=True)
    table = [["rule", "faulty", "found", "right twins", "accused", "missed or accused"]]
    totals = {"faulty": 0, "found": 0, "corrected": 0, "accused": 0}
    with tempfile.TemporaryDirectory(prefix="prodparity-detect-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        try:
            catalogue = Catalogue(provider.start(), Path(folder) / "catalogue", Path(folder) / "cache")
            counts: dict[str, dict[str, int]] = {}
            wrong: dict[str, list[str]] = {}
            for case in [*cases(innocent=False), *cases(innocent=True)]:
                group = counts.setdefault(case.rule, dict.fromkeys(totals, 0))
                place = Path(folder) / case.name.replace("/", "-")
                for name in ("faulty", "corrected", "app"):
                    (place / name).mkdir(parents=True)
                if case.rule != "none":
                    group["faulty"] += 1
                    findings = catalogue.run(case, "faulty", place / "faulty").findings
                    if (case.rule, f"app.py:{case.line}") in findings:
                        group["found"] += 1
                    else:
                        wrong.setdefault(case.rule, []).append(f"missed {case.folder.name}")
                variant = "app" if case.rule == "none" else "corrected"
                group["corrected"] += 1
                if catalogue.run(case, variant, place / variant).findings:
                    group["accused"] += 1
                    wrong.setdefault(case.rule, []).append(f"accused {case.folder.name}")
        finally:
            provider.stop()
    for rule, group in counts.items():
        figures = [str(group[key]) for key in totals]
        table.append([rule if rule != "none" else "(innocent)", *figures, ", ".join(wrong.get(rule, []))])
        for key in totals:
            totals[key] += group[key]
    return table, {**totals, "rooms": {"queries": dict(totals)}, "seeds": [SEED]}
