"""The area tree, and the holders of points in it.

A holder is a household, a courtyard, a shop or a person. They share one table, so that an account, a record and
a plate can point at any of them with a real foreign key; what only one kind has stands in that kind's own table.
A person is anybody with a name here: resident, courtyard head, grid worker, inspector, shopkeeper.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.text import normalise
from webapp.extensions import Model, one_of

AREA_KINDS = {
    "county": "区县",
    "street": "街道/乡镇",
    "community": "社区/村",
    "grid": "网格",
    "micro_grid": "片区/微网格",
}
COLOURS = {"red": "红色", "yellow": "黄色", "blue": "蓝色", "green": "绿色", "purple": "紫色"}
HOLDER_KINDS = {"household": "住户", "courtyard": "院落", "shop": "商铺", "person": "个人"}
TENURES = {"owner": "房主", "renter": "租户", "away": "外出"}

#: Compared byte by byte in every database, so that a subtree is one range of the index.
PATH = String(120).with_variant(String(120, collation="C"), "postgresql")


def area_rank(kind: str) -> int:
    """0 for a county, 4 for a micro-grid: an area lies below one of a lower rank."""
    return list(AREA_KINDS).index(kind)


def number_of(typed: str | None) -> str:
    """A holder's or an area's number in its one form: ``ｙ 01２`` -> ``Y012``."""
    return normalise(typed or "").upper().replace(" ", "")


class Area(Model):
    """A node of the tree. ``path`` is ``/1/4/9/``: the ids from the root to the area itself, for subtree look-ups.

    Only grids have a colour of their own; what lies below a grid is shown in the grid's.
    """

    __tablename__ = "area"
    __table_args__ = (
        CheckConstraint(one_of("kind", AREA_KINDS), name="kind"),
        CheckConstraint(one_of("colour", COLOURS), name="colour"),
        CheckConstraint("colour IS NULL OR kind = 'grid'", name="colour_of_grid"),
        UniqueConstraint("parent_id", "name"),
        Index("ix_area_path", "path"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    number: Mapped[str] = mapped_column(String(20), default="")
    colour: Mapped[str | None] = mapped_column(String(10))
    phone: Mapped[str] = mapped_column(String(30), default="")
    path: Mapped[str] = mapped_column(PATH)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    parent: Mapped[Area | None] = relationship(remote_side="Area.id")


class Holder(Model):
    """Whoever can hold points. ``number`` is unique among its kind in its community; ``initials`` are pinyin, ``|lxm|``."""

    __tablename__ = "holder"
    __table_args__: tuple[Any, ...] = (
        CheckConstraint(one_of("kind", HOLDER_KINDS), name="kind"),
        UniqueConstraint("community_id", "kind", "number", name="uq_holder_number"),
        Index("ix_holder_area_id", "area_id", "kind"),
        Index("ix_holder_kind_name", "kind", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    number: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(60))
    initials: Mapped[str] = mapped_column(String(400), default="")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    area: Mapped[Area] = relationship(foreign_keys=[area_id])
    community: Mapped[Area] = relationship(foreign_keys=[community_id])

    __mapper_args__ = {"polymorphic_on": "kind"}


class Courtyard(Holder):
    """院落/楼院. Its head (院长) is an appointment in ``users``. ``position`` is the order along the lane."""

    __tablename__ = "courtyard"
    __mapper_args__ = {"polymorphic_identity": "courtyard"}

    id: Mapped[int] = mapped_column(ForeignKey("holder.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(120), default="")
    lane: Mapped[str] = mapped_column(String(60), default="")
    position: Mapped[int] = mapped_column(default=0)


class Household(Holder):
    """户. ``name`` is the householder's; where it lives now is also its open ``HouseholdStay``."""

    __tablename__ = "household"
    __mapper_args__ = {"polymorphic_identity": "household"}
    __table_args__ = (
        CheckConstraint(one_of("tenure", TENURES), name="tenure"),
        Index("ix_household_courtyard_id", "courtyard_id"),
    )

    id: Mapped[int] = mapped_column(ForeignKey("holder.id"), primary_key=True)
    courtyard_id: Mapped[int | None] = mapped_column(ForeignKey("courtyard.id"))
    tenure: Mapped[str] = mapped_column(String(10), default="owner")
    phone: Mapped[str] = mapped_column(String(20), default="")

    courtyard: Mapped[Courtyard | None] = relationship(foreign_keys=[courtyard_id])


class Person(Holder):
    """A resident or somebody who serves here. The identity number is never kept: its last four characters, and a
    keyed digest to recognise the same person in the next import."""

    __tablename__ = "person"
    __mapper_args__ = {"polymorphic_identity": "person"}
    __table_args__ = (
        Index("ix_person_household_id", "household_id"),
        Index("ix_person_identity_digest", "identity_digest"),
    )

    id: Mapped[int] = mapped_column(ForeignKey("holder.id"), primary_key=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"))
    phone: Mapped[str] = mapped_column(String(20), default="")
    identity_tail: Mapped[str] = mapped_column(String(4), default="")
    identity_digest: Mapped[str | None] = mapped_column(String(64))
    party_member: Mapped[bool] = mapped_column(default=False)
    volunteer: Mapped[bool] = mapped_column(default=False)
    staff: Mapped[bool] = mapped_column(default=False)

    household: Mapped[Household | None] = relationship(foreign_keys=[household_id])


class Shop(Holder):
    """商铺/门店. ``owner_id`` is the keeper as a person known here, for recusal."""

    __tablename__ = "shop"
    __mapper_args__ = {"polymorphic_identity": "shop"}

    id: Mapped[int] = mapped_column(ForeignKey("holder.id"), primary_key=True)
    address: Mapped[str] = mapped_column(String(120), default="")
    trade: Mapped[str] = mapped_column(String(40), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    keeper: Mapped[str] = mapped_column(String(40), default="")
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    position: Mapped[int] = mapped_column(default=0)


class HouseholdStay(Model):
    """Where a household lived, from and to (open: lives there now). Its book stays with the household."""

    __tablename__ = "household_stay"
    __table_args__ = (
        CheckConstraint(one_of("tenure", TENURES), name="tenure"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="order"),
        Index("ix_household_stay_household_id", "household_id"),
        Index("ix_household_stay_courtyard_id", "courtyard_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"))
    courtyard_id: Mapped[int | None] = mapped_column(ForeignKey("courtyard.id"))
    tenure: Mapped[str] = mapped_column(String(10))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class ResidentStay(Model):
    """Which household a person belonged to, from and to."""

    __tablename__ = "resident_stay"
    __table_args__ = (
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="order"),
        Index("ix_resident_stay_person_id", "person_id"),
        Index("ix_resident_stay_household_id", "household_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"))
    relation: Mapped[str] = mapped_column(String(20), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]


class Kinship(Model):
    """A declared relative: the person reviews and scores nothing of this household (回避)."""

    __tablename__ = "kinship"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"), primary_key=True)
    relation: Mapped[str] = mapped_column(String(20), default="")
    declared_at: Mapped[datetime]


class Station(Model):
    """网格服务站/驿站: where kiosks stand and goods are handed over."""

    __tablename__ = "station"
    __table_args__ = (UniqueConstraint("area_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    name: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    hours: Mapped[str] = mapped_column(String(60), default="")
    active: Mapped[bool] = mapped_column(default=True)

    area: Mapped[Area] = relationship()


class ImportRun(Model):
    """One confirmed import into an area. The same file (``sha256``) for the same register changes nothing again."""

    __tablename__ = "import_run"
    __table_args__ = (
        UniqueConstraint("register", "area_id", "sha256"),
        CheckConstraint("rows >= 0 AND added >= 0 AND changed >= 0", name="counts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    register: Mapped[str] = mapped_column(String(20))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    user_id: Mapped[int | None]
    created_at: Mapped[datetime]
