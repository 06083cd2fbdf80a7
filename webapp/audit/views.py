"""The audit log at the desk."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Response, request

from webapp.audit import queries
from webapp.audit.models import AuditLine
from webapp.audit.words import SUBJECTS, words
from webapp.core.text import normalise
from webapp.web.access import actor, requires
from webapp.web.htmx import render
from webapp.web.menu import MenuEntry
from webapp.web.paging import paginate

bp = Blueprint("audit", __name__)
MENU = (MenuEntry("审计日志", "audit.lines", "scroll-text", "audit.view", 130),)


@dataclass(frozen=True)
class ShownLine:
    """A line in words."""

    at: datetime
    who: str
    where: str
    what: str
    detail: str


@bp.get("/desk/audit")
@requires("audit.view")
def lines() -> Response:
    first, last = _day("first"), _day("last")
    subject = request.args.get("subject", "")
    who = normalise(request.args.get("q", "")[:40])
    statement = queries.lines_statement(
        actor().scope("audit.view"),
        first=first,
        last=last,
        subject=subject if subject in SUBJECTS else "",
        who=who,
    )
    return render(
        "audit/lines.html",
        "audit/_lines.html",
        page=paginate(statement, as_row=_shown),
        first=first,
        last=last,
        subject=subject,
        who=who,
        subjects=SUBJECTS,
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _shown(line: AuditLine) -> ShownLine:
    detail = "，".join(f"{name}：{value}" for name, value in json.loads(line.detail).items() if value not in (None, ""))
    number = f" #{line.object_id}" if line.object_id else ""
    return ShownLine(line.at, line.actor_label, line.where, f"{words(line.action)}{number}", detail)
