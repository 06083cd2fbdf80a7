"""A household on its phone: the accounts it has."""

from __future__ import annotations

from typing import cast

from flask import g

from webapp.core import clock
from webapp.ledger import queries
from webapp.ledger.book import AccountState
from webapp.users.residents_gate import resident
from webapp.web.home import HomeNotice


def own_accounts() -> list[AccountState]:
    """Those of the household that is signed in, read once a request: the balance and the warnings both need them."""
    if "own_accounts" not in g:
        g.own_accounts = queries.accounts_of(resident().household_id)
    return cast("list[AccountState]", g.own_accounts)


def lapse_notices() -> list[HomeNotice]:
    """What the household loses soon."""
    found = (queries.warning_of(account, clock.today()) for account in own_accounts())
    return [HomeNotice(one.words + "。", one.left, urgent=one.urgent) for one in found if one is not None]
