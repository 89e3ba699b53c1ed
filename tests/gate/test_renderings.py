"""What other tools and people read of a verdict: within their limits, and nothing in a report breaks out of it."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from markdown_it import MarkdownIt
from pydantic import ValidationError
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema

from pytest_prodparity.core.findings import Finding
from pytest_prodparity.gate import baseline
from pytest_prodparity.gate.gathered import gather
from pytest_prodparity.gate.policy import Policy
from pytest_prodparity.gate.render import github, gitlab, junit, markdown, sarif
from pytest_prodparity.gate.report import Report
from pytest_prodparity.gate.verdict import Verdict, decide
from tests.gate.reports import FOLDER, found, run, written

EVIL = (
    "a|b `c` ``` ~~~ <script>alert(1)</script> <!-- x --> </details></code> &lt; @everyone #1 https://evil.example www.evil.example "
    "[x](javascript:1) ![y](http://z) **bold** \x1b[31m\x00\x07\x85\u2028\u202e\ufffe\ud800 ]]> \n\n# head\n::error::x %0A::set-output"
)


@pytest.fixture
def judged(tmp_path: Path) -> Any:
    def judge(*reports: Report, known: Any = (), **table: Any) -> Verdict:
        gathered = gather(written(tmp_path, *reports), keep=True)
        return decide(gathered, Policy.parse(table), today=date(2026, 11, 24), baseline=known)

    return judge


def evil() -> Finding:
    return found(
        title=EVIL,
        subject=EVIL,
        statement=EVIL,
        function=EVIL,
        at=f"{EVIL.replace(chr(10), ' ')}.py:3",
        test=f"{EVIL}.py::{EVIL}",
    )


def many(number: int, **more: Any) -> Report:
    return run(
        *(
            found(at=f"a{at}.py:3", function=f"f{at}", title="reads a lot " * 5, test=f"t{at}.py::t")
            for at in range(number)
        ),
        **more,
    )


# --- Markdown


def test_markdown_has_the_answer_a_row_and_the_evidence(judged: Any) -> None:
    text = markdown.text(judged(run(found())))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert "<h3>Production parity: blocked</h3>" in html
    cells = re.findall(r"<td>(.*?)</td>", html)
    assert cells == [
        "<strong>blocks</strong>", "<code>seq-scan</code>", "reads 48,211,904 rows to return 12",
        "<code>shop/orders.py:31</code>", "1",
    ]  # fmt: skip
    assert '<code class="language-sql">SELECT * FROM orders WHERE customer_id = $1\n</code>' in html
    assert "fix: <code>CREATE INDEX CONCURRENTLY ON orders (customer_id);</code> (Index Scan, 12 rows)" in html


def test_nothing_in_a_report_breaks_out_of_markdown(judged: Any) -> None:
    text = markdown.text(judged(run(evil(), failed=(EVIL,))))
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert len(re.findall("<tr>", html)) == 2
    assert set(re.findall(r"</?([a-z0-9]+)[ >]", html)) <= {
        "h3", "p", "ul", "li", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "details", "summary", "pre"
    }  # fmt: skip
    assert len(re.findall("<details>", html)) == len(re.findall("</details>", html)) == 1
    bare = re.sub(r"(?s)<pre>.*?</pre>|<code>.*?</code>", "", html)
    assert "@everyone" not in bare
    assert "#1" not in bare
    assert not {"\x1b", "\x00", "\u202e", "\ud800"} & set(text)
    fences = [line for line in text.splitlines() if line.startswith("```")]
    assert fences == ["````sql", "````"], "longer than what the statement holds"


@pytest.mark.parametrize(("limit", "number"), [(markdown.COMMENT, 500), (markdown.SUMMARY, 4000), (4000, 100)])
def test_markdown_stays_within_its_limit_and_says_what_did_not_fit(judged: Any, limit: int, number: int) -> None:
    text = markdown.text(judged(many(number)), limit=limit)
    assert limit * 0.8 < len(text.encode()) <= limit
    rows = text.count("**blocks**")
    assert f"\n{number - rows:,} more findings did not fit here" in text
    assert text.count("<details>") == text.count("</details>") > 0


def test_many_long_reasons_leave_room_for_findings(judged: Any) -> None:
    waivers = [
        {"rule": "spill", "subject": f"{at}{EVIL * 9}", "reason": "r", "owner": "o", "until": "2027-01-01"} for at in range(80)
    ]  # fmt: skip
    text = markdown.text(judged(many(30), waivers=waivers), limit=markdown.COMMENT)
    assert len(text.encode()) <= markdown.COMMENT
    assert text.count("**blocks**") == 30
    assert re.search(r"\n- and \d+ more reasons\n", text)


def test_markdown_of_nothing_is_short(judged: Any) -> None:
    assert markdown.text(judged(run())) == (
        "### Production parity: passes\n\n0 findings block · 1 test at dev · 10 statements judged\n"
    )


# --- GitHub


def test_an_annotation_stands_at_its_line(judged: Any) -> None:
    assert list(github.lines(judged(run(found())))) == [
        "::error title=seq-scan in tests/test_orders.py%3A%3Atest_open,file=shop/orders.py,line=31::"
        "reads 48,211,904 rows to return 12%0Aproduction: Seq Scan on orders, about 9 s%0A"
        "statement: SELECT * FROM orders WHERE customer_id = $1%0A"
        "fix: CREATE INDEX CONCURRENTLY ON orders (customer_id);%0A"
        "replay: pytest tests/test_orders.py::test_open --parity-level=dev"
    ]


def test_ten_errors_and_ten_warnings_are_kept_worst_first_and_the_rest_is_counted(judged: Any) -> None:
    report = run(
        *(
            found(rule, f"{rule}{at}.py:3", function=str(at))
            for at in range(12)
            for rule in ("spill", "torn-write", "n-plus-one")
        )
    )
    lines = list(github.lines(judged(report, rules={"n-plus-one": "warn"}, minimum={"tests": 9})))
    assert [line.split()[0] for line in lines[:-1]] == ["::error"] * 10 + ["::warning"] * 10
    assert lines[0].startswith("::error title=Production parity%3A block::2 marked tests ran; at least 9 must")
    assert sum("torn-write" in line for line in lines) == 9
    assert lines[-1] == "production parity: 15 errors and 2 warnings beyond what GitHub shows; the report file has all"


def test_nothing_in_a_report_is_a_command_of_its_own(judged: Any) -> None:
    lines = list(github.lines(judged(run(evil(), failed=(EVIL,)))))
    assert len(lines) == 2
    for line in lines:
        assert line.isprintable()
        _command, properties, message = re.fullmatch(r"::(error) ([^:]*)::(.*)", line).groups()  # type: ignore[union-attr]
        assert set(re.findall(r"(?:^|,)(\w+)=", properties)) <= {"title", "file", "line"}
        assert re.sub("%(25|0A)", "", message).count("%") == 0
        assert "\n" not in message


def test_a_message_stays_within_its_limit(judged: Any) -> None:
    long = "%" * 70_000 + "\N{SNOWMAN}" * 70_000
    (line,) = github.lines(judged(run(found(title=long, statement=long))))
    assert len(line.encode()) <= 64 * 1024


# --- SARIF

OURS = jsonschema.Draft7Validator(json.loads((FOLDER / "sarif.schema.json").read_text(encoding="utf-8")))


def valid(text: str) -> Any:
    """By the specification as far as it is used, and by a model that was generated from the official schema; the data."""
    data = json.loads(text)
    OURS.validate(data)
    StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate_json(text)
    return data


def result(text: str, at: int = 0) -> Any:
    return json.loads(text)["runs"][0]["results"][at]


@pytest.mark.parametrize(
    "report", [run(), run(found()), run(evil(), failed=(EVIL,)), run(interrupted=True), run(found(at=""))]
)
def test_sarif_is_valid(judged: Any, report: Report) -> None:
    valid(sarif.text(judged(report)))


def test_what_is_no_sarif_is_not_taken_for_it(judged: Any) -> None:
    text = sarif.text(judged(run(found())))
    with pytest.raises(ValidationError):
        StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate_json(text.replace('"ruleId"', '"rule_id"'))


def test_sarif_tells_the_place_the_fingerprint_and_the_rule(judged: Any) -> None:
    data = valid(sarif.text(judged(run(found("spill"), found(at="with space/ü.py:3"), found(at="/usr/x.py:9")))))
    results = {one["partialFingerprints"]["prodparity/v1"]: one for one in data["runs"][0]["results"]}
    rules = data["runs"][0]["tool"]["driver"]["rules"]
    one = results[found("spill").fingerprint]
    assert (one["ruleId"], rules[one["ruleIndex"]]["id"], one["level"]) == ("spill", "spill", "error")
    assert one["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "shop/orders.py", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 31}
    }  # fmt: skip
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results.values()}
    assert uris == {"shop/orders.py", "with%20space/%C3%BC.py", "file:///usr/x.py"}


def test_sarif_has_what_was_accepted_as_such_and_leaves_out_what_is_ignored(judged: Any, tmp_path: Path) -> None:
    known = [baseline.entry_of(met) for met in gather(written(tmp_path, run(found("spill")))).findings.values()]
    waiver = {"rule": "timeout", "subject": "*", "reason": "nights", "owner": "ada", "until": "2027-01-01"}
    report = run(found(), found("spill"), found("timeout"), found("leak"))
    data = valid(sarif.text(judged(report, known=known, waivers=[waiver], rules={"leak": "ignore"})))
    told = {
        one["ruleId"]: (one["level"], one["baselineState"], one["suppressions"]) for one in data["runs"][0]["results"]
    }
    assert told["seq-scan"] == ("error", "new", [])
    assert told["spill"][:2] == ("note", "unchanged")
    assert told["timeout"][2][0]["justification"] == "waived until 2027-01-01 by ada: nights"
    assert "leak" not in told


# --- GitLab

QUALITY = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "description": {"type": "string", "minLength": 1},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {"path": {"type": "string", "pattern": "^[^./]"}, "lines": {"properties": {"begin": {"type": "integer", "minimum": 1}}}},
            },
        },
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "report", [run(), run(found(), found("torn-write"), found("n-plus-one")), run(evil()), run(found(at=""))]
)
def test_gitlab_is_valid_and_each_fingerprint_is_there_once(judged: Any, report: Report) -> None:
    data = json.loads(gitlab.text(judged(report, rules={"n-plus-one": "warn"})))
    jsonschema.validate(data, QUALITY)
    assert len({one["fingerprint"] for one in data}) == len(data) == len(report.findings)
    severities = {one["check_name"]: one["severity"] for one in data}
    assert {"seq-scan": "major", "torn-write": "critical", "n-plus-one": "minor"} | severities == {
        "seq-scan": "major", "torn-write": "critical", "n-plus-one": "minor"
    }  # fmt: skip


# --- JUnit

INSIDE = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"properties", "skipped", "error", "failure", "system-out"},
    "properties": {"property"},
}
NEEDED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name", "classname", "time"},
    "property": {"name", "value"},
}


def checked(text: str) -> ElementTree.Element:
    """As the schema of JUnit's XML has it (Jenkins' xunit): what stands where, with which attributes, counted rightly."""
    root = ElementTree.fromstring(text)
    for element in root.iter():
        assert {child.tag for child in element} <= INSIDE.get(element.tag, set())
        assert NEEDED.get(element.tag, set()) <= element.attrib.keys()
    suite = root[0]
    assert int(suite.attrib["tests"]) == len(suite)
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error"))
    return root


def test_junit_has_a_case_for_each_test_and_one_for_the_verdict(judged: Any) -> None:
    text = junit.text(
        judged(run(found(), found("n-plus-one"), failed=("tests/b.py::Cls::test_b[x]",)), rules={"n-plus-one": "warn"})
    )
    cases = {f"{case.get('classname')}.{case.get('name')}": case for case in checked(text)[0]}
    assert set(cases) == {"prodparity.gate", "tests.a.test_a", "tests.test_orders.test_open", "tests.b.Cls.test_b[x]"}
    case = cases["tests.test_orders.test_open"]
    assert [each.get("value", "").split()[0] for each in case.iter("property")] == ["seq-scan", "n-plus-one"]
    assert case.find("failure").get("message") == "seq-scan reads 48,211,904 rows to return 12 (shop/orders.py:31)"  # type: ignore[union-attr]
    assert cases["tests.b.Cls.test_b[x]"].find("failure").get("message") == "the test failed by itself"  # type: ignore[union-attr]
    assert cases["prodparity.gate"].find("failure") is not None


@pytest.mark.parametrize("report", [run(), run(evil(), failed=(EVIL,)), run(interrupted=True), run(found(at=""))])
def test_junit_is_well_formed_whatever_it_holds(judged: Any, report: Report) -> None:
    checked(junit.text(judged(report)))
