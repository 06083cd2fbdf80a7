"""How often one network address may call a public view: counted in memory by the ``limits`` library.

For look-ups that write nothing (a slip, a typed plate number). Guesses of secrets are counted in the database instead
(``users.passwords``), where a restart does not forget them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, current_app, request
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import MovingWindowRateLimiter

from webapp.core.errors import TooManyTries

View = TypeVar("View", bound=Callable[..., Any])


def limited(rate: str) -> Callable[[View], View]:
    """Allow ``rate`` (``"30/minute"``) calls of a view from one address.

    :raises TooManyTries: when there were more.
    """
    allowed = parse(rate)

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(*args: Any, **kwargs: Any) -> Any:
            limiter: MovingWindowRateLimiter = current_app.extensions["limits"]
            if not limiter.hit(allowed, view.__name__, request.remote_addr or ""):
                raise TooManyTries("查询太频繁了。请过一分钟再试，或请工作人员帮忙。")
            return view(*args, **kwargs)

        counted.rate = rate  # type: ignore[attr-defined]  # docs/limits.md is compared with it
        return cast(View, counted)

    return decorate


def init_app(app: Flask) -> None:
    app.extensions["limits"] = MovingWindowRateLimiter(storage_from_string("memory://"))
