"""A fragment of the changelog is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ROOT

FRAGMENTS = sorted(path for path in (ROOT / "changes").iterdir() if path.name != "README.md")


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_of_the_changelog_is_one_sentence(path: Path) -> None:
    slug, *rest = path.name.split(".")
    assert slug
    assert rest in (["added", "md"], ["changed", "md"], ["fixed", "md"]), (
        "name it <slug>.added.md, .changed.md or .fixed.md"
    )
    text = path.read_text(encoding="utf-8").strip()
    assert text.endswith(".")
    assert "\n\n" not in text, "one sentence, one paragraph"
