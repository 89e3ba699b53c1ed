"""What keeps a change from being merged is said in one table, and a mistake in it is named."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.core.levels import Level
from pytest_prodparity.core.settings import resolve
from pytest_prodparity.gate.policy import Action, Minimum, Policy
from tests.gate.reports import FOLDER

POLICY = """
cannot-tell = "warn"
flaky = "block"
failed = "ignore"
baseline = "parity/baseline.json"
minimum = { judged = 0.9, tests = 3, level = "staging" }

[rules]
n-plus-one = "warn"
seq-scan = { "shop/legacy/**" = "ignore", "shop/*.py" = "warn" }
"*" = { "scripts/**" = "ignore" }

[[waivers]]
rule = "spill"
subject = "orders"
reason = "the report runs at night"
owner = "ada"
until = 2027-06-30
"""

WAIVER = {"rule": "spill", "subject": "orders", "reason": "r", "owner": "ada", "until": "2027-06-30"}


def test_everything_can_be_said() -> None:
    policy = Policy.parse(tomllib.loads(POLICY))
    assert (policy.cannot_tell, policy.flaky, policy.failed) == (Action.WARN, Action.BLOCK, Action.IGNORE)
    assert policy.minimum == Minimum(judged=0.9, tests=3, level=Level.STAGING)
    assert policy.baseline == "parity/baseline.json"
    assert policy.waivers[0].until == date(2027, 6, 30)


def test_the_rules_own_entry_decides_then_that_of_every_rule_then_it_blocks() -> None:
    policy = Policy.parse(tomllib.loads(POLICY))
    asked = [("n-plus-one", "a.py"), ("seq-scan", "shop/legacy/old/a.py"), ("seq-scan", "shop/a.py"), ("seq-scan", "a.py"),
             ("seq-scan", "scripts/a.py"), ("spill", "scripts/a.py"), ("spill", "a.py"), ("flaky", "scripts/a.py")]  # fmt: skip
    assert [str(policy.action(rule, path)) for rule, path in asked] == [
        "warn", "ignore", "warn", "block", "ignore", "ignore", "block", "block",
    ]  # fmt: skip


def test_with_nothing_said_a_finding_blocks_and_chance_warns() -> None:
    policy = Policy.parse({})
    assert policy.action("seq-scan", "a.py") is Action.BLOCK
    assert policy.action("flaky", "a.py") is Action.WARN
    assert policy.cannot_tell is Action.IGNORE


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"flakey": "warn"}, "unknown key 'flakey' (did you mean 'flaky'?)."),
        ({"flaky": "wran"}, ".flaky: 'wran' is no action (did you mean 'warn'?)."),
        ({"cannot-tell": 1}, ".cannot-tell: 1 is no action."),
        ({"rules": "warn"}, ".rules: 'warn' is not a table of rules."),
        ({"rules": {"seqscan": "warn"}}, ".rules: rule 'seqscan' does not exist (did you mean 'seq-scan'?)."),
        ({"rules": {"seq-scan": {"a/**": "blok"}}}, ".rules.seq-scan.'a/**': 'blok' is no action (did you mean 'block'?)."),
        ({"rules": {"flaky": "warn"}}, ".rules.flaky: flaky is no rule of a file."),
        ({"minimum": 0.9}, ".minimum: 0.9 is not a table."),
        ({"minimum": {"judge": 1}}, ".minimum: unknown key 'judge' (did you mean 'judged'?)."),
        ({"minimum": {"judged": 90}}, ".minimum.judged: 90 is no share between 0 and 1 (did you mean 0.9?)."),
        ({"minimum": {"tests": 0}}, ".minimum.tests: 0 is no number of tests, 1 or more."),
        ({"minimum": {"level": "stagin"}}, ".minimum.level: level 'stagin' does not exist (did you mean 'staging'?)."),
        ({"baseline": 1}, ".baseline: 1 is not a path."),
        ({"waivers": {}}, ".waivers: {} is not a list."),
        ({"waivers": [{"rule": "spill", "subject": "a"}]}, ".waivers[0]: reason and owner and until missing."),
        ({"waivers": [{**WAIVER, "ruel": "x"}]}, ".waivers[0]: unknown key 'ruel' (did you mean 'rule'?)."),
        ({"waivers": [{**WAIVER, "rule": "spil"}]}, ".waivers[0].rule: rule 'spil' does not exist (did you mean 'spill'?)."),
        ({"waivers": [{**WAIVER, "until": "soon"}]}, ".waivers[0].until: 'soon' is not a day."),
        ({"waivers": [{**WAIVER, "until": "2027-02-30"}]}, ".waivers[0].until: '2027-02-30' is not a day."),
        ({"waivers": [{**WAIVER, "owner": " "}]}, ".waivers[0].owner: ' ' is not a text."),
        ({"waivers": [{**WAIVER, "fingerprint": "x"}]}, ".waivers[0].fingerprint: 'x' is no fingerprint: 16 hexadecimal digits."),
        (
            {"waivers": [{key: value for key, value in WAIVER.items() if key != "subject"}]},
            ".waivers[0]: it would waive every spill; a subject, a path or a fingerprint is missing.",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(table: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as wrong:
        Policy.parse(table)
    said = wrong.value.happened.removeprefix("[tool.prodparity] gate").removeprefix(": ")
    assert said == message


def test_the_settings_hold_the_table() -> None:
    assert resolve(FOLDER, {}, {}, {"gate": {"flaky": "block"}}).gate == {"flaky": "block"}
    with pytest.raises(UsageError, match=r"\[tool.prodparity\] gate: 'block' is not a table"):
        resolve(FOLDER, {}, {}, {"gate": "block"})
    assert resolve(FOLDER, {"gated": True}, {}, {}).gated
