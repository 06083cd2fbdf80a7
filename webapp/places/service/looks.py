"""Looks at personal data: each leaves a line with its reason."""

from __future__ import annotations

from datetime import datetime

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Invalid
from webapp.core.text import normalise_prose
from webapp.places.models import Holder
from webapp.places.service.checks import must_edit

MIN_REASON = 4  # characters: "查看" is no reason


def reason_of(typed: str) -> str:
    """:raises Invalid: if it is too short to be one."""
    reason = normalise_prose(typed)
    if not MIN_REASON <= len(reason) <= 200:
        raise Invalid(f"请写明原因，{MIN_REASON} 到 200 个字，例如：电话核实入住情况。", field="reason")
    return reason


def note_look(*, actor: Actor, now: datetime, holder: Holder, reason: str) -> str:
    """Write down that somebody looks at full names and phones of one holder. Returns the reason as kept.

    :raises Invalid: without a reason. :raises NotAllowed: outside the actor's areas.
    """
    must_edit(actor, holder.area, permission="people.unmask")
    kept = reason_of(reason)
    log(
        actor,
        "person:unmasked" if holder.kind == "person" else f"{holder.kind}:unmasked",
        now=now,
        object_kind=holder.kind,
        object_id=holder.id,
        area_path=holder.area.path,
        number=holder.number,
        reason=kept,
    )
    return kept


def note_export(
    *, actor: Actor, now: datetime, register: str, area_path: str, rows: int, filtered: str, full: bool, reason: str
) -> str:
    """Write down that a list leaves the software: which, how many rows, masked or ``full``. Returns the reason.

    :raises Invalid: without a reason.
    """
    kept = reason_of(reason)
    log(
        actor,
        "register:exported",
        now=now,
        object_kind="register",
        area_path=area_path,
        register=register,
        rows=rows,
        filtered=filtered,
        full=full,
        reason=kept,
    )
    return kept
