"""Cookies beside the session's: a kiosk's, its visitor's, a household's on its phone. Scripts never see them."""

from __future__ import annotations

from typing import Literal

from flask import Response, current_app, request


def named(name: str) -> str:
    """Cookie names carry ``__Host-`` when the address is https."""
    return f"__Host-{name}" if current_app.config["SESSION_COOKIE_SECURE"] else name


def sent(name: str) -> str:
    """What the browser sent; empty if nothing."""
    return request.cookies.get(named(name), "")


def keep(
    response: Response, name: str, value: str, *, seconds: int | None, samesite: Literal["Strict", "Lax"] = "Strict"
) -> None:
    """``seconds`` None: until the browser is closed. ``Lax``: also sent when a link of another app leads here."""
    response.set_cookie(
        named(name),
        value,
        max_age=seconds,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite=samesite,
        path="/",
    )


def drop(response: Response, name: str) -> None:
    """Take one back that ``keep`` gave."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.delete_cookie(named(name), path="/", secure=secure, httponly=True, samesite="Strict")


def empty_browser(response: Response) -> None:
    """After a sign-out: what the browser has kept of our pages goes too."""
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
