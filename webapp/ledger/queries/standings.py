"""What rankings are made of: figures that stand in each account."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select

from webapp.ledger.models import Account
from webapp.prepared import Prepared

_a = Account.__table__.c


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
