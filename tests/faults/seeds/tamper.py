"""Verifications that do not look at everything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from unittest.mock import patch

from webapp.ledger import chain
from webapp.ledger.verify.rows import ACCOUNTS, ByAccount, stream

_entry_hash = chain.entry_hash
_LABEL = chain.ENTRY_FIELDS.index("actor_label")


def _without_label(before: str, fields: list[Any]) -> str:
    return _entry_hash(before, [*fields[:_LABEL], "", *fields[_LABEL + 1 :]])


def _five_accounts(connection: Any, sql: str) -> Any:
    rows = stream(connection, sql)
    return islice(rows, 5) if sql == ACCOUNTS else rows


@contextmanager
def column_left_out() -> Iterator[None]:
    """Who recorded a line is not part of its hash, neither when it is written nor when it is checked."""
    with patch.object(chain, "entry_hash", _without_label):
        yield


@contextmanager
def first_accounts_only() -> Iterator[None]:
    """Verification ends after some accounts."""
    with (
        patch("webapp.ledger.verify.accounts.stream", _five_accounts),
        patch.object(ByAccount, "end", lambda self: None),
        patch("webapp.ledger.verify.check_months", lambda connection, months: 0),
    ):
        yield


SEEDS = {"column-left-out": column_left_out, "first-accounts-only": first_accounts_only}
