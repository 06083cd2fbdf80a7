"""The month of a community (月度审核与公示): one review and one publication a month.

The working group confirms on one screen what has been reviewed first, notes who attended, and publishes: what waits for
the publication comes into the book, the list is frozen with masked names and sealed, and hangs open to objection. Anybody objects to one line (异议); who had
no hand in it looks into it and answers; then the month is closed (关账).
Owns ``community_month``, ``publication_line``, ``objection`` and ``objection_step``; records change only through
``records.service``.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.ledger.verify import also
    from webapp.reviews.checks import check_objections
    from webapp.reviews.jobs import close_months, go_on_publishing
    from webapp.reviews.proof import check_publications
    from webapp.web import housekeeping

    also(check_objections)
    housekeeping.add(app, "publications", lambda now: go_on_publishing(app.config["SECRET_KEY"], now))
    also(check_publications)
    housekeeping.add(app, "month-ends", close_months)
