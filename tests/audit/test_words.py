"""Every act that the software writes down has words in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp.audit import words
from webapp.records.models import STEPS
from webapp.reviews.models import OBJECTION_STEPS

WEBAPP = Path(__file__).resolve().parents[2] / "webapp"
ACT = re.compile(r"[a-z][a-z-]*:[a-z][a-z_-]*")
#: Files that put an act together from a subject and a verb: ``f"area:{verb}"``.
JOINED = re.compile(r'f"([a-z-]+):\{\w+\}"')


def acts_of(source: Path) -> Iterator[str]:
    text = source.read_text(encoding="utf-8")
    joined = JOINED.findall(text)
    for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if not re.fullmatch(r"_?log(_\w+)?", name):
            continue
        said = {node.value for arg in call.args for node in ast.walk(arg) if isinstance(node, ast.Constant)}
        for word in (word for word in said if isinstance(word, str)):
            if ACT.fullmatch(word):
                yield word
            elif re.fullmatch(r"[a-z-]+", word):
                yield from (f"{subject}:{word}" for subject in joined)


ACTS = sorted({act for source in WEBAPP.rglob("*.py") for act in acts_of(source)})


def test_there_are_acts_to_look_at():
    assert len(ACTS) > 60
    assert {"area:added", "voucher:handed-over", "user:disabled"} <= set(ACTS)


@pytest.mark.parametrize("act", ACTS)
def test_an_act_has_words_and_its_subject_a_name(app, act):
    assert act in words.actions()
    assert act.partition(":")[0] in words.subjects()


@pytest.mark.parametrize("act", ["plate:replaced", "card:revoked", "stock:counted", "shop:unmasked"])
def test_acts_that_are_put_together_have_words_too(app, act):
    assert act in words.actions()


def test_no_words_are_left_over_from_acts_that_nobody_does(app):
    made_up = {"plate:replaced", "plate:revoked", "card:replaced", "card:revoked"}
    made_up |= {"stock:received", "stock:counted", "stock:written_off"}
    made_up |= {"shop:unmasked", "household:unmasked"}
    made_up |= {f"record:{step}" for step in STEPS} | {f"objection:{step}" for step in OBJECTION_STEPS}
    assert set(words.actions()) - set(ACTS) - made_up == set()


def test_details_are_told_in_words(app):
    detail = '{"post": "clerk", "ends_on": null, "person": 7, "full": true}'
    assert words.things_in("appointment:made", detail) == [("person", 7)]
    told = words.detail_words("appointment:made", detail, {("person", 7): "李*梅"})
    assert told == "岗位：办事员；人员：李*梅；full：是"


def test_two_features_may_mean_different_things_by_one_name(app):
    assert words.detail_words("area:added", '{"kind": "grid"}', {}) == "类型：网格"
    assert words.detail_words("code:printed", '{"kind": "card"}', {}) == "种类：积分卡"


def test_an_act_without_words_is_shown_as_it_is(app):
    assert words.detail_words("moon:landed", '{"reason": "试试"}', {}) == "原因：试试"
