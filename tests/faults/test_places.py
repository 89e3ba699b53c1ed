"""Which call of a test a trip belongs to, and whether the code under test sent it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.faults.places import Frame, Places, is_of_tests, reported
from pytest_prodparity.wire.processes import is_another


def places(root: Path, *, alone: bool = False) -> Places:
    made = Places(root, "tests/test_shop.py", "test_pay", position=lambda: ["tests/test_shop.py:9 test_pay"])
    made.alone = alone
    return made


def test_an_entry_of_a_stack_is_read_with_spaces_in_its_path() -> None:
    assert Frame.parse("a shop/pay.py:12 pay") == Frame("a shop/pay.py", 12, "pay")
    assert Frame.parse("shop/pay.py:12 <lambda>") == Frame("shop/pay.py", 12, "<lambda>")


def test_files_of_tests_are_known_by_convention() -> None:
    assert [is_of_tests(path) for path in ("test_a.py", "shop/a_test.py", "conftest.py", "tests/factories.py")] == [
        True
    ] * 4
    assert not any(is_of_tests(path) for path in ("shop/pay.py", "latest.py", "contests/a.py"))


def test_the_call_is_the_line_of_the_test_and_of_its_helpers(tmp_path: Path) -> None:
    stack = ["shop/pay.py:3 pay", "tests/test_shop.py:4 helper", "tests/test_shop.py:9 test_pay"]
    assert places(tmp_path).call(stack) == ("tests/test_shop.py:4", "tests/test_shop.py:9")
    assert places(tmp_path).under_test(stack)
    assert not places(tmp_path).under_test(stack[1:])


def test_in_an_example_of_one_file_every_function_but_the_test_is_under_test(tmp_path: Path) -> None:
    stack = ["tests/test_shop.py:4 pay", "tests/test_shop.py:9 test_pay"]
    one = places(tmp_path)
    one.learn([stack, stack[1:]])
    assert one.under_test(stack)
    assert not one.under_test(stack[1:])
    assert one.call(stack) == ("tests/test_shop.py:9",)


def test_where_the_code_under_test_runs_in_another_process_the_tests_functions_are_the_tests(tmp_path: Path) -> None:
    stack = ["tests/test_shop.py:4 count", "tests/test_shop.py:9 test_pay"]
    one = places(tmp_path)
    one.learn([stack], elsewhere=True)
    assert not one.under_test(stack)


@pytest.mark.parametrize(
    ("actor", "another"),
    [("process 71", True), ("another process", True), ("MainThread", False), ("process pool", False), ("", False)],
)
def test_an_actor_that_is_another_process_is_known(actor: str, another: bool) -> None:
    assert is_another(actor) is another


def test_what_a_thread_or_another_process_sends_belongs_to_where_the_test_stands(tmp_path: Path) -> None:
    assert places(tmp_path).stack(["shop/pay.py:3 pay"]) == ("shop/pay.py:3 pay", "tests/test_shop.py:9 test_pay")
    assert places(tmp_path).stack([]) == ("tests/test_shop.py:9 test_pay",)
    assert places(tmp_path).under_test([])


def test_a_line_in_a_loop_may_call_more_than_once(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_shop.py").write_text("for _ in range(3):\n    pay()\npay()\n[pay() for _ in range(2)]\n")
    one = places(tmp_path)
    assert [one.repeated((f"tests/test_shop.py:{line}",)) for line in (2, 3, 4)] == [True, False, True]
    assert one.repeated(())


def test_an_assertion_that_looks_at_what_the_call_gave_has_been_told(tmp_path: Path) -> None:
    path = tmp_path / "test_shop.py"
    path.write_text(
        "def test_pay():\n    done = pay()\n    rows = count()\n    assert done\n    assert rows == 1\n    assert pay()\n"
    )
    assert reported(path, failed=4, called=2) is True
    assert reported(path, failed=5, called=2) is False
    assert reported(path, failed=6, called=6) is True
    assert reported(path, failed=40, called=2) is None
