"""Traps that somebody stepped into: a file of the application as the rules would read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from unittest.mock import patch

STEPPED = {
    "sql-from-a-string": ("webapp/places/queries/holders.py", 'db.session.execute(text(f"SELECT {name}"))'),
    "escaping-off": ("templates/places/household.html", "{{ household.name | safe }}"),
    "open-redirect": ("webapp/users/views/own.py", 'redirect(request.args["next"])'),
}


def stepped(file: str, line: str) -> Callable[[], AbstractContextManager[None]]:
    """As if a file of the application had one line more."""

    @contextmanager
    def planted() -> Iterator[None]:
        from tests.codebase import sources

        read = Path.read_text

        def with_it(path: Path, *given: object, **more: object) -> str:
            text = read(path, *given, **more)
            return f"{text}\n{line}\n" if path.as_posix().endswith(f"/{file}") else text

        sources.python.cache_clear()
        sources.templates.cache_clear()
        with patch.object(Path, "read_text", with_it):
            yield
        sources.python.cache_clear()
        sources.templates.cache_clear()

    return planted


SEEDS = {name: stepped(file, line) for name, (file, line) in STEPPED.items()}
