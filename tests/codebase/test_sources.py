"""Python stays small and says why. Each rule is a function of one source, and is shown a source that breaks it."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Callable

import pytest

from tests.codebase.sources import PURE, Source, calls, functions, python
from webapp import FEATURES

POINTS = ("webapp/core/points.py", "webapp/ledger/", "webapp/schemes/", "webapp/records/", "webapp/redemption/")
MUTED = re.compile(r"#\s*(?:type:\s*ignore(?:\[[^\]]*\])?|noqa(?::\s*[A-Z0-9, ]+)?)(?P<rest>.*)")


def too_long(source: Source) -> list[str]:
    """No function above 60 lines."""
    return [f"{name} has {lines} lines" for name, lines in functions(source.tree) if lines > 60]


def too_big(source: Source) -> list[str]:
    """No file above 400 lines: it becomes a package."""
    lines = len(source.text.splitlines())
    return [f"{lines} lines"] if lines > 400 else []


def commits_below_the_view(source: Source) -> list[str]:
    """The request commits once, at its end; services flush."""
    if source.part not in (*PURE, "forms"):
        return []
    return [f"line {line}" for name, line in calls(source.tree) if name.endswith(".commit")]


def reads_the_clock_in_a_service(source: Source) -> list[str]:
    """The time is handed to a service, so that a test can choose it."""
    clocks = {"clock.now", "clock.today", "datetime.now", "datetime.utcnow", "date.today", "time.time"}
    return [f"line {line}" for name, line in calls(source.tree) if name in clocks and source.part == "service"]


def floats_near_points(source: Source) -> list[str]:
    """Points are whole tenths: no float, no division that makes one."""
    if not source.name.startswith(POINTS):
        return []
    return [f"line {getattr(node, 'lineno', 0)}" for node in ast.walk(source.tree) if _is_float(node)]


def _is_float(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    if isinstance(node, ast.BinOp):  # pathlib's / joins a text
        return isinstance(node.op, ast.Div) and not isinstance(node.right, ast.Constant | ast.JoinedStr)
    return isinstance(node, ast.Name) and node.id == "float"


def unexplained_silence(source: Source) -> list[str]:
    """A muted complaint of a tool says why, beside it."""
    found = enumerate(map(MUTED.search, source.text.splitlines()), start=1)
    return [f"line {line}" for line, match in found if match and not re.search(r"\w{3}", match["rest"])]


def writes_markup(source: Source) -> list[str]:
    """HTML is written by templates, which escape; SQL by SQLAlchemy, which binds."""
    forbidden = {"Markup", "eval", "exec", "os.system", "render_template_string", "pickle.loads"}
    found = [f"line {line}: {name}" for name, line in calls(source.tree) if name in forbidden]
    return found + [f"line {number}: shell" for number, line in _lines(source) if "shell=True" in line]


def _lines(source: Source) -> list[tuple[int, str]]:
    return list(enumerate(source.text.splitlines(), start=1))


Rule = Callable[[Source], list[str]]
LONG = "def f():\n" + "    x = 1\n" * 60
#: rule -> a source that breaks it.
RULES: dict[Rule, Source] = {
    too_long: Source("webapp/a/service.py", LONG),
    too_big: Source("webapp/a/models.py", "x = 1\n" * 401),
    commits_below_the_view: Source("webapp/a/service/verbs.py", "db.session.commit()"),
    reads_the_clock_in_a_service: Source("webapp/a/service.py", "when = clock.now()"),
    floats_near_points: Source("webapp/ledger/service/posting.py", "share = tenths / count"),
    unexplained_silence: Source("webapp/a/views.py", "x = 1  # type: " + "ignore[misc]"),
    writes_markup: Source("webapp/a/views.py", "html = Markup(name)"),
}
WIDE = (unexplained_silence,)  # rules that hold for all Python, not only for the application


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_source_breaks_the_rule(rule):
    folders = ("webapp", "migrations", "scripts", "bench", "tests") if rule in WIDE else ("webapp",)
    assert [f"{source.name}: {found}" for source in python(*folders) for found in rule(source)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_notices_a_source_that_breaks_it(rule):
    assert rule(RULES[rule]) != []


def test_functions_are_short():
    sizes = [lines for source in python("webapp") for _, lines in functions(source.tree)]
    assert statistics.median(sizes) <= 8
    assert sum(lines <= 30 for lines in sizes) >= 0.9 * len(sizes)


def test_no_test_is_switched_off():
    off = re.compile(r"pytest\.(?:mark\.)?(?:skip|xfail|importorskip)|unittest\.skip")
    found = {source.name: len(off.findall(source.text)) for source in python("tests") if source.name != _here()}
    # only where the system refuses to trace a process: strace's own words are the reason
    assert {name: count for name, count in found.items() if count} == {"tests/faults/conftest.py": 1}


def _here() -> str:
    return "tests/codebase/test_sources.py"


def test_every_feature_says_what_it_is_in_the_towns_words():
    said = {feature: _docstring(feature) for feature in FEATURES}
    assert {feature: words for feature, words in said.items() if len(words) < 60} == {}


def _docstring(feature: str) -> str:
    tree = next(source.tree for source in python("webapp") if source.name == f"webapp/{feature}/__init__.py")
    return ast.get_docstring(tree) or ""
