"""The page: all of the evidence is on it, nothing in a report breaks out of its text, and it stays small."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.gate.gathered import gather
from pytest_prodparity.gate.policy import Policy
from pytest_prodparity.gate.render import html
from pytest_prodparity.gate.verdict import decide
from tests.gate.pages import ORDER, PLAN, THREE, harmless, hostile, long, page, tried, with_tests
from tests.gate.reports import found, run, written


class Skeleton(HTMLParser):
    """Elements, names of attributes, addresses, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.links: set[str] = set()
        self.ids: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action")}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_finding_is_there_with_all_its_evidence(tmp_path: Path) -> None:
    one = replace(
        found(),
        plan=PLAN,
        details={
            "scanned": 48_211_904,
            "called_from": ["shop/api.py:9 get"],
            "also": [{"rule": "timeout", "title": "takes 9 s"}],
        },
    )
    text = page(tmp_path, run(one))
    assert '<h1>Production parity: <strong class="bad">blocked</strong></h1>' in text
    for said in ("reads 48,211,904 rows to return 12", "shop/orders.py:31", "SELECT * FROM orders WHERE customer_id = $1", "Seq Scan on orders, about 9 s",
                 "CREATE INDEX CONCURRENTLY ON orders (customer_id);", "Index Scan, 12 rows", "pytest tests/test_orders.py::test_open --parity-level=dev",
                 "shop/api.py:9 get", "takes 9 s", "<dt>scanned</dt><dd>48,211,904</dd>", "PostgreSQL 16.4, 214 tables, 1.0 TB, captured 2026-11-20",
                 "0123456789ab", f'id="f-{one.fingerprint}"'):  # fmt: skip
        assert said in text, said
    assert '<td class="d1">Seq Scan on orders</td><td>48,211,904<span class="bar b10 top"' in text
    assert "Filter: (customer_id = &#x27;…&#x27;::bigint)" in text


@pytest.mark.parametrize(
    ("trace", "actors", "steps", "rest"),
    [(ORDER, ["A", "B"], ["A", "B", "B"], "A raises ValueError"), (THREE, ["A", "B", "C"], ["A", "C", "C"], "C raises DeadlockDetected")],
)  # fmt: skip
def test_the_order_of_a_race_has_a_lane_for_each_callable(
    tmp_path: Path, trace: tuple[str, ...], actors: list[str], steps: list[str], rest: str
) -> None:
    text = page(tmp_path, run(replace(found("not-serializable"), trace=trace)))
    named = re.search(r'<p class="actors">(.*?)</p>', text)
    lanes = re.search(r'<ol class="lanes of\d">(.*?)</ol>', text)
    assert named is not None
    assert lanes is not None
    assert re.findall(r"<b>(.)</b>", named[1]) == actors
    assert re.findall(r"<b>(.)</b>", lanes[1]) == steps
    assert len(re.findall(r'class="lane\d waits"', lanes[1])) == 1
    assert f">{rest}" in text


def test_a_trace_that_is_no_order_is_shown_line_by_line(tmp_path: Path) -> None:
    assert ">one\n  two  three</pre>" in page(tmp_path, run(replace(found(), trace=("one", "  two  three"))))


def test_faults_are_a_matrix_of_trips_and_kinds(tmp_path: Path) -> None:
    test = "tests/a.py::test_pay"
    one = found("double-apply", test=test)
    text = page(tmp_path, with_tests(run(one), tried(test)))
    matrix = re.search(r'<table class="matrix">(.*?)</table>', text)
    assert matrix is not None
    heads = re.findall(r'<th scope="col">(?:<span>)?([^<]+)', matrix[1])
    assert heads == ["trip", "reset-peer", "reply-lost", "40001 (window)"]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", matrix[1])[1:]]
    told = [[re.sub("<[^>]*>", "", cell) for cell in row] for row in rows]
    assert told == [
        ["✓got over it", "·not tried", "·not tried"],
        ["○failed cleanly with OperationalError", "double-apply", "?cannot tell: it ended"],
    ]
    assert f'<a href="#f-{one.fingerprint}">double-apply</a>' in matrix[1]
    assert "4 faults at dev, 1 with a finding, 3 left out" in text


def test_races_and_loads_are_there_with_their_figures_and_a_picture(tmp_path: Path) -> None:
    text = page(tmp_path, with_tests(run(), tried()))
    assert '<td class="bad">found</td><td>13</td><td>no time</td>' in text
    assert "16 actors (each calls again when it is done), 5 s: 900 calls, 180.0 a second" in text
    assert "<dt>p50</dt><dd>13.2 ms</dd>" in text
    assert "<dt>had to be ended</dt><dd>1</dd>" in text
    assert len(re.findall("<svg ", text)) == 1


def test_what_nobody_can_tell_is_said_with_its_reason(tmp_path: Path) -> None:
    text = page(tmp_path, run(untold=3))
    assert "10 statements judged, 3 cannot tell." in text
    assert "The profile was 3 days old at the run." in text
    assert "The run at dev had no profile" in page(tmp_path, run(key=None))
    assert "<td>a temporary table</td><td><code>SELECT 1</code></td><td>3</td>" in text


def test_a_clean_run_says_so(tmp_path: Path) -> None:
    text = page(tmp_path, run())
    assert '<strong class="good">passes</strong>' in text
    assert "None that blocks or warns." in text
    assert "<form" not in text


def test_nothing_in_a_report_is_markup(tmp_path: Path) -> None:
    text = page(tmp_path, hostile())
    kept, evil = Skeleton(harmless(tmp_path)), Skeleton(text)
    assert evil.tags <= kept.tags
    assert evil.names <= kept.names
    assert not [name for name in evil.names if name.startswith("on") or name == "style"]
    assert all(re.fullmatch(r"#(f-[0-9a-f]{16}|[a-z]+)", link) for link in evil.links)
    assert len(set(evil.ids)) == len(evil.ids)
    assert not evil.open
    assert text.count("<script>") == text.count("</script>") == 1
    assert not set(text) & set("\x1b\x00\x07\x85\u2028\u202e\ufffe\ud800")


def test_the_page_loads_nothing_and_allows_its_own_script_and_style_alone(tmp_path: Path) -> None:
    text = page(tmp_path, hostile())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    parts = dict(part.strip().partition(" ")[::2] for part in policy[1].replace("&#x27;", "'").split(";"))
    assert parts["default-src"] == parts["base-uri"] == parts["form-action"] == "'none'"
    assert all(re.fullmatch(r"'sha256-[\w+/]+='", parts[name]) for name in ("script-src", "style-src"))
    assert "src" not in Skeleton(text).names
    own = [
        files("pytest_prodparity.gate.render.page").joinpath(name).read_text("utf-8")
        for name in ("style.css", "script.js")
    ]
    assert not [
        part for source in own for part in ("url(", "@import", "http", "fetch", "innerHTML", "eval(") if part in source
    ]


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_its_background(theme: int) -> None:
    """Contrast as WCAG 2.2 computes it: 4.5 for text."""
    style = files("pytest_prodparity.gate.render").joinpath("page", "style.css").read_text("utf-8")
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[theme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    pairs = [(ink, paper) for ink in ("ink", "soft", "bad", "warn", "good", "link") for paper in ("paper", "tint")]
    pairs += [(ink, f"{ink}-tint") for ink in ("bad", "warn", "good")] + [
        ("ink", "good-tint"),
        *((f"lane{n}", "tint") for n in range(4)),
    ]
    for ink, paper in pairs:
        light, dark = sorted((luminance(colours[ink]), luminance(colours[paper])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


@pytest.mark.parametrize("size", [300, 4000])
def test_two_thousand_findings_fit_and_what_does_not_is_said(tmp_path: Path, size: int) -> None:
    text = page(tmp_path, run(*(long(number, size) for number in range(2100))))
    assert len(text.encode()) <= html.LIMIT
    assert text.count('<li id="f-') == 2000
    assert "100 more findings are in the report file only." in text
    left = text.count("The evidence did not fit on this page")
    assert left == 0 if size == 300 else 0 < left < 2000
    assert not Skeleton(text).open


def test_the_same_reports_make_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    paths = written(
        tmp_path,
        with_tests(run(found()), tried()),
        with_tests(run(found("spill"), level="staging", untold=2), tried()),
        run(started="2026-11-23T13:00:00+00:00"),
    )
    made = {
        html.text(decide(gather(order, keep=True), Policy.parse({}), today=date(2026, 11, 24)))
        for order in (paths, paths[::-1], [*paths[1:], paths[0]])
    }
    assert len(made) == 1


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda data: data["tests"][0]["scenarios"].append({"token": 1}), "token is 1"),
        (lambda data: data["tests"][0]["loads"].append({**EMPTY, "points": [["x", 1, None]]}), "must be real number, not str"),
        (lambda data: data["findings"][0].update(trace=[1]), "evidence is not text"),
        (lambda data: data["untold"].append({"reason": "x"}), "statement is missing"),
    ],
)  # fmt: skip
def test_a_damaged_report_is_one_message(tmp_path: Path, broken: Any, said: str) -> None:
    (path,) = written(tmp_path, run(found()))
    data = json.loads(path.read_text())
    broken(data)
    path.write_text(json.dumps(data))
    with pytest.raises(ProdparityError, match=f"is a damaged report: .*{said}"):
        gather([path], keep=True)


EMPTY: dict[str, Any] = {
    "source": None,
    "actors": 1,
    "seconds": 1.0,
    "rate": None,
    "calls": 0,
    "throughput": 0.0,
    "latency": {},
    "measured": "",
}


def test_a_report_of_an_earlier_version_has_a_page_too(tmp_path: Path) -> None:
    (path,) = written(tmp_path, with_tests(run(found()), tried()))
    data = json.loads(path.read_text())
    for test in data["tests"]:
        del test["loads"]
        for one in test["scenarios"]:
            del one["trip"], one["what"]
            one["new"] = "of a later one"
    path.write_text(json.dumps(data))
    text = html.text(decide(gather([path], keep=True), Policy.parse({}), today=date(2026, 11, 24)))
    assert text.count('<table class="matrix">') == 1
