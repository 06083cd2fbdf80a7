"""Tables of the book. All amounts are whole tenths of points. Triggers in the migration keep it append-only."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model, one_of, partial_index

#: What moved the points. ``record`` earns or deducts; ``spend`` and ``lapse`` use points up.
ENTRY_KINDS = ("base", "record", "roll_up", "spend", "lapse", "reversal")
HOLD_KINDS = ("redemption", "lock", "objection")
HOLD_STATES = ("active", "spent", "released")


class Account(Model):
    """A holder in a scheme. ``available`` is ``balance - held``; nothing here is ever recomputed for a page.

    ``earned``, ``deducted`` and ``spent`` are sizes within ``year``, and so is ``taken_back``: what reversals took back
    of points earned in earlier years. ``merit`` is earned less deducted within ``month`` (202611). ``net`` is earned less
    deducted since the account was opened, base points left out, and ``rolled`` the part of it that rolled up from
    households. ``head`` is the hash of the last of ``entries`` entries. ``locks`` counts what stops spending now,
    ``holds`` every hold and lock there ever was.
    """

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("holder_id", "scheme_id"),
        Index("ix_account_ranking", "scheme_id", "community_id"),
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("locks >= 0", name="locks"),
        CheckConstraint("holds >= 0", name="holds"),
        CheckConstraint("entries >= 0", name="entries"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    holder_id: Mapped[int] = mapped_column(ForeignKey("holder.id"))
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    balance: Mapped[int] = mapped_column(BigInteger, default=0)
    held: Mapped[int] = mapped_column(BigInteger, default=0)
    locks: Mapped[int] = mapped_column(default=0)
    holds: Mapped[int] = mapped_column(default=0)
    year: Mapped[int] = mapped_column(default=0)
    earned: Mapped[int] = mapped_column(BigInteger, default=0)
    deducted: Mapped[int] = mapped_column(BigInteger, default=0)
    spent: Mapped[int] = mapped_column(BigInteger, default=0)
    taken_back: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    month: Mapped[int] = mapped_column(default=0)
    merit: Mapped[int] = mapped_column(BigInteger, default=0)
    net: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    rolled: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    entries: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime]


class Entry(Model):
    """流水: one line of one account, clustered by account so that the latest lines lie together on disk.

    ``hash`` is over the hash before it and every other column (``ledger/chain.py``). The same cause can post to the
    same account only once, and an entry can be reversed only once.
    """

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("cause_kind", "cause_id", "account_id", name="uq_entry_cause"),
        partial_index(
            "uq_entry_reverses",
            "account_id",
            "reverses",
            where="reverses IS NOT NULL",
            unique=True,
        ),
        CheckConstraint(one_of("kind", ENTRY_KINDS), name="kind"),
        CheckConstraint("seq > 0", name="seq"),
        CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name="reverses"),
        {"sqlite_with_rowid": False},
    )

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount: Mapped[int] = mapped_column(BigInteger)
    balance_after: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(10))
    cause_kind: Mapped[str] = mapped_column(String(20))
    cause_id: Mapped[int]
    category_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(String(300))
    actor_id: Mapped[int]
    actor_label: Mapped[str] = mapped_column(String(80))
    happened_on: Mapped[date]
    posted_at: Mapped[datetime]
    reverses: Mapped[int | None]
    hash: Mapped[str] = mapped_column(String(64))


class Hold(Model):
    """Points set aside (for a voucher, or because a line is objected to) or an account stopped from spending (a lock: veto).

    Only its state may change, from active to spent or released, and only once. ``hash`` is over what was set aside,
    ``end_hash`` over how and when it ended.
    """

    __tablename__ = "hold"
    __table_args__ = (
        UniqueConstraint("cause_kind", "cause_id", name="uq_hold_cause"),
        Index("ix_hold_account_id", "account_id", "state"),
        CheckConstraint(one_of("kind", HOLD_KINDS), name="kind"),
        CheckConstraint(one_of("state", HOLD_STATES), name="state"),
        CheckConstraint("(kind = 'lock' AND amount = 0) OR amount > 0", name="amount"),
        CheckConstraint("(state = 'active') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(ended_at IS NULL) = (end_hash IS NULL)", name="end_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(12))
    amount: Mapped[int] = mapped_column(BigInteger)
    cause_kind: Mapped[str] = mapped_column(String(20))
    cause_id: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10), default="active")
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    hash: Mapped[str] = mapped_column(String(64))
    end_hash: Mapped[str | None] = mapped_column(String(64))


class MonthTotal(Model):
    """What a community's month adds up to, by scheme and category (0: none), kept in the posting transaction."""

    __tablename__ = "month_total"
    __table_args__ = ({"sqlite_with_rowid": False},)

    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True, autoincrement=False)
    month: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"), primary_key=True, autoincrement=False)
    category_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    earned: Mapped[int] = mapped_column(BigInteger)
    deducted: Mapped[int] = mapped_column(BigInteger)
    spent: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[int]


class Lapse(Model):
    """到期清零 of one scheme in one year: what earlier years earned and nobody used lapses after the end of ``due_on``.

    ``planned_on`` is the scheme's day, ``due_on`` that day or later: never less than the notice after ``announced_at``.
    ``seen_at`` and ``not_before`` guard against a clock that jumps (``service/lapsing.py``); ``upto`` is the last account
    that was looked at, so that the work goes on where it stopped. ``accounts`` and ``points`` are what lapsed so far.
    """

    __tablename__ = "lapse"
    __table_args__ = (
        CheckConstraint("due_on >= planned_on", name="due_on"),
        CheckConstraint("points >= 0", name="points"),
        CheckConstraint("done_at IS NULL OR begun_at IS NOT NULL", name="done"),
        {"sqlite_with_rowid": False},
    )

    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"), primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    planned_on: Mapped[date]
    due_on: Mapped[date]
    announced_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    not_before: Mapped[datetime]
    upto: Mapped[int] = mapped_column(default=0)
    accounts: Mapped[int] = mapped_column(default=0)
    points: Mapped[int] = mapped_column(BigInteger, default=0)
    begun_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
