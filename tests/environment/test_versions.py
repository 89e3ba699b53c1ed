"""What another version does otherwise is said, with its source."""

from __future__ import annotations

import sys
from importlib import metadata

from pytest_prodparity.environment.versions import KNOWN, differing

HERE = "{}.{}.{}".format(*sys.version_info[:3])


def test_the_same_versions_say_nothing() -> None:
    packages = {"sqlalchemy": metadata.version("sqlalchemy"), "left-pad": "1.0", "numpy": metadata.version("numpy")}
    assert differing(packages, HERE, 180001, 180006) == []
    assert differing({}, "{}.{}".format(*sys.version_info[:2]), None, 180006) == []


def test_what_is_known_to_differ_in_between_is_said_with_its_source() -> None:
    (line,) = differing({}, None, 140008, 160004)
    assert line == (
        "version-drift: production has PostgreSQL 14, tests run on 16; since 15 only owners may create in the schema public"
        " (https://www.postgresql.org/docs/release/15.0/); since 16 CREATEROLE no longer reaches roles that one does not"
        " administer (https://www.postgresql.org/docs/release/16.0/)"
    )
    (line,) = differing({"sqlalchemy": "1.4.54"}, None, None, None)
    assert line.startswith("version-drift: production has sqlalchemy 1.4.54, tests run on 2.")
    assert "since 2.0 no autocommit" in line
    (line,) = differing({}, "3.9.1", None, None)
    assert "production has Python 3.9.1" in line


def test_each_known_difference_has_its_source() -> None:
    for differences in KNOWN.values():
        assert [one.since for one in differences] == sorted(one.since for one in differences)
        assert all(one.source.startswith("https://") and one.says for one in differences)
