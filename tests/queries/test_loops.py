"""What a loop does for each row, read from its source."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.queries.loops import Frame, acts

LOOPS = """\
def mails(c, people):
    for person in people:
        send(person)
        c.execute("insert", person)

async def consumer(c, queue):
    while not queue.empty():
        job = await queue.get()
        await c.execute("insert", job)

def imports(c, lines, log):
    for line in lines:
        row = parse(line)
        log.info("row %s", row)
        c.execute("insert", row)
        c.commit()

def nested(c, batches):
    for batch in batches:
        publish(batch)
        for row in batch:
            c.execute("insert", row)
"""


@pytest.mark.parametrize(("line", "expected"), [(4, True), (9, True), (15, False), (22, False), (20, True), (1, False)])
def test_a_loop_acts_when_it_does_more_than_talk_to_the_database(tmp_path: Path, line: int, expected: bool) -> None:
    (tmp_path / "app.py").write_text(LOOPS)
    assert acts(tmp_path, Frame("app.py", line, "f")) is expected
