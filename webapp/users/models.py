"""Logins, appointments, PINs and devices. Secrets are kept only as slow hashes or fingerprints of random tokens."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of
from webapp.places.models import Area, Courtyard, Household, Person, Station

POSTS = {
    "administrator": "系统管理员",
    "county_officer": "县区主管",
    "secretary": "书记",
    "group_head": "党小组长",
    "grid_lead": "网格长",
    "grid_worker": "网格员",
    "lane_head": "街巷长",
    "courtyard_head": "院长",
    "unit_head": "单元长",
    "police_officer": "警长",
    "inspector": "巡查员",
    "clerk": "办事员",
    "volunteer": "志愿者",
}


class User(Model):
    """A staff login of a person. ``must_change`` after a one-time password has been handed out."""

    __tablename__ = "user_account"
    __table_args__ = (UniqueConstraint("login"), UniqueConstraint("person_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    login: Mapped[str] = mapped_column(String(40))
    password_hash: Mapped[str] = mapped_column(String(255))
    must_change: Mapped[bool] = mapped_column(default=True)
    password_expires_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship()


class Appointment(Model):
    """岗位任职: a person holds a post in an area, or over one courtyard, for a term. Ends by a date, never by removal.

    ``phone`` is what residents may call and is shown in public; the person's own phone in the register is not.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        CheckConstraint(one_of("post", POSTS), name="post"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="order"),
        Index("ix_appointment_person_id", "person_id"),
        Index("ix_appointment_area_id", "area_id", "post"),
        Index("ix_appointment_courtyard_id", "courtyard_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    post: Mapped[str] = mapped_column(String(20))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    courtyard_id: Mapped[int | None] = mapped_column(ForeignKey("courtyard.id"))
    phone: Mapped[str] = mapped_column(String(20), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]

    person: Mapped[Person] = relationship()
    area: Mapped[Area] = relationship()
    courtyard: Mapped[Courtyard | None] = relationship()


class SignIn(Model):
    """One signed-in browser. Ended on the server by sign-out, by disabling the user, or by its absolute limit."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_user_id", "user_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_print: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    where: Mapped[str] = mapped_column(String(80))

    user: Mapped[User] = relationship()


class ResidentSignIn(Model):
    """A household that signed in on a phone with number and PIN. Ended on the server by sign-out, by a new PIN, or by its
    absolute limit; a household that is closed opens nothing any more."""

    __tablename__ = "resident_sign_in"
    __table_args__ = (Index("ix_resident_sign_in_household_id", "household_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    token_print: Mapped[str] = mapped_column(String(64), unique=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"))
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    where: Mapped[str] = mapped_column(String(80))

    household: Mapped[Household] = relationship()


class HouseholdPin(Model):
    """A household's PIN: six digits, slowly hashed. Handed out once on paper; set anew by a clerk, never shown again."""

    __tablename__ = "household_pin"

    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"), primary_key=True)
    pin_hash: Mapped[str] = mapped_column(String(255))
    set_at: Mapped[datetime]

    household: Mapped[Household] = relationship()


class Device(Model):
    """A kiosk that was paired with a station. ``paper`` is the slip's: 80 mm, 58 mm or A4."""

    __tablename__ = "device"
    __table_args__ = (
        CheckConstraint("paper IN ('80', '58', 'a4')", name="paper"),
        Index("ix_device_station_id", "station_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"))
    name: Mapped[str] = mapped_column(String(60))
    token_print: Mapped[str | None] = mapped_column(String(64), unique=True)
    paper: Mapped[str] = mapped_column(String(4), default="80", server_default=text("'80'"))
    printer: Mapped[str] = mapped_column(String(80), default="")
    pairing_print: Mapped[str | None] = mapped_column(String(64), unique=True)
    pairing_expires_at: Mapped[datetime | None]
    paired_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    station: Mapped[Station] = relationship()


class FailedTry(Model):
    """A wrong guess, counted by what it was about: an account, a device and a network address."""

    __tablename__ = "failed_try"
    __table_args__ = (Index("ix_failed_try_subject", "subject", "at"), Index("ix_failed_try_at", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
