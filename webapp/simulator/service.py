"""The verbs of drafts. Only who may change a scheme's rules writes them; nothing of a draft holds before it is adopted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.schemes.models import Rule, Scheme
from webapp.schemes.queries import RuleView
from webapp.schemes.queries.desk import rule_line
from webapp.schemes.service import RuleText, change_rule, end_rule
from webapp.schemes.service.rules import check
from webapp.simulator.models import RuleDraft, RuleDraftLine
from webapp.simulator.queries import Changed, changes, why_not


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a rule shall say. Points carry their sign. ``ends``: nobody shall record by it; the rest then means nothing."""

    title: str
    detail: str
    lowest: Points
    highest: Points
    cap_day: int | None = None
    cap_month: int | None = None
    cap_year: int | None = None
    ends: bool = False


def begin(*, scheme: Scheme, name: str, note: str, actor: Actor, now: datetime) -> RuleDraft:
    """A draft that says nothing yet. :raises NotAllowed: to whoever may not change the scheme's rules."""
    actor.must("schemes.edit", scheme.area.path)
    if not name:
        raise Invalid("请给草稿起个名字，例如「2027 年修订」。", field="name")
    draft = RuleDraft(
        scheme_id=scheme.id,
        name=name,
        note=note,
        made_at=now,
        made_by=actor.label,
        changed_at=now,
        changed_by=actor.label,
    )
    db.session.add(draft)
    db.session.flush()
    _log(actor, "rule-draft:begun", draft, now)
    return draft


def change_line(*, draft: RuleDraft, rule: Rule, wanted: Wanted, actor: Actor, now: datetime) -> RuleDraftLine | None:
    """Say what a rule shall be; None if that is what it is already, then the draft says nothing about it.

    :raises Invalid: for points, words or caps that cannot be.
    :raises Conflict: if a newer version of the rule waits for its day, or the rule is ended.
    :raises AlreadyUsed: if the draft was adopted or dropped.
    """
    _lock_open(draft, actor)
    line = rule_line(rule.id, clock.local_date(now))
    reason = why_not(line)
    if reason or rule.scheme_id != draft.scheme_id:
        raise Conflict(reason or "这条细则不在这个积分办法里。", field="title")
    base = line.shown
    wanted = as_before(base, ends=True) if wanted.ends else wanted
    check(text_of(base, wanted))
    _touch(draft, actor, now)
    _log(actor, "rule-draft:changed", draft, now, rule=base.code, **_said(base, wanted))
    kept = db.session.get(RuleDraftLine, (draft.id, rule.id))
    if wanted == as_before(base):
        _remove(kept)
        return None
    kept = kept or RuleDraftLine(draft_id=draft.id, rule_id=rule.id)
    kept.version_id, kept.ends = base.version_id, wanted.ends
    kept.title, kept.detail = wanted.title, wanted.detail
    kept.lowest, kept.highest = wanted.lowest.tenths, wanted.highest.tenths
    kept.cap_day, kept.cap_month, kept.cap_year = wanted.cap_day, wanted.cap_month, wanted.cap_year
    db.session.add(kept)
    db.session.flush()
    return kept


def as_before(base: RuleView, **otherwise: Any) -> Wanted:
    """What a version says, but for what is named here."""
    kept = ("title", "detail", "lowest", "highest", "cap_day", "cap_month", "cap_year")
    return Wanted(**{**{name: getattr(base, name) for name in kept}, **otherwise})


def _said(base: RuleView, wanted: Wanted) -> dict[str, object]:
    """What a line says otherwise than the rule, for the audit log."""
    if wanted.ends:
        return {"ends": True}
    points = (base.lowest, base.highest) != (wanted.lowest, wanted.highest)
    said = {name: getattr(wanted, name) for name in ("title", "cap_day", "cap_month", "cap_year")}
    changed = {name: value or "不限" for name, value in said.items() if value != getattr(base, name)}
    span = f"{wanted.lowest}" if wanted.lowest == wanted.highest else f"{wanted.lowest}～{wanted.highest}"
    return changed | ({"points": span} if points else {})


def _remove(line: RuleDraftLine | None) -> None:
    if line is not None:
        db.session.delete(line)
        db.session.flush()


def leave_rule(*, draft: RuleDraft, rule_id: int, actor: Actor, now: datetime) -> None:
    """The rule stays as it is: the draft says nothing about it any more. If it said nothing, nothing changes."""
    _lock_open(draft, actor)
    line = db.session.get(RuleDraftLine, (draft.id, rule_id))
    if line is None:
        return
    _touch(draft, actor, now)
    _log(actor, "rule-draft:left", draft, now, rule=line.rule.code)
    _remove(line)


def text_of(base: RuleView, wanted: Wanted) -> RuleText:
    """A version's text: what the draft says, all else as in the version that it follows."""
    return RuleText(
        title=wanted.title,
        detail=wanted.detail,
        lowest=wanted.lowest,
        highest=wanted.highest,
        recorders=base.recorders,
        proof=base.proof,
        cap_day=wanted.cap_day,
        cap_month=wanted.cap_month,
        cap_year=wanted.cap_year,
        veto=base.veto,
        rectify_days=base.rectify_days,
        rectify_percent=base.rectify_percent,
    )


def drop(*, draft: RuleDraft, actor: Actor, now: datetime) -> None:
    """Give a draft up; it stays to be read. :raises AlreadyUsed: if it was adopted or dropped."""
    _lock_open(draft, actor)
    _close(draft, "dropped", actor, now)
    _log(actor, "rule-draft:dropped", draft, now)


def adopt(
    *, draft: RuleDraft, revision: int, valid_from: date, decision: str, actor: Actor, now: datetime
) -> list[Changed]:
    """Make the draft's rules the scheme's from a day on, all or none; what was recorded before stays as it was.

    :raises AlreadyUsed: if the draft was adopted or dropped already.
    :raises Conflict: if the draft is not the one that was looked at (``revision``), or some of its rules were changed,
        ended, or got a version that waits for its day since the draft said what they shall be; it names them.
    :raises Invalid: for a day in the past, without who decided it, or if the draft says nothing.
    """
    _lock_open(draft, actor)
    today = clock.local_date(now)
    if revision != draft.revision:
        raise Conflict("这份草稿刚刚有人改过。请看过下面新的内容再采用。", field="valid_from")
    changed = changes(draft)
    _check_adoption(changed, valid_from, decision, today)
    for one in changed:
        _bring_in(one, valid_from, actor, now)
    draft.valid_from, draft.decision = valid_from, decision
    _close(draft, "adopted", actor, now)
    _log(actor, "rule-draft:adopted", draft, now, valid_from=valid_from, decision=decision, count=len(changed))
    return changed


def _check_adoption(changed: list[Changed], valid_from: date, decision: str, today: date) -> None:
    if not changed:
        raise Invalid("草稿里一条细则也没有改，没有可以采用的。", field="valid_from")
    stale = [f"{one.before.code}「{one.before.title}」" for one in changed if one.stale]
    if stale:
        names = "、".join(stale)
        raise Conflict(
            f"这些细则在起草以后已经有人改过：{names}。请在草稿里逐条打开核对、保存，再来采用。", field="valid_from"
        )
    if valid_from < today:
        raise Invalid("生效日期不能早于今天，已经记的分不受影响。", field="valid_from")
    if valid_from == today and any(one.line.ends for one in changed):
        raise Invalid("草稿里有停用的细则，今天还能记，最早从明天起。", field="valid_from")
    if not decision:
        raise Invalid("请写明是谁、在哪里决定的，例如「11 月 20 日居民代表会议通过」。", field="decision")


def _bring_in(one: Changed, valid_from: date, actor: Actor, now: datetime) -> None:
    if one.line.ends:
        end_rule(rule=one.line.rule, last_day=valid_from - timedelta(days=1), actor=actor, now=now)
        return
    text = text_of(one.before, as_before(one.after))
    change_rule(rule=one.line.rule, text=text, valid_from=valid_from, actor=actor, now=now)


def _lock_open(draft: RuleDraft, actor: Actor) -> None:
    """Writers of one scheme's drafts and rules follow one another. Its row is read anew once it is ours."""
    actor.must("schemes.edit", draft.scheme.area.path)
    db.session.execute(select(Scheme.id).where(Scheme.id == draft.scheme_id).with_for_update())
    statement = select(RuleDraft).where(RuleDraft.id == draft.id).with_for_update()
    found = db.session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("没有这份草稿。")
    if found.state != "open":
        raise AlreadyUsed(f"这份草稿{found.state_words}，不能再改。请看草稿页上的说明，或另起一份。")


def _touch(draft: RuleDraft, actor: Actor, now: datetime) -> None:
    draft.revision += 1
    draft.changed_at, draft.changed_by = now, actor.label
    db.session.flush()


def _close(draft: RuleDraft, state: str, actor: Actor, now: datetime) -> None:
    draft.state, draft.ended_at, draft.ended_by = state, now, actor.label
    db.session.flush()


def _log(actor: Actor, action: str, draft: RuleDraft, now: datetime, **more: object) -> None:
    log(
        actor,
        action,
        now=now,
        object_kind="rule_draft",
        object_id=draft.id,
        area_path=draft.scheme.area.path,
        name=draft.name,
        **more,
    )
