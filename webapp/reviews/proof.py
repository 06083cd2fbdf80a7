"""What ``ledger verify`` compares of publications, and ``/verify`` of one: the chain of the lines, the seal over it, the
rankings beside it, the seal before it, and each line with its record and its entry in the book.

Nothing of what is checked is taken for right: everything is worked out anew from the rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask import current_app, has_app_context
from sqlalchemy import Connection, Row, text

from webapp.ledger.verify import Expected, WrongRowError, first_without_hash
from webapp.rankings.queries import Frozen, digest_of
from webapp.reviews import sealing

_PUBLISHED = "SELECT id FROM community_month WHERE lines > 0 OR published_at IS NOT NULL ORDER BY id"
_MONTH = """
SELECT id, community_id, month, state, lines, last_hash, content, signature, public_key, {published_at} AS published_at
FROM community_month WHERE id = :month
"""
_MOMENT = {"sqlite": "substr(published_at, 1, 19)"}
_MOMENT_ELSE = r"to_char(published_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24\:MI\:SS')"
_LINES = """
SELECT number, CAST(happened_on AS VARCHAR(10)) AS happened_on, place, name, scheme, category, rule, title, points,
       recorder, entry, hash
FROM publication_line WHERE month_id = :month ORDER BY number
"""
#: A line says what its record says; a record that was taken back since then (an upheld objection) stays published.
_OTHER_RECORD = """
SELECT l.number FROM publication_line l LEFT JOIN record r ON r.id = l.record_id
LEFT JOIN holder h ON h.id = r.holder_id WHERE l.month_id = :month AND (
    r.id IS NULL OR r.state NOT IN ('posted', 'reversed') OR r.points <> l.points OR r.happened_on <> l.happened_on
    OR r.recorder_label <> l.recorder OR r.community_id <> :community OR h.kind <> l.holder_kind
) ORDER BY l.number LIMIT 1
"""
_HASHES = "SELECT record_id AS id, entry AS hash FROM publication_line WHERE month_id = {month} AND (points <> 0 OR entry <> '')"
_SEALS = (
    "SELECT id, community_id, month, content, signature FROM community_month WHERE published_at IS NOT NULL ORDER BY id"
)
_RANKED_ONLY = """
SELECT r.id, r.month FROM ranking r LEFT JOIN community_month m ON m.community_id = r.community_id AND m.month = r.month
AND m.published_at IS NOT NULL WHERE r.digest <> '' AND m.id IS NULL ORDER BY r.id LIMIT 1
"""
_RANKING = "SELECT id FROM ranking WHERE community_id = :community AND month = :of_month"
_NUMBER = "SELECT number FROM publication_line WHERE month_id = :month AND record_id = :record"


def check_publications(connection: Connection) -> None:
    """:raises WrongRowError: at the first month or line that is not as it was published."""
    for month_id in connection.execute(text(_PUBLISHED)).scalars().all():
        check_month(connection, month_id)
    _check_order(connection)
    lost = connection.execute(text(_RANKED_ONLY)).first()
    if lost is not None:
        raise WrongRowError(
            "ranking", f"the publication of {lost.month} that it was frozen with is missing", id=lost.id
        )


def _check_order(connection: Connection) -> None:
    """Each seal names the one before it: none was taken away, none sealed anew."""
    rows = connection.execute(text(_SEALS)).all()
    seals = {(row.community_id, row.month): sealing.of_seal(row.content or "", row.signature or "") for row in rows}
    for row in rows:
        before = json.loads(row.content or "{}").get("before")
        if before is None:  # a community's first, or from before months were chained
            continue
        month, seal = before
        kept = seals.get((row.community_id, month))
        if kept is None:
            raise _wrong(row, f"the publication of {month}, sealed before it, is missing")
        if kept != seal:
            raise _wrong(row, f"the publication of {month}, sealed before it, is another one now")


def check_month(connection: Connection, month_id: int) -> None:
    """:raises WrongRowError: at its first line that is wrong, or at the month itself."""
    moment = _MOMENT.get(connection.dialect.name, _MOMENT_ELSE)
    month = connection.execute(text(_MONTH.format(published_at=moment)), {"month": month_id}).one()
    lines = connection.execute(text(_LINES), {"month": month_id}).all()
    last = _check_chain(month, lines)
    if (month.lines, month.last_hash) != (len(lines), last):
        raise _wrong(month, f"it says {month.lines} lines; there are {len(lines)}, or the last one is another")
    if month.state in ("on_notice", "closed"):
        _check_seal(month, lines)
        _check_ranking(connection, month)
    _check_causes(connection, month)


def _check_chain(month: Row[Any], lines: Iterable[Row[Any]]) -> str:
    """The hash of the last line, worked out from the first on."""
    last = sealing.start(month.community_id, month.month)
    for number, line in enumerate(lines, start=1):
        if line.number != number:
            raise _wrong_line(month, number, "the line is missing")
        last = sealing.line_hash(last, [getattr(line, name) for name in sealing.FIELDS])
        if line.hash != last:
            raise _wrong_line(month, number, "it is not what was published: its hash does not fit")
    return last


def _check_seal(month: Row[Any], lines: Iterable[Row[Any]]) -> None:
    content, signature, public_key = month.content or "", month.signature or "", month.public_key or ""
    if not sealing.fits(content, signature, public_key):
        raise _wrong(month, "the signature does not fit what was sealed")
    if has_app_context() and public_key != sealing.public_key(current_app.config["SECRET_KEY"]):
        raise _wrong(month, "it is sealed with another key than this installation's")
    points = [line.points for line in lines]
    expected = {
        "community_id": month.community_id,
        "month": month.month,
        "lines": month.lines,
        "last_line": month.last_hash,
        "earned": sum(one for one in points if one > 0),
        "deducted": -sum(one for one in points if one < 0),
        "published_at": month.published_at,
    }
    sealed = json.loads(content)
    sealed["published_at"] = _as_kept(sealed.get("published_at", ""))
    wrong = next((name for name, value in expected.items() if sealed.get(name) != value), None)
    if wrong is not None:
        raise _wrong(month, f"{wrong} is sealed as {sealed.get(wrong)}, and is {expected[wrong]}")


def _check_ranking(connection: Connection, month: Row[Any]) -> None:
    """The places that hang beside the list are those that were sealed. Older seals do not keep the schemes' names, without
    which that can't be said."""
    sealed = json.loads(month.content or "{}")
    if "schemes" not in sealed:
        return
    asked = {"community": month.community_id, "of_month": month.month}
    ranking = connection.execute(text(_RANKING), asked).scalar_one_or_none()
    frozen = Frozen(ranking or 0, month.month, minus_names=False)
    if sealed.get("ranking") != digest_of(connection, frozen, month.community_id, dict(sealed["schemes"])):
        raise _wrong(month, "its rankings are not those that were sealed")


def _as_kept(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _check_causes(connection: Connection, month: Row[Any]) -> None:
    """Each line's record says the same, and its entry stands in the book with this hash."""
    asked = {"month": month.id, "community": month.community_id}
    number = connection.execute(text(_OTHER_RECORD), asked).scalar_one_or_none()
    if number is not None:
        raise _wrong_line(month, number, "its record says something else, or is not in the book")
    expected = Expected("publication_line", "record", _HASHES.format(month=int(month.id)))
    record = first_without_hash(connection, expected)
    if record is not None:
        number = connection.execute(text(_NUMBER), {"month": month.id, "record": record}).scalar_one()
        raise _wrong_line(month, number, "the book has no entry with the hash that was published")


def _wrong(month: Row[Any], what: str) -> WrongRowError:
    return WrongRowError("community_month", what, id=month.id)


def _wrong_line(month: Row[Any], number: int, what: str) -> WrongRowError:
    return WrongRowError("publication_line", what, month_id=month.id, number=number)
