"""The house stays in order: sizes, imports, templates."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from webapp import FEATURES

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "webapp").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PURE = re.compile(r"/(core/.*|service(/.*)?|service|queries(/.*)?|models)\.py$|/(core|service|queries)/")


def functions() -> Iterator[tuple[str, int]]:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
                yield f"{source.relative_to(ROOT)}:{node.name}", (node.end_lineno or 0) - first.lineno + 1


def test_functions_are_short():
    sizes = dict(functions())
    assert [name for name, size in sizes.items() if size > 60] == []
    assert statistics.median(sizes.values()) <= 8
    assert statistics.quantiles(sizes.values(), n=10)[-1] <= 30


def test_files_stay_below_four_hundred_lines():
    long = [str(path.relative_to(ROOT)) for path in SOURCES if len(path.read_text(encoding="utf-8").splitlines()) > 400]
    assert long == []


@pytest.mark.parametrize("source", [path for path in SOURCES if PURE.search(path.as_posix())], ids=str)
def test_rules_and_reads_know_no_web_server(source):
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not [name for name in names if name.split(".")[0] in ("flask", "flask_login", "wtforms", "flask_wtf")]


def test_only_the_ledger_imports_its_tables():
    pattern = re.compile(r"from webapp\.ledger(\.models import| import .*\bmodels\b)")
    others = [path for path in SOURCES if "webapp/ledger/" not in path.as_posix()]
    assert [str(path) for path in others if pattern.search(path.read_text(encoding="utf-8"))] == []


def test_features_and_ranks_name_the_same_packages():
    packages = {path.name for path in (ROOT / "webapp").iterdir() if (path / "__init__.py").exists()}
    assert packages - {"core", "web"} == set(FEATURES)
    ranks = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert [name for name in packages if f"webapp.{name}" not in ranks] == []


def test_every_feature_says_what_it_is():
    for feature in FEATURES:
        tree = ast.parse((ROOT / "webapp" / feature / "__init__.py").read_text(encoding="utf-8"))
        assert len(ast.get_docstring(tree) or "") > 60, feature


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_template_keeps_the_rules(template):
    text = template.read_text(encoding="utf-8")
    folder, name = template.parent.name, template.name
    assert "|safe" not in text.replace(" ", "")
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|javascript:", text)
    assert not re.search(r"""(src|href|action)="https?://""", text)
    if folder == "patterns":
        return
    if name.startswith("_"):
        assert "{% extends" not in text
    elif folder not in ("components", "layouts") and template.parent.parent.name != "components":
        assert "{% extends" in text
    if template.parents[0].name not in ("components",):
        assert "{% macro" not in text or folder == "components" or name.startswith("_"), "macros live in components/"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_htmx_enhances_works_without_scripts(template):
    for tag in re.findall(r"<[a-z]+[^>]*\shx-(?:get|post)=[^>]*>", template.read_text(encoding="utf-8")):
        assert re.search(r"\s(href|action)=", tag), tag


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_post_form_carries_its_token(template):
    text = "" if template.parent.name == "patterns" else template.read_text(encoding="utf-8")
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.S):
        assert "csrf()" in form or "csrf_token" in form, form[:120]
