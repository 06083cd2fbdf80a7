"""A scheme is one set of books for one kind of holder; its rules are versioned, a record keeps the version it was judged by."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of
from webapp.places.models import HOLDER_KINDS, Area
from webapp.users.models import POSTS

#: When a record's points reach the book.
POSTING = {"at_once": "记录后立即入账", "confirmed": "审核认定后入账", "publication": "月末公示后入账"}
#: Which of the holders of a kind take part.
AUDIENCES = {
    "all": "全部",
    "courtyard_head": "院长",
    "party_member": "党员",
    "volunteer": "志愿者",
    "staff": "社区工作者",
}
#: Who reviews a claim first, unless the scheme says otherwise (domain.md, section 3).
FIRST_REVIEWERS = "courtyard_head,grid_worker,grid_lead"
#: Posts that may be asked to: those with an inbox for it.
MAY_REVIEW = ("courtyard_head", "grid_worker", "grid_lead", "group_head", "secretary")
#: Names among a rule's recorders what nobody records by hand: the software does, from a result (a rank in the yard inspection).
BY_SYSTEM = "system"
#: Who may record by a rule.
RECORDERS = {**POSTS, BY_SYSTEM: "系统自动"}
#: How much of a deduction comes back when what was wrong is put right in time (整改返还), in percent.
RECTIFIED = {100: "全部返还", 50: "返还一半"}
MOST_RECTIFY_DAYS = 90
#: What a rule wants as proof.
PROOFS = {"none": "不需要", "note": "要说明", "photo": "要照片"}


class Scheme(Model):
    """积分办法. ``floor`` is the lowest available balance in tenths, NULL for none; ``base`` is given once to each
    new account. Inspections and claims may post at different times. ``rolls_up_to``: a courtyard's scheme that
    receives the same points (dual points). ``first_reviewers``: posts that review claims first, comma-separated.
    ``rules_stamp``: another number after every change of its categories, rules or versions; the database sees to it
    (migration 0017), 0 means that it has none yet."""

    __tablename__ = "scheme"
    __table_args__ = (
        UniqueConstraint("area_id", "code"),
        CheckConstraint(one_of("holder_kind", HOLDER_KINDS), name="holder_kind"),
        CheckConstraint(one_of("audience", AUDIENCES), name="audience"),
        CheckConstraint(one_of("inspections_post", POSTING), name="inspections_post"),
        CheckConstraint(one_of("claims_post", POSTING), name="claims_post"),
        CheckConstraint("month_end_day BETWEEN 1 AND 28", name="month_end_day"),
        CheckConstraint("objection_days BETWEEN 0 AND 60", name="objection_days"),
        CheckConstraint("reviews BETWEEN 0 AND 2", name="reviews"),
        CheckConstraint("lapse_month IS NULL OR lapse_month BETWEEN 1 AND 12", name="lapse_month"),
        CheckConstraint("lapse_day IS NULL OR lapse_day BETWEEN 1 AND 31", name="lapse_day"),
        CheckConstraint("(lapse_month IS NULL) = (lapse_day IS NULL)", name="lapse"),
        CheckConstraint("base >= 0", name="base"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    code: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(40))
    purpose: Mapped[str] = mapped_column(String(300), default="")
    holder_kind: Mapped[str] = mapped_column(String(12))
    audience: Mapped[str] = mapped_column(String(20), default="all")
    inspections_post: Mapped[str] = mapped_column(String(12))
    claims_post: Mapped[str] = mapped_column(String(12))
    spendable: Mapped[bool]
    floor: Mapped[int | None]
    base: Mapped[int] = mapped_column(default=0)
    lapse_month: Mapped[int | None]
    lapse_day: Mapped[int | None]
    month_end_day: Mapped[int] = mapped_column(default=25)
    objection_days: Mapped[int] = mapped_column(default=7)
    reviews: Mapped[int] = mapped_column(default=2)
    first_reviewers: Mapped[str] = mapped_column(
        String(120), default=FIRST_REVIEWERS, server_default=text(f"'{FIRST_REVIEWERS}'")
    )
    rolls_up_to_id: Mapped[int | None] = mapped_column(ForeignKey("scheme.id"))
    active: Mapped[bool] = mapped_column(default=True)
    rules_stamp: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))

    area: Mapped[Area] = relationship()
    rolls_up_to: Mapped[Scheme | None] = relationship(remote_side=[id])


class Category(Model):
    """一级指标."""

    __tablename__ = "category"
    __table_args__ = (UniqueConstraint("scheme_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    code: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(30))
    position: Mapped[int] = mapped_column(default=0)

    scheme: Mapped[Scheme] = relationship()


class Rule(Model):
    """二级指标/细则: what stays the same over its versions."""

    __tablename__ = "rule"
    __table_args__ = (UniqueConstraint("scheme_id", "code"), Index("ix_rule_category_id", "category_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    category_id: Mapped[int] = mapped_column(ForeignKey("category.id"))
    code: Mapped[str] = mapped_column(String(10))
    position: Mapped[int] = mapped_column(default=0)

    scheme: Mapped[Scheme] = relationship()
    category: Mapped[Category] = relationship()


class RuleVersion(Model):
    """The rule as it judges from ``valid_from``, until a newer version begins or, if the rule was ended, ``valid_to``.

    ``lowest`` and ``highest`` are tenths with their sign (equal: a fixed score). ``recorders`` are posts,
    comma-separated. Caps count times per holder; NULL is no cap. A veto stops all spending until it is lifted.
    ``rectify_days``: for so long a deduction is provisional, and an "after" photo gives ``rectify_percent`` of it back;
    NULL is final at once.
    """

    __tablename__ = "rule_version"
    __table_args__ = (
        UniqueConstraint("rule_id", "version"),
        CheckConstraint("lowest <= highest", name="range"),
        CheckConstraint("lowest >= 0 OR highest <= 0", name="sign"),
        CheckConstraint(one_of("proof", PROOFS), name="proof"),
        CheckConstraint("cap_day IS NULL OR cap_day > 0", name="cap_day"),
        CheckConstraint("cap_month IS NULL OR cap_month > 0", name="cap_month"),
        CheckConstraint("cap_year IS NULL OR cap_year > 0", name="cap_year"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="validity"),
        CheckConstraint("rectify_days IS NULL OR rectify_days BETWEEN 1 AND 90", name="rectify_days"),
        CheckConstraint("rectify_percent IN (50, 100)", name="rectify_percent"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("rule.id"))
    version: Mapped[int]
    title: Mapped[str] = mapped_column(String(60))
    detail: Mapped[str] = mapped_column(Text, default="")
    lowest: Mapped[int]
    highest: Mapped[int]
    recorders: Mapped[str] = mapped_column(String(200))
    proof: Mapped[str] = mapped_column(String(8), default="none")
    cap_day: Mapped[int | None]
    cap_month: Mapped[int | None]
    cap_year: Mapped[int | None]
    veto: Mapped[bool] = mapped_column(default=False)
    rectify_days: Mapped[int | None]
    rectify_percent: Mapped[int] = mapped_column(default=100, server_default=text("100"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    created_at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(80), default="")

    rule: Mapped[Rule] = relationship()
