"""Typed text, masked names and phones, initials, codes."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.signing import ALPHABET
from webapp.core.text import (
    MAX_INITIALS,
    group_code,
    initials,
    initials_pattern,
    mask_name,
    mask_phone,
    matches_initials,
    normalise,
    normalise_code,
    normalise_prose,
    random_code,
)

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
NAMES = st.text("单仇曾刘红梅解区行长重乐和还落𠮷·王 Aa3", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("  张三丰  ", "张三丰"),
        ("１３８０００１２３４", "1380001234"),
        ("张\u200b三\ufeff丰", "张三丰"),
        ("张三\x00丰", "张三丰"),
        ("张三\ud800", "张三"),
        ("幸福里\u3000 3号\t楼\r\n", "幸福里 3号 楼"),
        ("ＡＢＣ", "ABC"),
        ("葛\U000e0100洪", "葛洪"),
        ("\u3164", ""),
        ("𠮷田", "𠮷田"),
    ],
)
def test_the_same_name_typed_in_two_ways_is_the_same_name(typed: str, meant: str) -> None:
    assert normalise(typed) == meant


@given(ANY_TEXT)
def test_normalising_twice_changes_nothing(typed: str) -> None:
    assert normalise(normalise(typed)) == normalise(typed)
    assert normalise_prose(normalise_prose(typed)) == normalise_prose(typed)


@given(ANY_TEXT)
def test_normalised_text_can_always_be_stored_and_shown(typed: str) -> None:
    for text in (normalise(typed), normalise_prose(typed).replace("\n", "")):
        text.encode("utf-8")
        assert not {unicodedata.category(char) for char in text} & {"Cc", "Cf", "Cs"}
        assert text == text.strip()
        assert "  " not in text


def test_prose_keeps_chinese_punctuation_and_line_breaks() -> None:
    assert normalise_prose("门前清扫，无垃圾；\r\n\r\n\r\n 得２分。\u200b") == "门前清扫，无垃圾；\n\n得2分。"


@pytest.mark.parametrize("typed", ["7k3m-92xq", " ７Ｋ３Ｍ－９２ＸＱ ", "7K3M—92XQ\r\n", "7k3m 92xq"])
def test_a_code_typed_or_scanned_in_any_way_is_the_printed_code(typed: str) -> None:
    assert normalise_code(typed) == "7K3M92XQ"


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    assert normalise_code("il-Oo") == "1100"


@given(st.integers(1, 40))
def test_a_random_code_survives_printing_and_typing(length: int) -> None:
    code = random_code(length)
    assert len(code) == length
    assert set(code) <= set(ALPHABET)
    assert normalise_code(group_code(code).lower()) == code


def test_a_code_is_printed_in_groups_of_four() -> None:
    assert group_code("7K3M92XQ") == "7K3M-92XQ"
    assert group_code("7K3M92") == "7K3M-92"


def test_random_codes_do_not_repeat() -> None:
    assert len({random_code(16) for _ in range(2000)}) == 2000


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三丰", "张*丰"),
        ("张三", "张*"),
        ("张", "*"),
        ("", ""),
        ("张三四丰", "张**丰"),
        ("欧阳锋", "欧阳*"),
        ("欧阳娜娜", "欧阳*娜"),
        ("欧阳", "欧*"),
        ("买买提·艾力", "买**·艾*"),
        ("买买提•艾力", "买**·艾*"),
        ("John Smith", "J*** S****"),
        ("  张三丰\u200b", "张*丰"),
        ("𠮷田一", "𠮷*一"),
    ],
)
def test_a_name_is_masked_as_people_expect(name: str, shown: str) -> None:
    assert mask_name(name) == shown


@given(st.text("张王欧阳娜三四五六·", min_size=1, max_size=10))
def test_a_masked_name_never_shows_the_whole_name(name: str) -> None:
    shown = mask_name(name)
    assert "*" in shown or not name.strip("·")


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812341234", "138****1234"),
        ("+86 138-1234-1234", "138****1234"),
        ("１３８１２３４１２３４", "138****1234"),
        ("0571-87654321", "0571-****4321"),
        ("(0571)8765432", "0571-***5432"),
        ("87654321", "****4321"),
        ("057187654321", "********4321"),
        ("12345", "*****"),
        ("", ""),
    ],
)
def test_a_phone_number_is_masked(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("单小雪", "sxx"),
        ("仇和平", "qhp"),
        ("曾国强", "zgq"),
        ("解小红", "xxh"),
        ("翟天明", "ztm"),
        ("覃文", "qw"),
        ("查良", "zl"),
        ("区小明", "oxm"),
        ("刘红梅", "LHM"),
        ("刘红梅", "ｌｈ"),
        ("买买提·艾力", "mmtal"),
        ("3号楼A座", "3hla"),
        ("𠮷田", "𠮷t"),
        ("吕布", "lb"),
    ],
)
def test_a_person_is_found_by_the_initials_people_use(name: str, typed: str) -> None:
    assert matches_initials(initials(name), typed)


def test_initials_are_found_from_the_start_of_the_name_only() -> None:
    assert not matches_initials(initials("周刘红梅"), "lhm")
    assert not matches_initials(initials("刘红梅"), "")


def test_wildcards_typed_into_the_search_are_no_wildcards() -> None:
    assert initials_pattern("l%_|h") == "%|lh%"


@given(NAMES)
def test_no_name_has_more_than_sixteen_spellings_or_outgrows_its_column(name: str) -> None:
    stored = initials(name)
    spellings = stored.strip("|").split("|")
    assert len(spellings) == len(set(spellings)) <= MAX_INITIALS
    assert len(stored) <= MAX_INITIALS * (len(name) + 1) + 1


def test_a_surname_keeps_all_its_readings_however_many_the_given_name_has() -> None:
    spellings = initials("单行长重乐和还落行长").strip("|").split("|")
    assert {spelling[0] for spelling in spellings} == {"s", "d", "c"}


def test_a_name_without_any_sign_to_find_by_stores_nothing() -> None:
    assert initials(" ·—") == ""


def test_the_pinyin_tables_are_loaded_only_when_a_name_is_written() -> None:
    check = "import sys, webapp.core.text; sys.exit('pypinyin' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
