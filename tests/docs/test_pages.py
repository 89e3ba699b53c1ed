"""What exists is documented: a new option, rule, command, fixture or argument without its page fails here."""

from __future__ import annotations

import importlib.util
import inspect
import re
from types import ModuleType

import pytest

import pytest_prodparity
from pytest_prodparity import Budget, fixtures
from pytest_prodparity.cli import COMMANDS
from pytest_prodparity.core.expectation import Expectation
from pytest_prodparity.core.levels import Dials, Level
from pytest_prodparity.core.options import OPTIONS
from pytest_prodparity.core.rules import RULES
from tests.docs.pages import DOCS, ROOT, pages


def _generated() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generated", DOCS / "generated.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(name: str) -> str:
    """A page's text, with what is generated."""
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.sub(
        r"^<!-- generated: (\w+) -->$", lambda found: getattr(_generated(), found[1])(), text, flags=re.MULTILINE
    )


def headings(name: str) -> set[str]:
    return set(re.findall(r"^## (.+)$", page(name), re.MULTILINE))


def test_each_option_has_its_section_with_every_way_to_set_it() -> None:
    text = page("reference/settings.md")
    assert {option.name for option in OPTIONS} <= headings("reference/settings.md")
    for option in OPTIONS:
        assert option.help in text
        for way in (option.flag, option.environment):
            assert way is None or way in text


def test_each_command_has_its_section_with_its_options() -> None:
    assert {f"prodparity {name}" for name in COMMANDS} <= headings("reference/cli.md")
    assert "--to FOLDER" in page("reference/cli.md")


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_has_its_page_with_its_thresholds(rule: str) -> None:
    text = page(f"reference/rules/{rule}.md")
    for key in RULES[rule].thresholds:
        assert f"`{key}`" in text or f"{key} = " in text, f"the page of {rule} does not explain {key}"


def test_there_is_no_page_of_a_rule_that_does_not_exist() -> None:
    assert {path.stem for path in (DOCS / "reference/rules").glob("*.md")} == {"index", *RULES}


def test_each_argument_of_the_marker_has_its_section() -> None:
    text = page("reference/marker.md")
    assert set(inspect.signature(Expectation).parameters) <= headings("reference/marker.md")
    for part in inspect.signature(Budget).parameters:
        assert f"| `{part}` |" in text


def test_each_fixture_has_its_section() -> None:
    found = [
        value
        for name, value in vars(fixtures).items()
        if name.startswith("parity_") and type(value).__name__ == "FixtureFunctionDefinition"
    ]
    assert found, "the fixtures are not where this test looks for them"
    assert {value.name or value.__name__ for value in found} == headings("reference/fixtures.md")


def test_each_level_and_dial_is_in_the_table_of_levels() -> None:
    text = page("reference/levels.md")
    assert "| | " + " | ".join(str(level) for level in Level) + " |" in text
    for dial in inspect.signature(Dials).parameters:
        assert f"{dial} = " in text


def test_each_public_word_is_somewhere_in_the_documentation() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in pages())
    for word in pytest_prodparity.__all__:
        assert re.search(rf"\b{word}\b", text), f"{word} is public and documented nowhere"


def test_a_link_to_a_page_leads_to_a_page() -> None:
    for path in [*pages(), ROOT / "ARCHITECTURE.md", ROOT / "SECURITY.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.relative_to(ROOT)}: {target} does not exist"


def test_the_readme_names_each_rule_in_its_words() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("`", "")
    for name, rule in RULES.items():
        assert f"| [{name}](docs/reference/rules/{name}.md) | {rule.finds}" in text
