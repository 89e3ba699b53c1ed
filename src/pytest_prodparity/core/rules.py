"""The public ids of all rules, with one line on what each finds and the thresholds that a project may set."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleInfo:
    """`thresholds`: the keys of `[tool.prodparity.rules.ID]` with their defaults."""

    finds: str
    thresholds: dict[str, float] = field(default_factory=dict)


RULES: dict[str, RuleInfo] = {
    "seq-scan": RuleInfo(
        finds="a large table is read whole to return a few of its rows", thresholds={"rows": 50_000, "share": 0.05}
    ),
    "n-plus-one": RuleInfo(finds="one statement runs once per row of another", thresholds={"times": 3}),
    "unbounded-read": RuleInfo(
        finds="a statement returns a whole large table, or a large part of it",
        thresholds={"rows": 50_000, "share": 0.05},
    ),
    "deep-offset": RuleInfo(
        finds="OFFSET makes the database read and throw away many rows", thresholds={"rows": 10_000}
    ),
    "cartesian-join": RuleInfo(finds="two tables are joined without a condition", thresholds={"rows": 1_000_000}),
    "quadratic": RuleInfo(finds="the work grows with the square of a table", thresholds={"rows": 100_000_000}),
    "spill": RuleInfo(
        finds="a sort or hash does not fit into production's work_mem", thresholds={"factor": 16, "mb": 256}
    ),
    "timeout": RuleInfo(finds="production's statement_timeout would end the statement", thresholds={"margin": 1.25}),
    "write-without-where": RuleInfo(finds="UPDATE or DELETE changes every row of a table", thresholds={"rows": 1_000}),
    "over-budget": RuleInfo(finds="the test exceeds its own Budget"),
    "idle-in-transaction": RuleInfo(
        finds="the code waits for something else while a transaction is open", thresholds={"ms": 100}
    ),
    "leak": RuleInfo(finds="the code leaves a transaction, a lock or a running statement behind"),
    "torn-write": RuleInfo(finds="a call that failed has left a part of its work behind"),
    "silent-loss": RuleInfo(finds="a call reports success, and what it should have written is not there"),
    "double-apply": RuleInfo(finds="a call that was tried again has done its work twice"),
    "hang": RuleInfo(finds="the code waits without a deadline", thresholds={"seconds": 10}),
    "no-recovery": RuleInfo(finds="the code still fails once all is well again"),
    "retry-storm": RuleInfo(
        finds="the code tries again without a bound or a pause", thresholds={"attempts": 10, "spacing_ms": 10}
    ),
    "not-tolerated": RuleInfo(finds="a test that is to tolerate faults fails under one"),
    "deprecated-api": RuleInfo(finds="the code calls what the vendor of an HTTP API has deprecated"),
    "not-serializable": RuleInfo(
        finds="callables that run at once come to what no order of them, one by one, comes to"
    ),
    "deadlock": RuleInfo(finds="callables that run at once wait for each other"),
    "pool-exhausted": RuleInfo(finds="callables that run at once wait for connections that they hold themselves"),
    "invariant-broken": RuleInfo(finds="what must always hold does not, after callables ran at once"),
    "auth-missing": RuleInfo(finds="a request without the credential that production asks for, or with another one"),
    "auth-expired": RuleInfo(finds="a request with a credential whose time is over"),
    "auth-reused": RuleInfo(finds="what is good once is used again: a code, a rotated refresh token, a nonce"),
    "auth-scope": RuleInfo(finds="a credential is used for more than it was granted"),
    "rate-limit-ignored": RuleInfo(finds="the code asks again before the time that Retry-After names"),
    "not-covered": RuleInfo(
        finds="the code asks what its recording does not hold, or the recording holds what is no longer asked"
    ),
    "network-escape": RuleInfo(finds="the code connects to a host that nobody declared"),
    "undeclared-env": RuleInfo(finds="the code reads a variable that production does not have"),
    "permission-denied": RuleInfo(finds="production's role may not do what the code does"),
    "flaky": RuleInfo(finds="a test comes out differently when nothing has changed"),
}
