"""The options: one entry each, from which flag, environment name, table key, `--help` and the reference page come.

Read by every pytest run, marked tests or not: kept apart from their checks, and light.
"""

from __future__ import annotations

from typing import NamedTuple


class Option(NamedTuple):
    """One setting; `core.settings` checks it."""

    name: str
    help: str
    default: object
    flag: str | None = None
    metavar: str | None = None
    """None: the flag takes no value."""
    environment: str | None = None

    @property
    def shown_default(self) -> str:
        """As the reference page prints it."""
        return "not set" if self.default in (None, (), {}) else str(self.default)


OPTIONS: tuple[Option, ...] = (
    Option(
        name="level",
        help="How much of production this run brings in: off, dev, staging or production.",
        default="dev",
        flag="--parity-level",
        metavar="LEVEL",
        environment="PRODPARITY_LEVEL",
    ),
    Option(
        name="database",
        help="Where tests find a real PostgreSQL: auto, embedded, docker or a URL. auto is embedded at dev; from "
        "staging a container of production's major version where a Docker daemon has its image, else embedded.",
        default="auto",
        flag="--parity-database",
        metavar="WHERE",
        environment="PRODPARITY_DATABASE",
    ),
    Option(
        name="seed",
        help="Every random choice follows from this number.",
        default=0,
        flag="--parity-seed",
        metavar="N",
        environment="PRODPARITY_SEED",
    ),
    Option(
        name="report",
        help="The report file.",
        default=".prodparity/report.json",
        flag="--parity-report",
        metavar="PATH",
        environment="PRODPARITY_REPORT",
    ),
    Option(
        name="gated",
        help="Findings decide pytest's exit status by the policy of [tool.prodparity.gate].",
        default=False,
        flag="--parity-gate",
    ),
    Option(
        name="replay",
        help="Run one scenario again, by the token that a finding printed: a fault at one round trip.",
        default=None,
        flag="--parity-replay",
        metavar="TOKEN",
    ),
    Option(
        name="profile",
        help="The folder that `prodparity capture` writes.",
        default="parity",
        environment="PRODPARITY_PROFILE",
    ),
    Option(
        name="image",
        help="The container image for --parity-database=docker; by default postgres:MAJOR of production.",
        default=None,
        environment="PRODPARITY_IMAGE",
    ),
    Option(
        name="allow_external",
        help="Must be true before --parity-database=URL may create databases on another machine's server.",
        default=False,
    ),
    Option(
        name="isolation",
        help="How tests are kept apart: delta takes back what a test changed, clone gives each test a copy of the "
        "database, auto is delta wherever it works.",
        default="auto",
        environment="PRODPARITY_ISOLATION",
    ),
    Option(
        name="record",
        help="HTTP recordings of parity_http: none plays what is recorded, once records what is not yet, all records anew.",
        default="none",
        flag="--parity-record",
        metavar="MODE",
        environment="PRODPARITY_RECORD",
    ),
    Option(
        name="http",
        help="HTTP recordings, and hosts that tests may reach, a table: [tool.prodparity.http].",
        default={},
    ),
    Option(
        name="mark",
        help="Patterns of test files, relative to the rootdir, in which every test counts as marked.",
        default=(),
    ),
    Option(
        name="env",
        help="Environment variables for the application, set before collection. {db.url}, {db.async_url} and "
        "{db.dsn} stand for the database behind the wire, {proxy:http://127.0.0.1:9000} for a service through a proxy.",
        default={},
    ),
    Option(
        name="levels",
        help="Dials of a level, one table each: [tool.prodparity.levels.staging].",
        default={},
    ),
    Option(
        name="rules",
        help="Thresholds of a rule, one table each: [tool.prodparity.rules.seq-scan].",
        default={},
    ),
    Option(
        name="gate",
        help="May this be merged? The policy of `prodparity gate` and --parity-gate, a table: [tool.prodparity.gate].",
        default={},
    ),
)
