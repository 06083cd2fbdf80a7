"""Faults that a careless line would bring: input taken for what it should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch
from urllib.parse import urlsplit

from flask import request
from werkzeug.routing import IntegerConverter

from webapp.web import application, finding, headers, paging


@contextmanager
def page_number_unguarded() -> Iterator[None]:
    """A number out of the address is taken as it comes."""
    with patch.object(paging, "page_number", lambda: max(int(request.args.get("page", "1")), 1)):
        yield


@contextmanager
def keys_of_any_size() -> Iterator[None]:
    """An address may name a row that no database can have."""
    with patch.object(application, "KeyConverter", IntegerConverter):
        yield


@contextmanager
def nul_is_searched_for() -> Iterator[None]:
    """What is typed into a search reaches the database as it is: PostgreSQL knows no NUL."""
    with patch.object(finding, "normalise", lambda typed: typed):
        yield


@contextmanager
def origin_unguarded() -> Iterator[None]:
    """A header that is no address is read as one."""
    with patch.object(headers, "_host_of", lambda origin: urlsplit(origin).netloc):
        yield


SEEDS = {
    "page-number-unguarded": page_number_unguarded,
    "keys-of-any-size": keys_of_any_size,
    "nul-is-searched-for": nul_is_searched_for,
    "origin-unguarded": origin_unguarded,
}
