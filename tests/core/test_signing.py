"""What is sealed is opened by the same key for the same purpose, and by nothing else."""

from __future__ import annotations

import pytest

from webapp.core import signing

KEY, OTHER = "k" * 40, "o" * 40


@pytest.mark.parametrize("text", ["张三", "13912345678", "", "a" * 500, "/?&=#%~"])
def test_what_was_sealed_is_read_again_and_the_same_text_looks_the_same(text):
    sealed = signing.seal(KEY, "search", text)

    assert signing.unseal(KEY, "search", sealed) == text
    assert signing.seal(KEY, "search", text) == sealed
    assert sealed.replace("-", "").replace("_", "").isalnum()
    assert not text or text not in sealed


def test_another_key_purpose_or_a_changed_letter_opens_nothing():
    sealed = signing.seal(KEY, "search", "张三")

    assert signing.unseal(OTHER, "search", sealed) is None
    assert signing.unseal(KEY, "other", sealed) is None
    assert signing.unseal(KEY, "search", ("B" if sealed[0] == "A" else "A") + sealed[1:]) is None


@pytest.mark.parametrize("nonsense", ["", "x", "张三", "A" * 10_000, "====", "\x00"])
def test_nonsense_opens_nothing(nonsense):
    assert signing.unseal(KEY, "search", nonsense) is None
