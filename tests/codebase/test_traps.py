"""Traps that no tool of the house knows: each rule is shown what it must find, and its good neighbour.

Together with ruff's S rules (all of bandit's tests for Python, on all of ``webapp``, each silence explained) and the rules of
``test_sources.py`` and ``test_templates.py``. One table of rules with their samples: longer than 400 lines, but read line by line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from bs4 import Tag

from tests.codebase.sources import ROOT, calls, python, templates
from tests.codebase.test_templates import elements

Found = list[str]

# Python ---------------------------------------------------------------------------------------------------------------


def nodes(text: str, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds))


def imports(text: str) -> set[str]:
    """Dotted names of what a file imports: ``xml.etree``, ``urllib.request``."""
    found: set[str] = set()
    for node in nodes(text, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def importing(*modules: str) -> Callable[[str], Found]:
    return lambda text: sorted(
        name for name in imports(text) if any(name == module or name.startswith(f"{module}.") for module in modules)
    )


def calling(*names: str) -> Callable[[str], Found]:
    """A call whose dotted name ends with one of these."""
    ends = re.compile(rf"(?:^|\.)(?:{'|'.join(map(re.escape, names))})$")
    return lambda text: [f"{line}: {name}" for name, line in calls(ast.parse(text)) if ends.search(name)]


def sql_from_strings(text: str) -> Found:
    takes = {"text", "execute", "exec_driver_sql", "scalars", "scalar", "executescript"}
    put_together = (ast.JoinedStr, ast.BinOp)
    return [
        ast.unparse(node)[:80]
        for node in nodes(text, ast.Call)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rsplit(".", 1)[-1] in takes
        and node.args
        and (isinstance(node.args[0], put_together) or _formatted(node.args[0]))
    ]


def _formatted(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join")


def leads_where_it_was_told(text: str) -> Found:
    told = re.compile(r"request\.(args|form|values|referrer|headers|full_path|url)\b|environ\b")
    checked = re.compile(r"\b(local_target|own_path|url_for|_after)\(")
    return [
        ast.unparse(node)[:80]
        for node in nodes(text, ast.Call)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rsplit(".", 1)[-1] in ("redirect", "go")
        and told.search(ast.unparse(node))
        and not checked.search(ast.unparse(node))
    ]


def writes_secrets_down(text: str) -> Found:
    secret = re.compile(r"(^|[._])(pin|password|phone|identity|identity_number|cookie|card_code|secret|secret_key)$")
    found = []
    for node in nodes(text, ast.Call):
        if isinstance(node, ast.Call) and re.search(r"(^|\.)_?log(\.\w+|_\w+)?$", ast.unparse(node.func)):
            given = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
            found += [ast.unparse(one) for one in given if secret.search(ast.unparse(one).lower())]
    return found


def compares_secrets_by_sign(text: str) -> Found:
    secret = re.compile(r"(^|[._])(signature|mac|digest|password|pin|secret|keyed_code\(.*\))$", re.S)
    return [
        ast.unparse(node)[:80]
        for node in nodes(text, ast.Compare)
        if isinstance(node, ast.Compare)
        and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        and any(secret.search(ast.unparse(side)) for side in (node.left, *node.comparators))
        and not any(isinstance(side, ast.Constant) for side in (node.left, *node.comparators))
    ]


def matching(pattern: str, flags: int = 0) -> Callable[[str], Found]:
    return lambda text: [found[0][:80] for found in re.finditer(pattern, text, flags)]


# Templates ------------------------------------------------------------------------------------------------------------


def opens_a_window_that_can_reach_back(text: str) -> Found:
    return [
        str(one)[:80]
        for one in elements(text)
        if one.get("target") and "noopener" not in " ".join(one.get("rel") or [])
    ]


def secret_field_that_browsers_fill_in(text: str) -> Found:
    kept = ("off", "one-time-code", "new-password", "current-password")
    return [
        str(one)[:80]
        for one in elements(text)
        if one.name == "input" and _secret(one) and one.get("autocomplete") not in kept
    ]


def _secret(one: Tag) -> bool:
    return one.get("type") == "password" or one.get("name") in ("pin", "password", "identity")


def token_in_an_address(text: str) -> Found:
    forms = [one for one in elements(text) if one.name == "form" and str(one.get("method", "get")).lower() == "get"]
    links = [one for one in elements(text) if "csrf" in f"{one.get('href', '')}{one.get('hx-get', '')}"]
    return [str(one)[:80] for one in [*(form for form in forms if "csrf" in form.decode_contents()), *links]]


def person_in_an_address(text: str) -> Found:
    return re.findall(r"url_for\([^)]*\b(?:name|phone|pin|identity|householder|keeper)\s*=[^)]*\)", text)


def embeds_a_page(text: str) -> Found:
    return [str(one)[:80] for one in elements(text) if one.name in ("iframe", "object", "embed", "base", "frame")]


def attribute_without_quotes(text: str) -> Found:
    filled = re.sub(r"{{.*?}}", "§", re.sub(r"{#.*?#}|{%.*?%}", "", text, flags=re.S), flags=re.S)
    return re.findall(r"[\w-]+=§", re.sub(r"\"[^\"]*\"|'[^']*'", "''", filled))


def file_field_in_a_form_that_sends_names_only(text: str) -> Found:
    forms = [one for one in elements(text) if one.name == "form" and one.find("input", {"type": "file"})]
    return [str(form)[:80] for form in forms if form.get("enctype") != "multipart/form-data"]


class Trap(NamedTuple):
    """``where``: webapp, templates or scripts (of the browser). ``hit``: what the rule must find; ``miss``: what it must
    let pass. ``allowed``: file -> why it may."""

    name: str
    where: str
    rule: Callable[[str], Found]
    hit: str
    miss: str
    allowed: dict[str, str] = {}


CLOCKS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.localtime")
TRAPS = (
    Trap(
        "SQL is put together from strings",
        "webapp",
        sql_from_strings,
        'db.session.execute(text(f"SELECT * FROM person WHERE name = {name!r}"))',
        'db.session.execute(text("SELECT * FROM person WHERE name = :name"), {"name": name})',
        {
            "webapp/extensions.py": "PRAGMA takes no parameters; its values are our own",
            "webapp/ledger/verify/expected.py": "names of our own tables, from a list beside it",
            "webapp/reviews/proof.py": "how the dialect writes a moment, from a list beside it",
            "webapp/places/service/imports/staging.py": "PRAGMA again, from a list beside it",
            "webapp/schemes/models.py": "a default of the table, a constant",
        },
    ),
    Trap(
        "a program is started",
        "webapp",
        importing("subprocess", "pty", "os.system", "os.popen"),
        "import subprocess",
        "import os",
        {
            "webapp/oversight/backup.py": "pg_dump, from a fixed list of words",
            "webapp/core/sheets/workbook.py": "our own reader, so that a hostile table can be ended",
        },
    ),
    Trap(
        "a program is started by the shell or in our place",
        "webapp",
        calling("os.system", "os.popen", "os.execv", "os.execvp", "os.spawnv", "os.startfile"),
        'os.popen("ls " + name)',
        "os.open(name, os.O_RDONLY)",
    ),
    Trap(
        "bytes become objects",
        "webapp",
        importing("pickle", "marshal", "shelve", "dill", "yaml"),
        "from pickle import loads",
        "import json",
    ),
    Trap(
        "XML is parsed",
        "webapp",
        importing("xml", "lxml", "html5lib"),
        "from xml.etree import ElementTree",
        "import json",
        {"webapp/core/sheets/opener/xlsx.py": "in the reader's own process; a DTD is refused before (tests/core)"},
    ),
    Trap(
        "an archive is unpacked to where it says",
        "webapp",
        calling("extractall", "extract", "unpack_archive"),
        "zipfile.ZipFile(upload).extractall(folder)",
        'zipfile.ZipFile(upload).read("xl/workbook.xml")',
    ),
    Trap(
        "chance that can be foreseen",
        "webapp",
        importing("random"),
        "import random",
        "import secrets",
        {
            f"webapp/demo/{name}.py": "the demonstration is the same each time"
            for name in ("building", "history", "rounds", "words")
        },
    ),
    Trap(
        "a digest that can be forged",
        "webapp",
        calling("md5", "sha1", "hashlib.new", "uuid1"),
        "hashlib.md5(data)",
        "hashlib.sha256(data)",
    ),
    Trap(
        "secrets are compared letter by letter",
        "webapp",
        compares_secrets_by_sign,
        "if typed == user.pin: ...",
        "if signing.same(typed, user.pin): ...",
        {
            "webapp/oversight/backup.py": "a digest of our own file, no secret",
            "webapp/places/service/people.py": "whether an import changes the digest; nobody is let in by it",
        },
    ),
    Trap(
        "we call out",
        "webapp",
        importing("requests", "httpx", "urllib.request", "urllib3", "http.client", "smtplib", "ftplib", "aiohttp"),
        "from urllib.request import urlopen",
        "from urllib.parse import urlsplit",
    ),
    Trap(
        "we lead where somebody told us",
        "webapp",
        leads_where_it_was_told,
        'redirect(request.args["next"])',
        'redirect(local_target(request.args["next"]) or url_for("desk"))',
    ),
    Trap(
        "the server's own clock",
        "webapp",
        calling(*CLOCKS),
        "when = datetime.now(UTC)",
        "when = clock.now()",
        {"webapp/core/clock.py": "the one source of time"},
    ),
    Trap(
        "a setting that no one can find",
        "webapp",
        matching(r"os\.(environ|getenv)\b"),
        'os.environ["PORT"]',
        'current_app.config["PORT"]',
        {
            "webapp/config.py": "the one place",
            "webapp/core/sheets/workbook.py": "what the reader's process inherits",
            "webapp/oversight/backup.py": "pg_dump gets its password by its environment",
        },
    ),
    Trap(
        "a caller's word about its address is believed",
        "webapp",
        matching(r"X-Forwarded|X-Real-IP|access_route|HTTP_X_|\bForwarded\b|X_FORWARDED"),
        'request.headers["X-Forwarded-For"]',
        "request.remote_addr",
    ),
    Trap(
        "a cookie is set by hand",
        "webapp",
        calling("set_cookie", "delete_cookie"),
        'response.set_cookie("visit", token)',
        'cookies.keep(response, "visit", token, seconds=None)',
        {
            "webapp/web/cookies.py": "the one place",
            "webapp/kiosk/gate.py": "the size of type, no secret",
            "webapp/kiosk/views/doors.py": "the size of type, no secret",
            "webapp/ratings/views.py": "marks a phone, lets nobody in; not named __Host-, so that it stays when https comes",
        },
    ),
    Trap(
        "a form may come from anywhere",
        "webapp",
        matching(r"csrf\.exempt|WTF_CSRF_ENABLED|WTF_CSRF_METHODS|WTF_CSRF_CHECK_DEFAULT"),
        "@csrf.exempt",
        "csrf.init_app(app)",
    ),
    Trap(
        "debugging is on",
        "webapp",
        matching(r"\bdebug=True|DEBUG.{0,4}True|\bbreakpoint\("),
        "app.run(debug=True)",
        "debug=False",
    ),
    Trap(
        "a secret is written into a log",
        "webapp",
        writes_secrets_down,
        'log.info("wrong %s", form.pin)',
        'log.info("wrong PIN of %s", household.id)',
    ),
    Trap(
        "a new window can reach back",
        "templates",
        opens_a_window_that_can_reach_back,
        '<a href="/x" target="_blank">x</a>',
        '<a href="/x" target="_blank" rel="noopener">x</a>',
    ),
    Trap(
        "a browser remembers a secret field",
        "templates",
        secret_field_that_browsers_fill_in,
        '<input type="password" name="pin">',
        '<input type="password" name="pin" autocomplete="off">',
    ),
    Trap(
        "the form's token stands in an address",
        "templates",
        token_in_an_address,
        '<form method="get" action="/x">{{ csrf() }}</form>',
        '<form method="post" action="/x">{{ csrf() }}</form>',
    ),
    Trap(
        "a person stands in an address",
        "templates",
        person_in_an_address,
        '<a href="{{ url_for("places.people", name=person.name) }}">x</a>',
        '<a href="{{ url_for("places.person", person_id=person.id) }}">x</a>',
    ),
    Trap(
        "another page is embedded",
        "templates",
        embeds_a_page,
        '<iframe src="/desk"></iframe>',
        '<a href="/desk">x</a>',
    ),
    Trap(
        "an attribute has no quotes",
        "templates",
        attribute_without_quotes,
        "<input value={{ name }}>",
        '<input value="{{ name }}">',
    ),
    Trap(
        "a file does not arrive",
        "templates",
        file_field_in_a_form_that_sends_names_only,
        '<form method="post" action="/x"><input type="file" name="f"></form>',
        '<form method="post" action="/x" enctype="multipart/form-data"><input type="file" name="f"></form>',
    ),
    Trap(
        "a script makes elements or code from text",
        "scripts",
        matching(r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|eval\(|new Function)"),
        "box.innerHTML = answer;",
        "box.textContent = answer;",
        {"board.js": "the server's own next page, which the templates escaped; the CSP lets no script in it run"},
    ),
    Trap(
        "a script keeps what was shown",
        "scripts",
        matching(r"\b(?:localStorage|sessionStorage|indexedDB|document\.cookie|caches\.open)\b"),
        'localStorage.setItem("name", name);',
        "const name = field.value;",
    ),
)


def files(where: str) -> dict[str, str]:
    if where == "webapp":
        return {source.name: source.text for source in python("webapp")}
    if where == "templates":
        return templates()
    return {path.name: path.read_text(encoding="utf-8") for path in scripts()}


def scripts() -> list[Path]:
    return [path for path in sorted((ROOT / "static").rglob("*.js")) if "vendor" not in path.parts]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_nobody_steps_into_the_trap(trap):
    found = {name: trap.rule(text) for name, text in files(trap.where).items() if name not in trap.allowed}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_the_rule_finds_what_it_must_and_nothing_else(trap):
    assert trap.rule(trap.hit) != []
    assert trap.rule(trap.miss) == []


@pytest.mark.parametrize("trap", [trap for trap in TRAPS if trap.allowed], ids=lambda trap: trap.name)
def test_an_exception_is_needed(trap):
    texts = files(trap.where)
    assert {name for name in trap.allowed if not trap.rule(texts[name])} == set()
