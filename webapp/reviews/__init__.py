"""The month of a community (月度审核与公示): one review and one publication a month.

The working group confirms on one screen what has been reviewed first, notes who attended, and publishes: what waits for
the publication comes into the book, the list is frozen with masked names and sealed, and hangs open to objection.
Owns ``community_month`` and ``publication_line``; records change only through ``records.service``.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.ledger.verify import also
    from webapp.reviews.proof import check_publications
    from webapp.reviews.jobs import go_on_publishing
    from webapp.web import housekeeping

    housekeeping.add(app, "publications", lambda now: go_on_publishing(app.config["SECRET_KEY"], now))
    also(check_publications)
