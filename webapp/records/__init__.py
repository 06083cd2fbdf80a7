"""Records (记实): what happened, judged by a rule. A record is the only cause of earned or deducted points.

Inspectors make them on the phone, later claims, orders and activities do; whoever makes one, this feature checks it
and posts it when its scheme says so. Owns ``record`` and ``record_photo``.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.ledger.explain import register
    from webapp.ledger.verify import also
    from webapp.places import staying
    from webapp.records.checks import check_records
    from webapp.records.queries import explain_record, with_record

    staying.register(app, with_record)
    also(check_records)
    for kind in ("record", "up:record", "undo", "up:undo"):
        register(app, kind, explain_record)
