"""What rankings are made of: figures that stand in each account."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.ledger.book import AccountState
from webapp.ledger.lapsing import LapseWarning
from webapp.ledger.models import Account, Lapse
from webapp.ledger.queries.book import STATE_COLUMNS, as_state
from webapp.ledger.queries.lapsing import COMING, DUE_COLUMNS, Due, warned
from webapp.places.models import Holder, Household
from webapp.prepared import Prepared
from webapp.schemes.models import Scheme

_a = Account.__table__.c
_home, _holder = Household.__table__.c, Holder.__table__.c


class Net(NamedTuple):
    """What a holder has earned less what was deducted since its account was opened, in tenths, base points left out;
    ``rolled`` is the part that rolled up from households."""

    holder_id: int
    net: int
    rolled: int


_NETS = Prepared(
    select(_a.holder_id, _a.net, _a.rolled).where(
        _a.scheme_id == bindparam("scheme"), _a.community_id == bindparam("community")
    )
)
_SCHEMES = Prepared(
    select(_a.scheme_id).where(_a.community_id == bindparam("community")).distinct().order_by(_a.scheme_id)
)


def nets(community_id: int, scheme_id: int) -> list[Net]:
    """All holders of a community with an account in a scheme. What is spent does not count."""
    return [Net._make(row) for row in _NETS.all(community=community_id, scheme=scheme_id)]


def schemes_with_accounts(community_id: int) -> list[int]:
    """The schemes in which somebody of a community has an account."""
    return [scheme_id for (scheme_id,) in _SCHEMES.all(community=community_id)]


def place_of(account: AccountState, *, year: int) -> int | None:
    """The account's place by the year's points among its scheme's accounts in its community; None without points."""
    if account.year != year:
        return None
    ahead = (
        select(func.count())
        .select_from(Account)
        .join(Holder, Holder.id == Account.holder_id)
        .where(
            Account.scheme_id == account.scheme_id,
            Account.community_id == account.community_id,
            Account.year == year,
            Holder.active,
            Account.earned - Account.deducted > (account.earned - account.deducted).tenths,
        )
    )
    return int(db.session.scalar(ahead) or 0) + 1


_other = Account.__table__.alias()
_AHEAD_IN_COURTYARD = (
    select(func.count())
    .select_from(Household.__table__)
    .join(Holder.__table__, (_holder.id == _home.id) & _holder.active)
    .join(_other, (_other.c.holder_id == _home.id) & (_other.c.scheme_id == _a.scheme_id))
    .where(
        _home.courtyard_id == bindparam("courtyard"),
        _other.c.year == bindparam("year"),
        _other.c.earned - _other.c.deducted > _a.earned - _a.deducted,
    )
    .correlate(Account.__table__)
    .scalar_subquery()
)
_WITH_PLACE = Prepared(
    select(*STATE_COLUMNS, _AHEAD_IN_COURTYARD, *DUE_COLUMNS)
    .outerjoin(Lapse.__table__, COMING & (Lapse.__table__.c.scheme_id == _a.scheme_id))
    .outerjoin(Scheme.__table__, Scheme.__table__.c.id == Lapse.__table__.c.scheme_id)
    .where(_a.id == bindparam("account"))
)


class InCourtyard(NamedTuple):
    """An account, its place by the year's points among the households of its courtyard, and what lapses soon."""

    account: AccountState
    place: int | None
    lapse: LapseWarning | None


def account_in_courtyard(account_id: int, courtyard_id: int | None, *, today: date) -> InCourtyard:
    """A household's account as its first page shows it, in one query.

    The place is None without a courtyard, or without points this year.

    :raises NotFound: if there is no such account.
    """
    row = _WITH_PLACE.first(account=account_id, courtyard=courtyard_id, year=today.year)
    if row is None:
        raise NotFound("没有找到这个积分账户。")
    account, (ahead, *due) = as_state(row[: len(STATE_COLUMNS)]), row[len(STATE_COLUMNS) :]
    ranked = courtyard_id is not None and account.year == today.year
    return InCourtyard(account, ahead + 1 if ranked else None, warned(account, Due._make(due), today))
