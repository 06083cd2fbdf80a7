"""A record in place of one that was taken back: the same matter, judged by another rule or with another score."""

from __future__ import annotations

from datetime import datetime

from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid
from webapp.core.points import Points
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.records.models import Record
from webapp.records.queries import target
from webapp.records.service import checks
from webapp.records.service.booking import post_record
from webapp.records.service.making import MOST_NOTE, insert_record, log_record, only_score, whose, written_by
from webapp.records.service.reviewing import Found, all_go_on
from webapp.schemes.queries import ruling


def replace(
    *,
    actor: Actor,
    record_id: int,
    rule_version_id: int,
    points: Points | None,
    note: str,
    brought_by: str,
    client_key: str,
    now: datetime,
) -> Record:
    """Write the same matter down anew, straight into the book: whoever decided has looked into it. Day, place and holder
    stay those of the record that was taken back.

    :raises Conflict: unless that one is taken back, or if the rule is of another scheme or did not judge on that day.
    :raises Invalid: for points that the rule does not give, or a veto.
    :raises LimitReached: if a cap is full.
    :raises InsufficientPoints: if a deduction would take the account below the scheme's floor.
    """
    old = db.session.get_one(Record, record_id)
    whom = target(old.holder_id, locked=True)
    judged_by = ruling(rule_version_id, old.happened_on)
    rule = judged_by.rule
    checks.check_rule(judged_by, whom)
    if old.state != "reversed" or judged_by.scheme.id != old.scheme_id:
        raise Conflict("只能按同一个积分办法改记已经冲正的那一条，请返回重新选。", field="rule")
    if rule.veto:
        raise Invalid("不能改记成一票否决，请选别的细则。", field="rule")
    points = only_score(rule) if points is None else points
    checks.check_points(rule, points)
    checks.check_caps(rule, whom, old.happened_on)
    record = insert_record(
        client_key=client_key,
        **whose(whom, judged_by),
        **{"points": points.tenths, "source": old.source, "state": "passed"},
        note=normalise_prose(note)[:MOST_NOTE],
        **{"happened_on": old.happened_on, "happened_at": old.happened_at, "device_time": None},
        **written_by(actor),
        brought_by=brought_by,
        mends_id=None,
        rectify_until=None,
        created_at=now,
    )
    log_record(actor, "record:made", record, whom.path, now)
    found = [Found(record, whom, judged_by.scheme)]
    all_go_on(found, "confirmed", actor, now, brought_by)
    all_go_on(found, "posted", actor, now)
    post_record(record, rule, actor, now)
    return record
