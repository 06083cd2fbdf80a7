"""申报 at the kiosk: one decision a screen, then all of it once more, then sent once; and what became of it.

What was decided stands in the address, the note sealed; ``step`` asks for an earlier page again. ``mends``: the claim that came
back and is sent again; it begins with what stood in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import Response, current_app, request, url_for

from webapp.claims import queries, service
from webapp.claims.queries import Group, of_household, seen_at_home, version_today
from webapp.core import clock, signing
from webapp.core.errors import DomainError, Invalid
from webapp.core.points import Points
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.kiosk import claiming
from webapp.kiosk.gate import terminal, visit
from webapp.kiosk.views.blueprint import bp
from webapp.kiosk.views.community import household_scheme
from webapp.kiosk.views.paging import Fit, lines_of, screen_of
from webapp.records import service as records
from webapp.records.forms import steps
from webapp.records.models import COMING, STATES, Record
from webapp.records.queries import Target, photos_of, shown_name, target
from webapp.records.service import wrote
from webapp.schemes.queries import RuleView, Terms, rule_version, terms
from webapp.web.access import KIOSK_HOUSEHOLD, actor, requires
from webapp.web.htmx import go, render
from webapp.web.once import FIELD

STEPS = ("category", "rule", "day", "points", "note", "confirm")
RULES, POINTS = 6, 12  # on one screen
LISTED = Fit(lying=5, lying_large=5, standing=14, standing_large=11)
MOST_LISTED = 60
LONGEST_NOTE = 100
KEPT = ("category", "rule", "day", "points", "note", "mends")
#: Which page a refusal leads back to, by the field that it names.
BACK_TO = {"happened_on": "day", "points": "points", "note": "note", "photos": "rule", "rule": "rule"}


@dataclass
class Filling:
    """A claim on its way through the screens. ``given``: what is decided, as the address has it."""

    given: dict[str, str]
    today: date = field(default_factory=clock.today)
    whom: Target = field(init=False)
    scheme: Terms | None = field(init=False)
    groups: list[Group] = field(init=False)
    rule: RuleView | None = field(init=False, default=None)
    mends: Record | None = field(init=False)
    photos: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        mends = _number(self.given.get("mends", ""))
        self.mends = seen_at_home(mends, visit().household_id) if mends is not None else None
        self.photos = tuple(photos_of(self.mends.id)) if self.mends else ()
        if self.mends and not self.given.keys() - {"mends", "step"}:
            self.given = {**self.given, **_as_given(self.mends)}
        self.whom, self.scheme = target(visit().household_id), household_scheme(terminal())
        takes_part = self.scheme is not None and records.takes_part(self.scheme.audience, self.whom)
        self.groups = claiming.offered(self.scheme, self.whom, self.today) if self.scheme and takes_part else []
        wanted = _number(self.given.get("rule", ""))
        every = [choice.rule for group in self.groups for choice in group.choices]
        chosen = next((one for one in every if one.rule_id == wanted and self._has_proof(one)), None)
        if chosen is not None:  # as it judges on the day that is claimed
            self.rule = version_today(chosen.rule_id, chosen.scheme_id, self.day or self.today) or chosen

    def _has_proof(self, rule: RuleView) -> bool:
        """Nobody takes photos at a kiosk, but a claim that is sent again keeps those that it had."""
        return rule.proof != "photo" or bool(self.photos and self.mends and self.mends.rule_id == rule.rule_id)

    @property
    def group(self) -> Group | None:
        number = _number(self.given.get("category", ""))
        if number is None and len(self.groups) == 1:
            return self.groups[0]
        return self.groups[number] if number is not None and number < len(self.groups) else None

    @property
    def day(self) -> date | None:
        try:
            return date.fromisoformat(self.given.get("day", ""))
        except ValueError:
            return None

    @property
    def points(self) -> Points | None:
        """What was chosen, or the only score."""
        if self.rule is None or self.rule.fixed:
            return self.rule.lowest if self.rule else None
        tenths = _number(self.given.get("points", ""))
        return Points(tenths) if tenths is not None and self.rule.allows(Points(tenths)) else None

    @property
    def note(self) -> str:
        return _unsealed(self.given.get("note", ""))

    def step(self) -> str:
        """The page that is due: what is asked for, else the first thing that is not decided."""
        asked, due = self.given.get("step", ""), self.due
        return asked if asked in STEPS and STEPS.index(asked) < STEPS.index(due) else due

    @property
    def due(self) -> str:
        """The first thing that is not decided."""
        missing = {
            "category": self.rule is None and self.group is None,
            "rule": self.rule is None,
            "day": self.day is None,
            "points": self.points is None,
            "note": self.rule is not None and self.rule.proof == "note" and not self.note,
        }
        return next((step for step, is_missing in missing.items() if is_missing), "confirm")

    def before(self, step: str) -> str:
        """The page before one: nothing that is decided is lost."""
        rule = self.rule
        if self.mends and self.due == "confirm":
            return url_for("kiosk.claimed", record_id=self.mends.id) if step == "confirm" else self.url()
        asked = {"rule": len(self.groups) > 1, "day": True, "points": bool(rule and not rule.fixed)}
        asked["note"] = bool(rule and rule.proof == "note")
        order = ["category", *(one for one, is_asked in asked.items() if is_asked), "confirm"]
        if "rule" not in order:
            order[0] = "rule"
        place = order.index(step) if step in order else 0
        return self.url(step=order[place - 1]) if place else url_for("kiosk.balance")

    @property
    def decided(self) -> dict[str, str]:
        return {name: value for name, value in self.given.items() if name in KEPT and value}

    def url(self, **changed: Any) -> str:
        """This claim's address with something decided, or decided anew."""
        given = {name: value for name, value in {**self.decided, **changed}.items() if value not in ("", None)}
        return url_for("kiosk.claim", **given)

    def page(self, step: str = "", *, message: str = "", status: int = 200, typed: str | None = None) -> Response:
        step = step or self.step()
        ticked, words = claiming.note_parts(self.note if typed is None else typed)
        facts: dict[str, Any] = {"filling": self, "rule": self.rule, "message": message, "back_url": self.before(step)}
        if not self.groups:
            return render("kiosk/claim_shut.html", **facts)
        return render(
            f"kiosk/claim_{step}.html",
            **facts,
            **self._shown(step),
            phrases=claiming.PHRASES,
            ticked=ticked,
            words=words,
            longest=LONGEST_NOTE,
            status=status,
        )

    def _shown(self, step: str) -> dict[str, Any]:
        """What a page offers."""
        if step == "rule" and self.group:
            return {"screen": screen_of(claiming.tiles(self.group, self.whom, self.today), RULES)}
        if step == "day" and self.rule:
            return {"days": claiming.days(self.rule, self.whom, self.today)}
        if step == "points" and self.rule:
            return {"screen": screen_of(steps(self.rule), POINTS)}
        return {"reviewers": claiming.reviewers(self.scheme) if self.scheme else ""}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _as_given(record: Record) -> dict[str, str]:
    """What stood in a claim that came back, as the address has it."""
    decided = {"rule": str(record.rule_id), "day": record.happened_on.isoformat(), "points": str(record.points)}
    return {**decided, "note": _sealed(record.note)}


def _sealed(note: str) -> str:
    return signing.seal(current_app.config["SECRET_KEY"], "kiosk claim", note) if note else ""


def _unsealed(text: str) -> str:
    """Nonsense is no note."""
    return (signing.unseal(current_app.config["SECRET_KEY"], "kiosk claim", text[:2000]) or "") if text else ""


@bp.get("/kiosk/claims/new")
@requires(KIOSK_HOUSEHOLD)
def claim() -> Response:
    filling = Filling(request.args.to_dict())
    if filling.mends and not claiming.mendable(filling.mends, visit().household_id, actor()):
        return go(url_for("kiosk.claimed", record_id=filling.mends.id))
    gone = filling.mends and filling.rule is None and filling.given.get("rule")
    return filling.page(message="原来那一条细则停用了，请重新点一条。" if gone else "")


@bp.post("/kiosk/claims/note")
@requires(KIOSK_HOUSEHOLD)
def claim_note() -> Response:
    """What is said about it goes on in the address, sealed; nothing is written."""
    filling = Filling(request.form.to_dict())
    typed = normalise_prose(request.form.get("words", "")).replace("\n", " ")
    note = claiming.note_of(request.form.getlist("phrase"), typed)
    wanted = filling.step() not in ("category", "rule", "day", "points")
    needed = filling.rule is not None and filling.rule.proof == "note"
    if wanted and ((needed and not note) or len(typed) > LONGEST_NOTE):
        message = f"写得太长了，最多 {LONGEST_NOTE} 个字。" if note else "请点一句，或写一句话，说明是怎么回事。"
        return filling.page("note", message=message, status=422, typed=note)
    return go(filling.url(note=_sealed(note)))


@bp.post("/kiosk/claims/new")
@requires(KIOSK_HOUSEHOLD)
def claim_now() -> Response:
    filling = Filling(request.form.to_dict())
    if filling.step() != "confirm":
        gone = filling.rule is None and filling.given.get("rule")
        message = "这一条细则已经修改或停用，请重新点一条。" if gone else "还差一步，请接着点。"
        return filling.page(message=message, status=422)
    try:
        made = _claim(filling)
    except DomainError as error:
        db.session.rollback()
        return _refused(error)
    return go(url_for("kiosk.claimed", record_id=made.id))


def _claim(filling: Filling) -> Record:
    version_id, day = _number(request.form.get("version", "")), filling.day
    if version_id is None or day is None:
        raise Invalid("请从头再点一次。", field="rule")
    (made,) = service.claim(
        actor=actor(),
        holder_ids=[filling.whom.id],
        rule_version_id=version_id,
        points=filling.points,
        happened_on=day,
        note=filling.note,
        photos=filling.photos,
        form_key=request.form.get(FIELD) or signing.random_token(),
        now=clock.now(),
        mends_id=filling.mends.id if filling.mends else None,
    )
    return made


def _refused(error: DomainError) -> Response:
    """Back to the page on which something else can be chosen, with the rest kept."""
    filling = Filling(request.form.to_dict())
    step = BACK_TO.get(error.field or "", "confirm")
    if filling.rule is not None and step == "rule" and any(not one.why_not for one in _days(filling)):
        full = next((one for one in _days(filling) if one.day == filling.day), None)
        step = "day" if full is not None and full.why_not else step
    if step == "rule" and filling.group is None:
        step = "category"
    return filling.page(step, message=error.message, status=error.status)


def _days(filling: Filling) -> list[claiming.Day]:
    return claiming.days(filling.rule, filling.whom, filling.today) if filling.rule else []


# What became of it ----------------------------------------------------------------------------------------------------


@bp.get("/kiosk/claims")
@requires(KIOSK_HOUSEHOLD)
def claims() -> Response:
    """我的申报: newest first, each with where it stands."""
    rows = db.session.execute(of_household(visit().household_id).limit(MOST_LISTED)).all()
    return render(
        "kiosk/claims.html", screen=lines_of(rows, LISTED), states=STATES, coming=COMING, shown_name=shown_name
    )


@bp.get("/kiosk/claims/<int:record_id>")
@requires(KIOSK_HOUSEHOLD)
def claimed(record_id: int) -> Response:
    """One claim: what is shown after it was sent, too."""
    return _one("kiosk/claimed.html", record_id)


@bp.get("/kiosk/claims/<int:record_id>/withdraw")
@requires(KIOSK_HOUSEHOLD)
def withdraw_claim(record_id: int) -> Response:
    return _one("kiosk/claim_withdraw.html", record_id)


@bp.post("/kiosk/claims/<int:record_id>/withdraw")
@requires(KIOSK_HOUSEHOLD)
def withdraw_claim_now(record_id: int) -> Response:
    seen_at_home(record_id, visit().household_id)
    try:
        records.withdraw(actor=actor(), record_id=record_id, now=clock.now())
    except DomainError as error:
        db.session.rollback()
        return _one("kiosk/claimed.html", record_id, message=error.message, status=error.status)
    return go(url_for("kiosk.claimed", record_id=record_id))


def _one(template: str, record_id: int, *, message: str = "", status: int = 200) -> Response:
    record = seen_at_home(record_id, visit().household_id)
    heading, sentence = claiming.comes_next(record, terms(record.scheme_id))
    return render(
        template,
        record=record,
        whom=target(record.holder_id),
        rule=rule_version(record.rule_version_id),
        heading=heading,
        sentence=sentence,
        may_withdraw=record.state == "waiting" and wrote(record, actor()),
        may_mend=claiming.mendable(record, visit().household_id, actor()),
        again=queries.mended_by([record.id]).get(record.id),
        states=STATES,
        coming=COMING,
        message=message,
        status=status,
    )
