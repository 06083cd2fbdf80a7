"""``python -m tests.faults.publishing MONTH``: bring a publishing to its end, a step a transaction, as the minute's job
does; says each step, so that a test knows when to kill it."""

from __future__ import annotations

import sys

from webapp import create_app
from webapp.core import clock
from webapp.extensions import db, start_writing
from webapp.reviews import service


def main(month_id: int) -> None:
    app = create_app()
    with app.app_context():
        done = False
        while not done:
            start_writing()
            done = service.go_on(month_id=month_id, key=app.config["SECRET_KEY"], now=clock.now()).done
            db.session.commit()
            sys.stdout.write("step\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
