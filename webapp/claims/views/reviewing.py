"""The list of claims that wait, on a head's phone, a grid worker's phone and at the desk; and what is done with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, flash, request, url_for

from webapp.claims import queries
from webapp.claims.queries import Desk
from webapp.core import clock
from webapp.core.errors import Invalid, NotFound
from webapp.extensions import db
from webapp.records import service as records
from webapp.records.service import MOST_AT_ONCE
from webapp.web.access import actor
from webapp.web.htmx import go, render
from webapp.web.paging import paginate

MOST_NAMED = 5  # refusals in one message
NOTHING_TICKED = 0  # in place of a claim that was refused


@dataclass(frozen=True)
class Inbox:
    """Whose list it is, and where its forms lead."""

    desk: Desk
    list_endpoint: str
    pass_endpoint: str
    return_endpoint: str
    photo_endpoint: str
    back_url: str
    heading: str
    template: str = "claims/inbox.html"
    per_page: int = 20

    def page(self, *, refused: tuple[int, str] | None = None) -> Response:
        """``refused``: the claim that could not be given back, and why; or that none was ticked."""
        yard_id = request.args.get("courtyard", type=int)
        page = paginate(queries.waiting(self.desk, yard_id=yard_id), per_page=self.per_page)
        return render(
            self.template,
            inbox=self,
            page=page,
            items=queries.with_facts(page.items, actor(), clock.today()),
            yard_id=yard_id,
            refused_id=refused[0] if refused else None,
            refused_why=refused[1] if refused else "",
            typed=request.form.get("reason", ""),
            status=422 if refused else 200,
        )

    def here(self, endpoint: str, **more: Any) -> str:
        """An address that keeps the chosen courtyard and page."""
        kept: dict[str, Any] = {name: request.args.get(name, type=int) for name in ("courtyard", "page")}
        return url_for(endpoint, **kept, **more)

    def passing(self) -> Response:
        """Pass the one whose button was pressed, or those that are ticked."""
        only = request.form.get("only", type=int)
        wanted = [only] if only else request.form.getlist("record", type=int)
        if not wanted:
            return self.page(refused=(NOTHING_TICKED, "还没有勾选。请先勾选要通过的申报，再点「通过勾选的」。"))
        names = queries.names_within(wanted[:MOST_AT_ONCE], self.desk.condition)
        outcome = records.pass_first(actor=actor(), record_ids=wanted, now=clock.now())
        flash(told(outcome, names), "success" if outcome.done else "warn")
        return go(self.here(self.list_endpoint))

    def returning(self, record_id: int) -> Response:
        """Give one back; a reason that does not do is asked for again, with the list as it stands."""
        names = queries.names_within([record_id], self.desk.condition)
        if record_id not in names:
            raise NotFound("没有找到这条申报，可能别人已经处理过了。请返回列表看看。")
        try:
            reason = request.form.get("reason", "")
            records.give_back(actor=actor(), record_id=record_id, reason=reason, now=clock.now())
        except Invalid as error:
            db.session.rollback()
            return self.page(refused=(record_id, error.message))
        flash(f"已退回 {names[record_id]}，申报人看得到原因。", "success")
        return go(self.here(self.list_endpoint))


def told(outcome: records.Outcome, names: dict[int, str]) -> str:
    """``通过 8 条，2 条没有通过：…``. Who may not see a claim is not told whose it is."""
    passed = f"通过 {outcome.done} 条" if outcome.done else "没有通过的"
    if not outcome.refused:
        return f"{passed}，接下来由社区认定。"
    shown = outcome.refused[:MOST_NAMED]
    why = "；".join(f"{names.get(record_id, '有一条')}：{words.rstrip('。')}" for record_id, words in shown)
    more = f"；还有 {len(outcome.refused) - MOST_NAMED} 条" if len(outcome.refused) > MOST_NAMED else ""
    return f"{passed}，{len(outcome.refused)} 条没有通过：{why}{more}。"
