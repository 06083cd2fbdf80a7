"""The default server: one process with threads, which also runs on an office's Windows PC."""

from __future__ import annotations

import logging

import waitress
from flask import Flask

from webapp.web.housekeeping import Housekeeper

log = logging.getLogger(__name__)


def serve(app: Flask) -> None:
    """Serve until stopped. A slow or silent client holds a connection, never a thread: bodies are buffered first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    log.info("serving on http://%s:%s", app.config["HOST"], app.config["PORT"])
    housekeeper = Housekeeper(app)
    housekeeper.start()
    try:
        waitress.serve(
            app,
            host=app.config["HOST"],
            port=int(app.config["PORT"]),
            threads=app.config["THREADS"],
            connection_limit=1000,
            channel_timeout=30,
            cleanup_interval=10,
            max_request_body_size=app.config["MAX_CONTENT_LENGTH"],
            ident=None,
        )
    finally:
        housekeeper.stop()
