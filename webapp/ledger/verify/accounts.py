"""Each account: its chain of entries, its holds, and the figures that follow from them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import Connection

from webapp.ledger import chain
from webapp.ledger.replay import Figures, bucket_of
from webapp.ledger.verify.faults import WrongRowError
from webapp.ledger.verify.months import Months
from webapp.ledger.verify.rows import (
    ACCOUNTS,
    ENTRIES,
    HOLDS,
    ByAccount,
    Values,
    hashed_moment,
    month_of_hour,
    stream,
)

SEQ, AMOUNT, BALANCE_AFTER, KIND, CATEGORY, POSTED_AT, REVERSES, HASH, OLD_KIND, OLD_AMOUNT, OLD_POSTED_AT = (
    1, 2, 3, 4, 7, 13, 14, 15, 16, 17, 18,
)  # fmt: skip
_WIDTH = len(chain.ENTRY_FIELDS)


@dataclass(slots=True)
class Book:
    """What was counted on the way, and what the months must add up to."""

    accounts: int = 0
    entries: int = 0
    holds: int = 0
    months: Months = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))


@dataclass(slots=True)
class _Holds:
    """What an account's holds add up to, in tenths."""

    count: int = 0
    held: int = 0
    locks: int = 0
    spent: int = 0


def check_accounts(connection: Connection) -> Book:
    """:raises WrongRowError: at the first account, entry or hold that is not as it should be."""
    book = Book()
    entries = ByAccount("entry", stream(connection, ENTRIES))
    holds = ByAccount("hold", stream(connection, HOLDS))
    for account in stream(connection, ACCOUNTS):
        try:
            _check_account(account, entries, holds, book)
        except (TypeError, ValueError, KeyError) as error:  # a column holds something of another type
            raise WrongRowError("account", f"its rows can't be worked out: {error}", id=account[0]) from error
    entries.end()
    holds.end()
    return book


def _check_account(account: Values, entries: ByAccount, holds: ByAccount, book: Book) -> None:
    ident, holder, scheme, community, opened_at, *_ = account
    figures, used = Figures(), 0
    head = chain.genesis(ident, holder, scheme, community, hashed_moment(opened_at))
    for row in entries.of(ident):
        moment = hashed_moment(row[POSTED_AT])
        head = _check_entry(row, moment, head, figures)
        amount, bucket, month = row[AMOUNT], _bucket(row), month_of_hour(moment[:13])
        of = row[OLD_KIND] if row[KIND] == "reversal" else row[KIND]
        figures.add(amount, bucket, month, of, older=_takes_back_older(row, month))
        _add_to_month(book.months[community, month, scheme, row[CATEGORY]], bucket, amount)
        used += -amount if row[KIND] == "spend" else 0
    found = _check_holds(ident, holds)
    _compare(account, figures, found, head)
    if found.spent != used:
        what = f"holds for {found.spent} tenths were spent, but its entries spend {used}"
        raise WrongRowError("account", what, id=ident)
    book.accounts += 1
    book.entries += figures.entries
    book.holds += found.count


def _check_entry(row: Values, moment: object, head: str, figures: Figures) -> str:
    """Number, chain, balance and what it reverses. Returns its hash."""
    expected = figures.entries + 1
    if row[SEQ] != expected:
        raise _wrong(row, f"entry {expected} is missing before it")
    fields = list(row[:_WIDTH])
    fields[POSTED_AT] = moment
    if _hash(head, fields) != row[HASH]:
        raise _wrong(row, _BROKEN_START if expected == 1 else _BROKEN)
    if row[BALANCE_AFTER] != figures.balance + row[AMOUNT]:
        right = figures.balance + row[AMOUNT]
        raise _wrong(row, f"balance_after is {row[BALANCE_AFTER]}, but the entries up to here add up to {right}")
    if row[KIND] == "reversal" or row[REVERSES] is not None:
        _check_reversal(row)
    return str(row[HASH])


def _wrong(row: Values, what: str) -> WrongRowError:
    return WrongRowError("entry", what, account_id=row[0], seq=row[SEQ])


_BROKEN = "its hash does not follow from the entry before and its own columns: one of them was changed"
_BROKEN_START = (
    "its hash does not follow from its own columns and its account's holder, scheme, community and opening:"
    " one of them was changed"
)


def _hash(head: str, fields: list[object]) -> str | None:
    """None if a column holds what can't be hashed (bytes, for one)."""
    try:
        return chain.entry_hash(head, fields)
    except (TypeError, ValueError):
        return None


def _check_reversal(row: Values) -> None:
    if row[KIND] != "reversal" or row[OLD_KIND] is None or not 0 < row[REVERSES] < row[SEQ]:
        raise _wrong(row, f"it reverses entry {row[REVERSES]}, which is not an earlier one")
    if row[OLD_KIND] == "reversal" or row[OLD_AMOUNT] != -row[AMOUNT]:
        raise _wrong(row, f"it does not take back exactly what entry {row[REVERSES]} posted")


def _bucket(row: Values) -> str:
    if row[KIND] == "reversal":
        return bucket_of(row[OLD_KIND], row[OLD_AMOUNT])
    return bucket_of(row[KIND], row[AMOUNT])


def _takes_back_older(row: Values, month: int) -> bool:
    if row[KIND] != "reversal":
        return False
    return month_of_hour(hashed_moment(row[OLD_POSTED_AT])[:13]) // 100 < month // 100


def _add_to_month(total: list[int], bucket: str, amount: int) -> None:
    total[("earned", "deducted", "spent").index(bucket)] += amount if bucket == "earned" else -amount
    total[3] += 1


def _check_holds(account_id: int, rows: ByAccount) -> _Holds:
    found = _Holds()
    for row in rows.of(account_id):
        _check_hold(row)
        _, _, kind, amount, _, _, _, _, state, *_ = row
        found.count += 1
        found.locks += state == "active" and kind == "lock"
        found.held += amount if state == "active" else 0
        found.spent += amount if state == "spent" else 0
    return found


def _check_hold(row: Values) -> None:
    account_id, ident, kind, amount, cause_kind, cause_id, reason, created_at, state, ended_at, kept, end = row
    fields = (ident, account_id, kind, amount, cause_kind, cause_id, reason, hashed_moment(created_at))
    try:
        right = chain.hold_hash(fields) == kept
        ended = chain.end_hash(kept, state, hashed_moment(ended_at)) if state != "active" else None
    except (TypeError, ValueError):
        right = False
    if not right:
        raise WrongRowError("hold", "its hash does not follow from its columns: one of them was changed", id=ident)
    if end != ended or (state == "active") != (ended_at is None):
        raise WrongRowError("hold", f"how it ended (state {state}) was changed", id=ident)


def _compare(account: Values, figures: Figures, found: _Holds, head: str) -> None:
    """What the account keeps against what its rows say."""
    ident, _, _, _, _, balance, held, locks, holds, year, earned, deducted, spent, taken_back, *rest = account
    month, merit, net, rolled, entries, kept = rest
    for name, is_kept, should_be in (
        ("entries", entries, figures.entries),
        ("head", kept, head),
        ("balance", balance, figures.balance),
        ("year", year, figures.year),
        ("earned", earned, figures.earned),
        ("deducted", deducted, figures.deducted),
        ("spent", spent, figures.spent),
        ("taken_back", taken_back, figures.taken_back),
        ("month", month, figures.month),
        ("merit", merit, figures.merit),
        ("net", net, figures.net),
        ("rolled", rolled, figures.rolled),
        ("holds", holds, found.count),
        ("held", held, found.held),
        ("locks", locks, found.locks),
    ):
        if is_kept != should_be:
            what = f"{name} is {is_kept}, but its entries and holds make it {should_be}"
            raise WrongRowError("account", what, id=ident)
