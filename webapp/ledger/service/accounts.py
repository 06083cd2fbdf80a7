"""Opening accounts."""

from __future__ import annotations

from datetime import datetime

from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import Conflict, NotFound
from webapp.core.points import Points
from webapp.extensions import db, insert_into
from webapp.ledger import chain
from webapp.ledger.book import AccountState, Cause
from webapp.ledger.models import Account
from webapp.ledger.queries import find_account
from webapp.ledger.service.writing import Posting, set_head, write
from webapp.places.models import Holder
from webapp.schemes.models import Scheme


def open_account(*, holder_id: int, scheme_id: int, now: datetime) -> AccountState:
    """The holder's account in the scheme; opened, with the scheme's base points, if there is none yet.

    :raises NotFound: if there is no such holder or scheme.
    :raises Conflict: if the scheme is not for this kind of holder.
    """
    found = find_account(holder_id, scheme_id)
    if found is not None:
        return found
    holder, scheme = db.session.get(Holder, holder_id), db.session.get(Scheme, scheme_id)
    if holder is None or scheme is None:
        raise NotFound("没有找到这个账户，请核对编号。")
    if holder.kind != scheme.holder_kind:
        raise Conflict(f"「{scheme.name}」不是给这类对象用的。")
    account_id = _insert(holder, scheme, now)
    if account_id is not None and scheme.base:
        write(account_id, _base(account_id, scheme, now), SYSTEM, now)
    return account_state_of(holder_id, scheme_id)


def account_state_of(holder_id: int, scheme_id: int) -> AccountState:
    """:raises NotFound: if the holder has no account in the scheme."""
    found = find_account(holder_id, scheme_id)
    if found is None:
        raise NotFound("还没有积分账户，记下第一笔积分后就会有。")
    return found


def _insert(holder: Holder, scheme: Scheme, now: datetime) -> int | None:
    """The new account's id; None if somebody else opened it at the same moment."""
    values = {
        "holder_id": holder.id,
        "scheme_id": scheme.id,
        "community_id": holder.community_id,
        "head": "",
        "opened_at": now,
    }
    statement = insert_into(Account).values(values).on_conflict_do_nothing().returning(Account.id)
    account_id: int | None = db.session.execute(statement).scalar_one_or_none()
    if account_id is not None:
        opened = chain.moment_text(now)
        set_head(account_id, chain.genesis(account_id, holder.id, scheme.id, holder.community_id, opened))
    return account_id


def _base(account_id: int, scheme: Scheme, now: datetime) -> Posting:
    return Posting(
        amount=Points(scheme.base),
        kind="base",
        cause=Cause("base", account_id),
        title="基础分",
        happened_on=clock.local_date(now),
    )
