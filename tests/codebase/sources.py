"""The code base as data for the tests of this folder: read and parsed once, judged by many rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PURE = ("service", "queries", "models")  # parts of a feature that know no request


@dataclass(frozen=True)
class Source:
    """One Python file; ``name`` is its path from the checkout's root."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def part(self) -> str:
        """Which of a feature's files (or packages) it belongs to: ``service``, ``views`` …"""
        parts = self.name.removesuffix(".py").split("/")
        return parts[2] if len(parts) > 2 else ""


@cache
def python(*folders: str) -> tuple[Source, ...]:
    """All Python files below some folders."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths)


@cache
def templates() -> dict[str, str]:
    """All templates by the name under which they are rendered."""
    root = ROOT / "templates"
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sorted(root.rglob("*.html"))
    }


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def functions(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(name, lines) of each function, from ``def`` to its last line, docstring and all."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of each call: ``db.session.commit``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno
