"""Sphinx's settings. What the code knows is not written down twice: `generated.py` fills it in."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generated
from pygments.lexers.sql import PostgresLexer
from sphinx.application import Sphinx

from pytest_prodparity import __version__

project = "pytest-prodparity"
author = "The pytest-prodparity developers"
copyright = author  # noqa: A001  # Sphinx's name for it
release = version = __version__
extensions = ["myst_parser", "sphinx_copybutton"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"pytest-prodparity {release}"
html_static_path = ["_static"]
copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True
highlight_language = "text"
nitpicky = True

PLACE = re.compile(r"^<!-- generated: (\w+) -->$", re.MULTILINE)


def _fill(_app: Sphinx, _name: str, source: list[str]) -> None:
    source[0] = PLACE.sub(lambda place: getattr(generated, place[1])(), source[0])


def setup(app: Sphinx) -> None:
    """Fill the places of every page as it is read; `sql` blocks are PostgreSQL's, with its `$1`."""
    app.add_lexer("sql", PostgresLexer)
    app.connect("source-read", _fill)
