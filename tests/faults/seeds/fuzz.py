"""Faults that a careless line would bring: input taken for what it should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch
from urllib.parse import urlsplit

from flask import request

from webapp.web import errors, headers, once, paging


@contextmanager
def page_number_unguarded() -> Iterator[None]:
    """A number out of the address is taken as it comes."""
    with patch.object(paging, "page_number", lambda: max(int(request.args.get("page", "1")), 1)):
        yield


@contextmanager
def no_word_for_the_database() -> Iterator[None]:
    """A number or a text that the database cannot hold is an error of the server."""
    with patch.object(errors, "_unstorable", lambda error: errors._unexpected(error)):
        yield


@contextmanager
def keys_read_everywhere() -> Iterator[None]:
    """A once-key counts where a form looks something up before it writes."""
    with patch.object(once, "_key", lambda: request.form.get(once.FIELD, "")):
        yield


@contextmanager
def origin_unguarded() -> Iterator[None]:
    """A header that is no address is read as one."""
    with patch.object(headers, "_host_of", lambda origin: urlsplit(origin).netloc):
        yield


SEEDS = {
    "page-number-unguarded": page_number_unguarded,
    "no-word-for-the-database": no_word_for_the_database,
    "keys-read-everywhere": keys_read_everywhere,
    "origin-unguarded": origin_unguarded,
}
