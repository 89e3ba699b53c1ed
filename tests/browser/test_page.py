"""The page in a real browser: small screens, the keyboard, screen readers, two thousand findings, hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.browser.chromium import Browser, chromium, program
from tests.gate.pages import harmless, hostile, long, page
from tests.gate.reports import found, run

pytestmark = pytest.mark.skipif(program() is None, reason="there is no Chromium on the PATH")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """A page with some of everything."""
    return made(tmp_path, harmless(tmp_path))


def made(folder: Path, text: str) -> Path:
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


def visible(browser: Browser) -> int:
    count = browser.evaluate("[...document.querySelectorAll('.findings > li')].filter((item) => !item.hidden).length")
    assert isinstance(count, int)
    return count


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_is_wider_than_the_screen(browser: Browser, shown: Path, width: int) -> None:
    browser.open(shown, width=width)
    browser.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.complaints() == []


def test_dark_and_light_follow_the_system(browser: Browser, shown: Path) -> None:
    colours = []
    for dark in (False, True):
        browser.open(shown, dark=dark)
        colours.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 23, 26)"]


def test_findings_are_found_by_text_rule_and_what_they_do(browser: Browser, tmp_path: Path) -> None:
    findings = [found(), found("spill", "shop/a.py:3", function="a"), found("spill", "shop/b.py:3", function="b")]
    browser.open(made(tmp_path, page(tmp_path, run(*findings), rules={"seq-scan": "warn"})))
    assert visible(browser) == 3
    browser.evaluate("document.querySelector('input[type=search]').focus()")
    browser.write("A.PY spill")
    assert visible(browser) == 1
    assert browser.evaluate("document.querySelector('output').textContent") == "1 of 3 findings"
    browser.evaluate("document.querySelector('form').reset(); document.querySelector('select').value = 'spill';"
                     "document.querySelector('select').dispatchEvent(new Event('input', {bubbles: true}))")  # fmt: skip
    assert visible(browser) == 2
    browser.evaluate("document.querySelector('form').reset(); document.querySelector('input[type=checkbox]').click()")
    assert visible(browser) == 2


def test_it_can_be_used_with_the_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    findings = [found(), found("spill", "shop/a.py:3", function="a")]
    browser.open(made(tmp_path, page(tmp_path, run(*findings))))
    seen = []
    for _ in range(30):
        browser.key("Tab")
        seen.append(
            browser.evaluate("document.activeElement.tagName + '|' + document.activeElement.textContent.slice(0, 40)")
        )
        if browser.evaluate("document.activeElement.matches('li:nth-child(2) > details > summary')"):
            break
    assert seen[0].startswith("A|Skip to the findings")
    assert any(each.startswith("INPUT") for each in seen)
    assert any(each.startswith("SUMMARY") for each in seen)
    assert not browser.evaluate("document.activeElement.parentElement.open")
    browser.key("Enter", text="\r")
    assert browser.evaluate("document.activeElement.parentElement.open")
    assert browser.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_screen_reader_finds_landmarks_headings_and_names(browser: Browser, shown: Path) -> None:
    browser.open(shown)
    nodes = [node for node in browser.call("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
    named = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes]
    roles = {role for role, _ in named}
    assert {"main", "banner", "navigation", "search", "heading", "list", "table"} <= roles
    needing = ("button", "searchbox", "combobox", "checkbox", "link", "region", "DisclosureTriangle")
    assert [role for role, name in named if role in needing and not name.strip()] == []
    assert browser.evaluate("document.documentElement.lang") == "en"
    levels = browser.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((each) => +each.tagName[1])")
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))


def test_a_link_to_a_finding_opens_it(browser: Browser, tmp_path: Path) -> None:
    one = found("spill", "shop/a.py:3", function="a")
    browser.open(made(tmp_path, page(tmp_path, run(found(), one))))
    opened = f"document.querySelector('#f-{one.fingerprint} > details').open"
    assert not browser.evaluate(opened)
    browser.evaluate(f"location.hash = '#f-{one.fingerprint}'")
    browser.until(lambda: bool(browser.evaluate(opened)), "the finding is open")
    assert browser.evaluate(f"document.querySelector('#f-{one.fingerprint} .copy button').textContent") == "Copy"


def test_nothing_in_a_report_runs(browser: Browser, tmp_path: Path) -> None:
    browser.open(made(tmp_path, page(tmp_path, hostile())))
    browser.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert browser.complaints() == []
    assert browser.evaluate("document.title") == "Production parity: blocked"
    assert browser.evaluate("document.scripts.length + document.images.length") == 1


def test_the_policy_stops_a_script_that_came_to_be_markup(browser: Browser, tmp_path: Path) -> None:
    text = page(tmp_path, run()).replace(
        "</main>", "<script>document.title = 'ran'</script><img src=x onerror=\"document.title = 'ran'\"></main>"
    )
    browser.open(made(tmp_path, text))
    assert browser.evaluate("document.title") == "Production parity: passes"
    assert any("Content Security Policy" in complaint for complaint in browser.complaints())


def test_two_thousand_findings_can_be_used_at_once(browser: Browser, tmp_path: Path) -> None:
    """The figure is the benchmark's; here only that it is no matter of many seconds on a busy machine."""
    browser.open(made(tmp_path, page(tmp_path, run(*(long(number) for number in range(2000))))))
    assert browser.evaluate("document.documentElement.dataset.ready") == "yes"
    took = browser.evaluate("performance.timing.domInteractive - performance.timing.navigationStart")
    assert took < 10_000
    browser.evaluate("document.querySelector('input[type=search]').focus()")
    before = browser.evaluate("performance.now()")
    browser.write("module1999.py")
    assert visible(browser) == 1
    assert browser.evaluate("document.body.offsetHeight && performance.now()") - before < 5_000
