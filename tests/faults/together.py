"""Several who act at the same moment."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence

from webapp.core.errors import DomainError
from webapp.extensions import db, start_writing
from webapp.web.application import Application


def at_once(app: Application, acts: Sequence[Callable[[], object]]) -> Counter[str]:
    """Run every act in a thread and transaction of its own, all let go at the same moment; counts what came of them."""
    gun, results, lock = threading.Barrier(len(acts)), Counter[str](), threading.Lock()

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            start_writing()
            gun.wait()
            try:
                act()
                db.session.commit()
                came = "done"
            except DomainError as error:
                db.session.rollback()
                came = type(error).__name__
        with lock:
            results[came] += 1

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results
