"""A household on its phone: its claims; a courtyard's head also claims for the others there and reviews theirs first."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request, url_for

from webapp.claims import queries
from webapp.claims.forms import draft_subject
from webapp.claims.models import ClaimDraft
from webapp.claims.views.blueprint import bp
from webapp.claims.views.filling import Filling, keep_draft, lines, said
from webapp.claims.views.reviewing import Inbox
from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.places.queries import households_of, people_of
from webapp.records import service as records
from webapp.records.models import COMING, STATES, Record
from webapp.records.queries import Target, photos_of, shown_name, steps_of, target
from webapp.records.service import wrote
from webapp.records.views.photos import photo_response
from webapp.schemes.queries import rule_version
from webapp.users.residents_gate import resident
from webapp.web.access import RESIDENT, actor, requires
from webapp.web.forms import perform
from webapp.web.home import HomeLink
from webapp.web.htmx import go, render
from webapp.web.paging import paginate

PER_PAGE = 20


def _to_review() -> int:
    who = resident()
    return queries.head_desk(who.household_id, who.heads).todo


HOME = (
    HomeLink("申报积分", "做了好事，报上来", "claims.claim", "clipboard-pen", 20),
    HomeLink("我的申报", "审到哪一步了", "claims.mine", "list-checks", 30),
    HomeLink("院里的初审", "看一看院里各户报的", "claims.head_inbox", "clipboard-check", 40, True, _to_review),
)


# One's own ------------------------------------------------------------------------------------------------------------


@bp.get("/home/claims")
@requires(RESIDENT)
def mine() -> Response:
    who, draft_kept = resident(), queries.draft_of(actor())
    page = paginate(queries.of_household(who.household_id), per_page=PER_PAGE)
    return render(
        "claims/mine.html",
        "claims/_mine.html",
        who=who,
        page=page,
        lines=lines(page.items),
        states=STATES,
        coming=COMING,
        shown_name=shown_name,
        draft=draft_kept,
        draft_url=_url("claims.claim", mends=_mends_of(draft_kept), whom=_number(draft_kept, "for ")),
    )


def _mends_of(draft_kept: ClaimDraft | None) -> int | None:
    """Which claim the draft mends, if it mends one."""
    return _number(draft_kept, "mends ")


def _number(draft_kept: ClaimDraft | None, word: str) -> int | None:
    """The number after a word in a draft's subject."""
    subject = draft_subject(draft_kept.payload) if draft_kept else ""
    return int(subject.removeprefix(word)) if subject.startswith(word) else None


@bp.get("/home/claims/<int:record_id>")
@requires(RESIDENT)
def one_of_mine(record_id: int) -> Response:
    record = queries.seen_at_home(record_id, resident().household_id)
    return render(
        "claims/one.html",
        record=record,
        whom=target(record.holder_id),
        rule=rule_version(record.rule_version_id),
        photos=photos_of(record.id),
        steps=steps_of(record.id),
        states=STATES,
        own=wrote(record, actor()),
        again=queries.mended_by([record.id]).get(record.id),
        coming=COMING,
    )


@bp.post("/home/claims/<int:record_id>/withdraw")
@requires(RESIDENT)
def withdraw(record_id: int) -> Response:
    queries.seen_at_home(record_id, resident().household_id)
    records.withdraw(actor=actor(), record_id=record_id, now=clock.now())
    flash("已撤回，这一条不再审核。", "success")
    return go(url_for("claims.one_of_mine", record_id=record_id))


@bp.get("/home/claims/photos/<sha256>")
@requires(RESIDENT)
def photo(sha256: str) -> Response:
    who = resident()
    if not queries.photo_seen_at_home(sha256, who.household_id, who.heads):
        raise NotFound("没有这张照片。")
    return photo_response(sha256, thumb=request.args.get("size") == "thumb")


# Claiming -------------------------------------------------------------------------------------------------------------


@bp.route("/home/claims/new", methods=["GET", "POST"])
@requires(RESIDENT)
def claim() -> Response:
    filling = _filling()
    made = perform(filling.form, filling.send)
    if made is None:
        return filling.page()
    said(made)
    if len(made) == 1:
        return go(url_for("claims.one_of_mine", record_id=made[0].id))
    return go(url_for("claims.mine"))


@bp.post("/home/claims/draft")
@requires(RESIDENT)
def draft() -> Response:
    mended, whom = request.args.get("mends", type=int), request.args.get("for", type=int)
    page_url = _url("claims.claim", mends=mended, whom=whom)
    return keep_draft(_subject(mended, whom), url_for("claims.mine"), page_url)


def _subject(mends_id: int | None, whom_id: int | None) -> str:
    return f"mends {mends_id}" if mends_id else f"for {whom_id}" if whom_id else ""


def _filling() -> Filling:
    mends, others = _mended(), _others()
    mends_id, other = mends.id if mends else None, _asked_for(others)
    whom_id = other.id if other and not mends else None
    return Filling(
        holders=[target(mends.holder_id)] if mends else [other] if other else _holders(),
        action=_url("claims.claim", mends=mends_id, whom=whom_id, scheme=request.args.get("scheme", type=int)),
        draft_url=_url("claims.draft", mends=mends_id, whom=whom_id),
        back_url=url_for("claims.one_of_mine", record_id=mends_id) if mends_id else url_for("users.home"),
        subject=_subject(mends_id, whom_id),
        mends=mends,
        asked={"for": whom_id},
        whose=[] if mends else _whose(others, other),
    )


def _url(endpoint: str, *, whom: int | None = None, **more: int | None) -> str:
    given: dict[str, Any] = {**more, "for": whom}
    return url_for(endpoint, **given)


def _others() -> list[Target]:
    """For whom one may claim beside households: the courtyards that one heads and the people at home, where a scheme is
    for them."""
    who = resident()
    people = [one.id for one in people_of(who.household_id) if one.active]
    found = [target(holder_id) for holder_id in (*who.heads, *people)]
    return [one for one in found if one.active and queries.schemes_for_claims(one)]


def _asked_for(others: list[Target]) -> Target | None:
    """:raises NotFound: for a courtyard that one does not head, or somebody of another household."""
    wanted = request.args.get("for", type=int)
    found = next((one for one in others if one.id == wanted), None)
    if wanted and found is None:
        raise NotFound("不能替这一处申报。请返回重新选择。")
    return found


def _whose(others: list[Target], chosen: Target | None) -> list[tuple[str, str, bool, None]]:
    """The choice of for whom, where there is one."""
    if not others:
        return []
    own = ("住户", url_for("claims.claim"), chosen is None, None)
    names = [(one, one.name if one.kind == "courtyard" else one.shown_name) for one in others]
    return [own, *((name, _url("claims.claim", whom=one.id), one is chosen, None) for one, name in names)]


def _mended() -> Record | None:
    """:raises NotFound: for what is not this household's own claim."""
    mends_id = request.args.get("mends", type=int)
    record = queries.seen_at_home(mends_id, resident().household_id) if mends_id else None
    if record is not None and not wrote(record, actor()):
        raise NotFound("没有找到这条申报，请返回申报列表看看。")
    return record


def _holders() -> list[Target]:
    """The own household first; for a courtyard's head the others there too."""
    who = resident()
    others = [one.id for yard_id in who.heads for one in households_of(yard_id)]
    return [target(holder_id) for holder_id in dict.fromkeys([who.household_id, *others])]


# The head's first review ----------------------------------------------------------------------------------------------


def _inbox() -> Inbox:
    """:raises NotFound: for who heads no courtyard."""
    who = resident()
    if not who.heads:
        raise NotFound("只有院长能看院里的申报。")
    return Inbox(
        desk=queries.head_desk(who.household_id, who.heads),
        list_endpoint="claims.head_inbox",
        pass_endpoint="claims.head_pass",  # noqa: S106  # an endpoint, no password
        return_endpoint="claims.head_return",
        photo_endpoint="claims.photo",
        back_url=url_for("users.home"),
        heading="院里的初审",
    )


@bp.get("/home/reviews")
@requires(RESIDENT)
def head_inbox() -> Response:
    return _inbox().page()


@bp.post("/home/reviews/pass")
@requires(RESIDENT)
def head_pass() -> Response:
    return _inbox().passing()


@bp.post("/home/reviews/<int:record_id>/return")
@requires(RESIDENT)
def head_return(record_id: int) -> Response:
    return _inbox().returning(record_id)
