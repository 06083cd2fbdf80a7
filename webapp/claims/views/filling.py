"""The claim's page, the same for a household, a courtyard's head and staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

from flask import Response, flash, request, url_for

from webapp.claims import queries, service
from webapp.claims.forms import ClaimForm, draft_subject, draft_text, from_draft, typed_points
from webapp.core import clock, signing
from webapp.core.points import Points
from webapp.records.forms import chosen_points, points_name, steps
from webapp.records.models import STATES, Record
from webapp.records.queries import Target, photos_of
from webapp.records.service import MOST_PHOTOS
from webapp.schemes.queries import Terms, points_text
from webapp.web import photos
from webapp.web.access import actor
from webapp.web.htmx import go, render, wants_fragment
from webapp.web.once import FIELD


@dataclass
class Filling:
    """One claim that is being filled in: for whom, where its form and its draft go, and what stands in it. ``whose``: the
    choice of for whom, as pills; ``asked``: what was chosen of it, as the address has it."""

    holders: list[Target]
    action: str
    draft_url: str
    back_url: str
    subject: str
    mends: Record | None = None
    staff: bool = False
    asked: dict[str, Any] = field(default_factory=dict)
    whose: list[tuple[str, str, bool, None]] = field(default_factory=list)
    form: ClaimForm = field(init=False)
    points: dict[str, str] = field(init=False, default_factory=dict)
    saved_at: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        values: dict[str, Any] = {"happened_on": clock.today()}
        if request.method == "POST":
            self.points = typed_points()
        else:
            values |= self._restored()
        form = ClaimForm(data=values)
        several = [one.id for one in self.holders] if len(self.holders) > 1 else ()
        self.form = form.for_staff() if self.staff else form.for_household(several)

    def _restored(self) -> dict[str, Any]:
        """What was kept as a draft, or what stood in the claim that is mended."""
        kept = queries.draft_of(actor())
        if kept is not None and draft_subject(kept.payload) == self.subject:
            values, self.points = from_draft(kept.payload)
            self.saved_at = kept.saved_at
            return values
        return self._from_mended() if self.mends else {}

    def _from_mended(self) -> dict[str, Any]:
        old = cast(Record, self.mends)
        rule = queries.version_today(old.rule_id, old.scheme_id, clock.today())
        if rule is not None:
            self.points = {points_name(rule.version_id): points_text(Points(old.points))}
        return {
            "rule": rule.version_id if rule else None,
            "note": old.note,
            "happened_on": old.happened_on,
            "brought_by": old.brought_by,
        }

    def here(self, scheme_id: int) -> str:
        """The same page for another of the holder's schemes."""
        return url_for(str(request.endpoint), **(request.view_args or {}), **self.asked, scheme=scheme_id)

    def send(self) -> list[Record]:
        form, version_id = self.form, cast(int, self.form.rule.data)
        ticked = form.households.data if "households" in form else [self.holders[0].id]
        return service.claim(
            actor=actor(),
            holder_ids=cast("list[int]", ticked),
            rule_version_id=version_id,
            points=chosen_points(version_id),
            happened_on=form.happened_on.data,
            note=form.note.data or "",
            photos=self._photos(),
            form_key=request.form.get(FIELD) or signing.random_token(),
            now=clock.now(),
            brought_by=form.brought_by.data if "brought_by" in form else "",
            mends_id=self.mends.id if self.mends else None,
        )

    def _photos(self) -> tuple[str, ...]:
        """Those of the claim that is mended, if they are to stay, and those that came."""
        kept = photos_of(self.mends.id) if self.mends and "keep" in request.form else ()
        return tuple(dict.fromkeys((*kept, *photos.taken().or_refuse())))

    def page(self) -> Response:
        schemes, today = queries.schemes_for_claims(self.holders[0]), clock.today()
        scheme = self._scheme(schemes)
        form = self.form
        return render(
            "claims/claim.html",
            filling=self,
            form=form,
            errors=form.errors,
            schemes=schemes,
            scheme=scheme,
            groups=queries.groups(scheme, self.holders, today) if scheme else [],
            chosen=form.rule.data,
            typed=self.points,
            steps=steps,
            points_name=points_name,
            today_=today,
            earliest=self._earliest(today),
            most_photos=MOST_PHOTOS,
            old_photos=photos_of(self.mends.id) if self.mends else (),
            keeps="keep" in request.form or request.method == "GET",
            kept_photos=photos.kept(),
            saved_at=self.saved_at,
            status=422 if request.method == "POST" else 200,
        )

    def _earliest(self, today: date) -> date:
        """Nothing is claimed of a closed month."""
        closed_to = self.holders[0].closed_to
        latest = today - timedelta(days=service.LATEST)
        return max(latest, closed_to + timedelta(days=1)) if closed_to else latest

    def _scheme(self, schemes: Sequence[Terms]) -> Terms | None:
        wanted = request.args.get("scheme", type=int) or (self.mends.scheme_id if self.mends else None)
        return next((one for one in schemes if one.id == wanted), schemes[0] if schemes else None)


def keep_draft(subject: str, back_url: str, page_url: str) -> Response:
    """By htmx while one types, by a button without scripts; or thrown away."""
    if "drop" in request.form:
        service.drop_draft(actor())
        flash("草稿已清空。", "success")
        return go(page_url)
    now = clock.now()
    service.save_draft(actor=actor(), payload=draft_text(subject), now=now)
    if wants_fragment():
        return render("claims/_draft.html", "claims/_draft.html", saved_at=now, restored=False)
    flash("已存好，下次打开接着填。照片要等提交时再拍。", "success")
    return go(back_url)


def said(made: Sequence[Record]) -> None:
    """What became of a claim, in words."""
    state = STATES[made[0].state]
    flash(f"已给 {len(made)} 户申报，{state}。" if len(made) > 1 else f"已申报，{state}。", "success")


def lines(rows: Sequence[Any]) -> list[Any]:
    """Rows of a list of claims, with which were sent again."""
    again = queries.mended_by([row[0].id for row in rows])
    return [(*row, again.get(row[0].id)) for row in rows]
