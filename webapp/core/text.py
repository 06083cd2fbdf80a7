"""Text as people type it, brought to one form; names and phone numbers as others may see them; codes to type.

Identities are compared in their normalised form (design.md, section 4): the same name typed with
full-width digits, a stray zero-width space or a trailing blank is the same name.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import lru_cache

from webapp.core.signing import ALPHABET

#: More spellings of one name than this are not kept; the likeliest stay.
MAX_INITIALS = 16

_BLANKS = re.compile(r"\s+")
_SPACES = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r" ?\n ?(?:\n ?)+")
# What takes no room on the screen yet makes two equal-looking texts differ (variation selectors, Hangul fillers,
# braille blank, the four separators that Python takes for blanks), and what XML, and so Excel, cannot carry (non-characters). Control (Cc), format (Cf) and lone
# surrogate (Cs) characters are found by their category: they change with the Unicode version.
_INVISIBLE = "\x1c-\x1f\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef"
_NON_CHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)) + "\ufdd0-\ufdef"
_UNWANTED = re.compile(f"[{_INVISIBLE}{_NON_CHARACTERS}]")
_FULL_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}

_LOOK_ALIKES = str.maketrans("ILO", "110")
_MIDDLE_DOTS = re.compile("[•・‧∙]")  # what keyboards offer for the dot in 买买提·艾力
_DIGITS = re.compile(r"\d+")

_COMPOUND_SURNAMES = (
    "欧阳 司马 上官 诸葛 司徒 东方 独孤 南宫 万俟 闻人 夏侯 皇甫 尉迟 公羊 澹台 公冶 宗政 濮阳 淳于 单于 太叔 申屠 "
    "公孙 仲孙 轩辕 令狐 钟离 宇文 长孙 慕容 鲜于 闾丘 司空 亓官 司寇 子车 颛孙 端木 巫马 公西 漆雕 乐正 壤驷 公良 "
    "拓跋 夹谷 宰父 谷梁 百里 东郭 南门 呼延 羊舌 微生 梁丘 左丘 东门 西门 赫连 第五 完颜 纳兰 叶赫 爱新"
)


def normalise(typed: str) -> str:
    """One line of text in its one form: NFKC, no control or zero-width characters, single blanks, trimmed.

    Full-width digits, letters and punctuation become the common ones; what cannot be stored or shown
    (NUL, lone surrogates) is dropped. Doing it twice changes nothing.
    """
    if typed.isascii() and typed.isprintable():
        return " ".join(typed.split())
    folded = unicodedata.normalize("NFKC", _visible(typed))
    return _BLANKS.sub(" ", _visible(folded)).strip()


def normalise_prose(typed: str) -> str:
    """Sentences that people read again (reasons, rule texts): cleaned like ``normalise``, but Chinese punctuation
    and line breaks stay; at most one empty line in a row.
    """
    text = _visible(typed.replace("\r\n", "\n").replace("\r", "\n"))
    text = unicodedata.normalize("NFC", text.translate(_FULL_WIDTH))
    return _EMPTY_LINES.sub("\n\n", _SPACES.sub(" ", text)).replace(" \n", "\n").replace("\n ", "\n").strip()


def _visible(text: str) -> str:
    """Without characters that take no room; blanks of all kinds stay."""
    text = _UNWANTED.sub("", text)
    if text.isprintable():  # then there is none of them: the usual case, and the fast one
        return text
    return "".join(char for char in text if char.isspace() or not _is_hidden(char))


@lru_cache(maxsize=8192)
def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cs"}


def normalise_code(typed: str) -> str:
    """A code as typed, read aloud or scanned through a Chinese input method, in its one form.

    Capitals, no blanks or dashes, Crockford's look-alikes folded (I and L are 1, O is 0). The result may still
    be no code at all: look it up.
    """
    text = normalise(typed).upper()
    kept = "".join(
        char for char in text if not char.isspace() and unicodedata.category(char) != "Pd" and char not in "_−"
    )
    return kept.translate(_LOOK_ALIKES)


def random_code(length: int) -> str:
    """A code to print and type: ``length`` characters of Crockford's base32, 5 random bits each."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def group_code(code: str, size: int = 4) -> str:
    """As printed, so that it can be read aloud: ``7K3M92XQ`` -> ``7K3M-92XQ``."""
    return "-".join(code[start : start + size] for start in range(0, len(code), size))


def mask_name(name: str) -> str:
    """A name as others may see it: 张三丰 -> 张*丰, 张三 -> 张*, 欧阳娜娜 -> 欧阳*娜, 买买提·艾力 -> 买**·艾*.

    Names in letters keep the first letter of each word. A single character says too much: it becomes ``*``.
    """
    clean = _MIDDLE_DOTS.sub("·", normalise(name))
    for separator in ("·", " "):
        if separator in clean:
            return separator.join(_mask_word(part) for part in clean.split(separator) if part)
    return _mask_word(clean) if clean.isascii() else _mask_han(clean)


def _mask_word(word: str) -> str:
    return word[:1] + "*" * (len(word) - 1) if len(word) > 1 else "*" * len(word)


def _mask_han(name: str) -> str:
    surname = 2 if len(name) > 2 and name[:2] in _COMPOUND_SURNAMES else 1
    if len(name) <= surname + 1:
        return name[:surname] + "*" if len(name) > 1 else "*" * len(name)
    return name[:surname] + "*" * (len(name) - surname - 1) + name[-1]


def mask_phone(phone: str) -> str:
    """A phone number as others may see it: 138****1234, 0571-****4321, ***4567; six digits or less: none of them."""
    parts = _DIGITS.findall(normalise(phone))
    digits = "".join(parts)
    if len(digits) == 13 and digits.startswith("861"):
        digits = digits[2:]
    if len(digits) == 11 and digits.startswith("1"):
        return f"{digits[:3]}****{digits[-4:]}"
    if len(parts) > 1 and parts[0].startswith("0") and len(parts[1]) in (7, 8):
        return f"{parts[0]}-{_tail(parts[1])}"
    return _tail(digits)


def _tail(digits: str) -> str:
    return "*" * (len(digits) - 4) + digits[-4:] if len(digits) > 6 else "*" * len(digits)


def initials(name: str) -> str:
    """What is stored beside a name so that it is found by its pinyin initials: 单小雪 -> ``|sxx|dxx|cxx|``.

    Surnames have readings of their own (单 is Shan as a surname, dan elsewhere), so all readings are kept, at
    most ``MAX_INITIALS``; those of the first character go before all others. Digits and letters stay (lower
    case), so do characters without a known reading; dots, blanks and other signs go.
    At most ``MAX_INITIALS * (len(name) + 1) + 1`` characters; empty if there is nothing to find by.
    """
    kept = [char for char in normalise(name).lower() if char.isalnum()]
    spellings = {"": 0}
    for position, char in enumerate(kept):
        # The cost is how unlikely a reading is; a surname's readings are all alike.
        longer = {
            spelling + letter: cost + (rank if position else 0)
            for spelling, cost in spellings.items()
            for rank, letter in enumerate(_first_letters(char))
        }
        spellings = dict(sorted(longer.items(), key=lambda item: item[1])[:MAX_INITIALS])
    return f"|{'|'.join(spellings)}|" if kept else ""


@lru_cache(maxsize=16384)
def _first_letters(char: str) -> tuple[str, ...]:
    """First letters of a character's readings, the likeliest first; the character itself if it has none."""
    if char.isascii():
        return (char,)
    import pypinyin  # 0.3 s and 56 MB: only for who writes names, never for who reads pages

    readings = pypinyin.pinyin(char, style=pypinyin.Style.NORMAL, heteronym=True, errors="ignore")
    letters = [unicodedata.normalize("NFKD", reading)[:1] for reading in (readings[0] if readings else [])]
    return tuple(dict.fromkeys(letter for letter in letters if letter.isascii() and letter)) or (char,)


def initials_pattern(typed: str) -> str:
    """The LIKE pattern that finds stored ``initials`` by what somebody typed: ``LHm`` -> ``%|lhm%``.

    Each stored spelling starts after a ``|``, so the pattern matches from the start of a spelling: lhm finds
    刘红梅 and 刘红梅花, not 周刘红梅. Signs, ``%`` and ``_`` too, are dropped, so nothing needs an ESCAPE.
    """
    return f"%|{_typed_initials(typed)}%"


def matches_initials(stored: str, typed: str) -> bool:
    """The same question without a database: does ``typed`` begin one of the stored spellings? Empty finds nothing."""
    wanted = _typed_initials(typed)
    return bool(wanted) and f"|{wanted}" in stored


def _typed_initials(typed: str) -> str:
    return "".join(char for char in normalise(typed).lower() if char.isalnum())
