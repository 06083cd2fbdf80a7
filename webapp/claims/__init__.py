"""Claims and their first review (申报与初审): a household writes down what it did, a courtyard's head for several at once,
staff for people without a phone; whoever the scheme names passes it on or gives it back with a reason.

Residents and heads use it on their phones, grid workers on the phone and at the desk. Owns ``claim_draft``; records
change only through ``records.service``.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.claims.service import forget_old_drafts
    from webapp.web import housekeeping

    housekeeping.add(app, "claim-drafts", forget_old_drafts)
