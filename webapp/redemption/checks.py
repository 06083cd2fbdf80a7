"""What ``ledger verify`` compares of redemption: vouchers with held and spent points, the shelf with its stock book."""

from __future__ import annotations

from sqlalchemy import Connection, TextClause, text

from webapp.ledger.verify import Expected, WrongRowError, check_entries, check_holds, check_released

_VOUCHER = """
SELECT v.id, v.household_id AS holder_id, i.scheme_id, {amount} AS amount
FROM voucher v JOIN item i ON i.id = v.item_id WHERE v.state IN ({states})
"""
_WAITING = _VOUCHER.format(amount="v.points", states="'issued'")
_FETCHED = _VOUCHER.format(amount="-v.points", states="'handed_over'")
_GIVEN_BACK = _VOUCHER.format(amount="v.points", states="'cancelled', 'expired'")
_SHELF = text("""
SELECT i.id FROM item i WHERE i."left" <> (SELECT coalesce(sum(m.change), 0) FROM stock_movement m WHERE m.item_id = i.id)
ORDER BY i.id LIMIT 1
""")
_MOVES = text("""
SELECT v.id FROM voucher v WHERE (
    SELECT coalesce(sum(m.change), 0) FROM stock_movement m WHERE m.voucher_id = v.id
) <> CASE WHEN v.state IN ('issued', 'handed_over') THEN -v.quantity ELSE 0 END OR (
    SELECT coalesce(sum(m.change), 0) FROM stock_movement m WHERE m.voucher_id = v.id AND m.kind = 'redeemed'
) <> -v.quantity
ORDER BY v.id LIMIT 1
""")


def check_vouchers(connection: Connection) -> None:
    """:raises WrongRowError: at the first voucher without its points, hold without its voucher, or miscounted thing."""
    check_holds(connection, Expected("voucher", "voucher", _WAITING))
    check_entries(connection, Expected("voucher", "voucher", _FETCHED))
    check_released(connection, Expected("voucher", "voucher", _GIVEN_BACK))
    _none(connection, _MOVES, "voucher", "the stock book does not say what it took and gave back")
    _none(connection, _SHELF, "item", "what is left is not what the stock book adds up to")


def _none(connection: Connection, statement: TextClause, table: str, what: str) -> None:
    found = connection.execute(statement).scalar_one_or_none()
    if found is not None:
        raise WrongRowError(table, what, id=found)
