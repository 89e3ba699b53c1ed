"""Pages and file sizes, without a server."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.twin import btree, index_size, metapages
from pytest_prodparity.twin.extended import dependencies, distinct
from pytest_prodparity.twin.pages import BLOCK, SEGMENT, LocalPages, _plain, segments, with_checksum
from pytest_prodparity.twin.statistics import array

META = bytearray(BLOCK)
struct.pack_into("<IIIIII", META, 24, 0x053162, 4, 0, 0, 0, 0)


def test_a_large_file_is_cut_into_segments_that_are_full() -> None:
    assert segments("base/1/2", 0) == [("base/1/2", 0)]
    assert segments("base/1/2", SEGMENT) == [("base/1/2", SEGMENT)]
    assert segments("base/1/2", 2 * SEGMENT + BLOCK) == [
        ("base/1/2", SEGMENT),
        ("base/1/2.1", SEGMENT),
        ("base/1/2.2", BLOCK),
    ]


def test_files_grow_and_never_shrink(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x" * BLOCK * 2)
    pages = LocalPages(tmp_path)
    pages.write({("one", 1): b"y" * BLOCK}, {"one": BLOCK, "new": 3 * BLOCK})
    assert (tmp_path / "one").read_bytes() == b"x" * BLOCK + b"y" * BLOCK
    assert (tmp_path / "new").stat().st_size == 3 * BLOCK
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    assert pages.read(["one"], 1) == {"one": b"x" * BLOCK}


def test_a_file_name_that_needs_quoting_is_refused() -> None:
    assert _plain("base/16385/16390.1") == "base/16385/16390.1"
    with pytest.raises(ProdparityError, match="has a name that this version does not write to"):
        _plain("base/1/2; rm -rf /")


def test_a_checksum_depends_on_page_and_place() -> None:
    page = bytes(range(256)) * 32
    sums = {with_checksum(page, block)[8:10] for block in range(3)}
    assert len(sums) == 3
    assert with_checksum(with_checksum(page, 1), 1) == with_checksum(page, 1)


def test_a_skeleton_has_a_page_a_level() -> None:
    assert btree.skeleton(bytes(META), None, 0) == {}
    pages = btree.skeleton(bytes(META), None, 3)
    assert sorted(pages) == [0, 1, 2, 3, 4]
    assert struct.unpack_from("<IIII", pages[0], 32) == (4, 3, 4, 3)
    levels = [struct.unpack_from("<I", pages[block], BLOCK - 8)[0] for block in (1, 2, 3, 4)]
    assert levels == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="not a B-tree's metapage"):
        btree.skeleton(bytes(BLOCK), None, 1)


@pytest.mark.parametrize(
    ("pages", "width", "height"),
    [(1, 8, 0), (2, 8, 0), (3, 8, 1), (276, 8, 1), (1000, 8, 2), (131_500, 8, 3), (10, 2000, 3)],
)
def test_the_height_follows_from_pages_and_keys(pages: int, width: float, height: int) -> None:
    assert btree.estimated_height(pages, width) == height


@pytest.mark.parametrize(
    ("distinct", "width", "align", "built", "levels"),
    [
        (300_000, 4, 4, 825, 2),
        (3, 4, 4, 257, 2),
        (100, 4, 4, 260, 2),
        (10_000, 4, 4, 280, 1),
        (200_000, 4, 4, 770, 2),
        (100, 14, 1, 271, 2),
    ],
)
def test_a_new_index_has_the_size_of_one_that_was_built(
    distinct: int, width: int, align: int, built: int, levels: int
) -> None:
    keys = [index_size.Key(width=width, align=align)]
    pages, height = index_size.btree_pages(rows=300_000, distinct=distinct, keys=keys, shared=True)
    assert pages == pytest.approx(built, rel=0.02)
    assert height == levels


def test_types_that_cannot_share_entries_take_one_a_row() -> None:
    keys = [index_size.Key(width=4, align=4)]
    unshared, _ = index_size.btree_pages(rows=300_000, distinct=100, keys=keys, shared=False)
    assert unshared == pytest.approx(825, rel=0.02)
    assert index_size.btree_pages(rows=0, distinct=0, keys=keys, shared=True) == (1, 0)


def test_counters_of_a_gin_index_and_the_map_of_a_brin_index() -> None:
    page = metapages.gin(
        bytes(BLOCK), {"n_total_pages": 9, "n_entry_pages": 5, "n_data_pages": 3, "n_entries": 77, "n_pending_pages": 1}
    )
    assert struct.unpack_from("<I", page, 36) == (1,)
    assert struct.unpack_from("<III", page, 48) == (9, 5, 3)
    assert struct.unpack_from("<q", page, 64) == (77,)
    brin = bytearray(BLOCK)
    struct.pack_into("<I", brin, 32, 128)
    assert struct.unpack_from("<I", metapages.brin(bytes(brin), 600_000), 36) == (4,)


def test_attribute_numbers_of_extended_statistics_are_moved() -> None:
    assert distinct('{"2, 5": 40}', [1, 3]) == struct.pack("<IIIdi2h", 0xA352BFA4, 1, 1, 40.0, 2, 1, 3)
    assert dependencies('{"2 => 5": 0.5}', [1, 3]) == struct.pack("<IIIdh2h", 0xB4549A2C, 1, 1, 0.5, 2, 1, 3)
    with pytest.raises(ValueError, match="it names 2 columns, the schema 1"):
        distinct('{"2, 5": 40}', [1])


def test_an_array_quotes_every_value() -> None:
    assert array(['a"b', "c\\d", "NULL", "{1,2}", ""]) == r'{"a\"b","c\\d","NULL","{1,2}",""}'
    assert array(None) is None
