"""JUnit's XML, for servers that show nothing else: a case for each marked test, and one for the verdict."""

from __future__ import annotations

from xml.etree import ElementTree

from ..policy import Action
from ..verdict import Decided, Verdict
from .answer import WORDS, figures
from .terminal import clean


def text(verdict: Verdict) -> str:
    """Findings are properties of each of their tests, and failures where they block."""
    met: dict[str, list[Decided]] = {}
    for one in verdict.findings:
        for test in one.met.tests if one.action > Action.IGNORE else ():
            met.setdefault(test, []).append(one)
    found = verdict.gathered
    cases = [_verdict(verdict)]
    cases += [_case(test, met.get(test, []), itself=test in found.failed) for test in sorted({*found.tests, *met})]
    cases += [_skipped(test) for test in sorted(found.skipped - found.tests.keys())]
    suite = ElementTree.Element("testsuite", name="prodparity", tests=str(len(cases)), time="0")
    for kind in ("failure", "error", "skipped"):
        plural = {"failure": "failures", "error": "errors"}.get(kind, kind)
        suite.set(plural, str(sum(case.find(kind) is not None for case in cases)))
    suite.extend(cases)
    root = ElementTree.Element("testsuites", name="production parity")
    root.append(suite)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _verdict(verdict: Verdict) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname="prodparity", name="gate", time="0")
    reasons = [clean(f"{reason.does}: {reason.text}") for reason in verdict.reasons]
    told = "\n".join([*reasons, " · ".join(figures(verdict))])
    if verdict.status:
        kind = "error" if verdict.status == 3 else "failure"
        ElementTree.SubElement(case, kind, message=WORDS[verdict.answer]).text = told
    else:
        ElementTree.SubElement(case, "system-out").text = told
    return case


def _case(test: str, met: list[Decided], *, itself: bool) -> ElementTree.Element:
    case = _named(test)
    if met:
        properties = ElementTree.SubElement(case, "properties")
        for one in met:
            ElementTree.SubElement(properties, "property", name="prodparity", value=_line(one))
    blocking = [one for one in met if one.action is Action.BLOCK]
    if blocking or itself:
        told = [_line(one) for one in blocking] + (["the test failed by itself"] if itself else [])
        ElementTree.SubElement(case, "failure", message=told[0]).text = "\n".join(told)
    return case


def _skipped(test: str) -> ElementTree.Element:
    case = _named(test)
    ElementTree.SubElement(case, "skipped", message="skipped")
    return case


def _named(test: str) -> ElementTree.Element:
    """As pytest's own file names a test."""
    file, _, rest = clean(test).partition("::")
    names = [file.removesuffix(".py").replace("/", "."), *rest.split("::")]
    return ElementTree.Element("testcase", classname=".".join(names[:-1]), name=names[-1], time="0")


def _line(one: Decided) -> str:
    met = one.met
    return clean(f"{met.rule} {met.title} ({met.source})" + (f": {one.why}" if one.why else ""))
