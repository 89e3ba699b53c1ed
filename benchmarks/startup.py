"""What the plugin costs a run that has no marked test.

`import_ms`: all time spent in imports that the plugin causes, from pytest's start to its end, its own modules and what they
import; pytest itself is there already. `third_party`: packages that such a run holds and a run without the plugin does
not, beyond the standard library. `suite_ratio`: the wall time of a suite of unmarked tests, with the plugin over without it;
the runs alternate, and the median of the pairs' ratios counts. No other plugin is loaded in either.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPEATS = 9
FILES, TESTS = 20, 50
PLUGIN = ("-p", "pytest_prodparity.plugin")

PROBE = """
import builtins, json, sys, time

import pytest

real, spent, inside = builtins.__import__, 0.0, False


def timed(name, globals=None, locals=None, fromlist=(), level=0):
    global spent, inside
    ours = "pytest_prodparity"
    if inside or not (name.startswith(ours) or (globals or {}).get("__name__", "").startswith(ours)):
        return real(name, globals, locals, fromlist, level)
    inside, began = True, time.perf_counter()
    try:
        return real(name, globals, locals, fromlist, level)
    finally:
        spent += time.perf_counter() - began
        inside = False


builtins.__import__ = timed
status = pytest.main(sys.argv[1:])
builtins.__import__ = real
loaded = sorted({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names))
print(json.dumps({"status": int(status), "ms": spent * 1000, "loaded": loaded}))
"""


def run() -> tuple[list[list[str]], dict[str, object]]:
    """Measure in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "probe.py").write_text(PROBE)
        (folder / "pytest.ini").write_text("[pytest]\n")
        for number in range(FILES):
            tests = "".join(f"def test_{at}():\n    assert {at} + 1 > {at}\n\n\n" for at in range(TESTS))
            (folder / f"test_{number}.py").write_text(tests)
        with_plugin = [_probe(folder, *PLUGIN) for _ in range(REPEATS)]
        loaded = set(with_plugin[0]["loaded"]) - set(_probe(folder)["loaded"]) - {"pytest_prodparity"}
        _suite(folder), _suite(folder, *PLUGIN)  # the first runs write what is compiled
        pairs = [(_suite(folder), _suite(folder, *PLUGIN)) for _ in range(REPEATS)]
    import_ms = statistics.median(probe["ms"] for probe in with_plugin)
    ratio = statistics.median(ours / plain for plain, ours in pairs)
    plain, ours = (statistics.median(side) for side in zip(*pairs, strict=True))
    figures: dict[str, object] = {
        "import_ms": round(import_ms, 2),
        "third_party": sorted(loaded),
        "suite_ratio": round(ratio, 4),
    }
    table = [
        ["what", "figure"],
        ["loading the plugin, median of 9", f"{import_ms:.2f} ms"],
        ["third-party packages loaded", ", ".join(sorted(loaded)) or "none"],
        [f"{FILES * TESTS} unmarked tests without the plugin", f"{plain:.3f} s"],
        [f"{FILES * TESTS} unmarked tests with the plugin", f"{ours:.3f} s"],
        ["with / without, median of 9 pairs", f"{ratio:.3f}"],
    ]
    return table, figures


def _environment() -> dict[str, str]:
    foreign = ("PYTEST_", "PRODPARITY_", "COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _probe(folder: Path, *arguments: str) -> dict[str, object]:
    """One run of a single test file in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "probe.py", "-q", "-p", "no:cacheprovider", *arguments, "test_0.py"],
        cwd=folder, env=_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["status"] == 0, done.stdout
    return told


def _suite(folder: Path, *arguments: str) -> float:
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder, env=_environment(), capture_output=True, check=True,
    )  # fmt: skip
    return time.monotonic() - began
