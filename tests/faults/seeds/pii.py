"""Personal data where it does not belong."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from webapp.users.service import pins
from webapp.web import errors


@contextmanager
def pin_logged() -> Iterator[None]:
    """A wrong PIN is written into the application's log."""
    check = pins.check_pin

    def careless(*given: Any, **more: Any) -> Any:
        logging.getLogger("webapp").warning("tried %s", more)
        return check(*given, **more)

    from webapp.users.service import residents

    with patch.object(pins, "check_pin", careless), patch.object(residents, "check_pin", careless, create=True):
        yield


@contextmanager
def phone_on_an_error_page() -> Iterator[None]:
    """A refusal names whom to call."""
    refuse = errors.refuse

    def careless(status: int, title: str, message: str) -> Any:
        return refuse(status, title, f"{message} 13800001234")

    with patch.object(errors, "refuse", careless):
        yield


SEEDS = {"pin-logged": pin_logged, "phone-on-an-error-page": phone_on_an_error_page}
