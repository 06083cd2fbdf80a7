"""Documents say what the code does."""

from __future__ import annotations

import re

from tests.codebase.sources import ROOT, documents, python, read
from tests.faults.catalogue import CHECKS
from webapp.config import SETTINGS
from webapp.users.models import POSTS
from webapp.users.permissions import GRANTS, PERMISSIONS

#: They hand a child process an environment of its own; they read no setting.
FOR_A_CHILD = {"webapp/oversight/backup.py", "webapp/core/sheets/workbook.py"}


def test_every_setting_is_documented_with_its_default():
    text = read("docs/settings.md")
    for name, (default, words) in SETTINGS.items():
        shown = f"`{default}`" if default else "(empty)"
        assert f"| `{name}` | {shown} | {words} |" in text, name
    assert len(re.findall(r"^\| `", text, re.M)) == len(SETTINGS)


def test_the_environment_is_read_in_one_place():
    found = {source.name for source in python("webapp") if re.search(r"\benviron\b|\bgetenv\b", source.text)}
    assert found - FOR_A_CHILD - {"webapp/web/headers.py"} == {"webapp/config.py"}  # headers: WSGI's environ


def test_the_application_uses_no_setting_that_it_does_not_have(house):
    used = {name for source in python("webapp") for name in re.findall(r"""config\[["']([A-Z_]+)["']\]""", source.text)}
    assert used - set(house.config) == set()


def test_the_example_of_an_installation_sets_only_what_exists():
    example = read("deploy/shanzhi.env.example")
    named = set(re.findall(r"^#? ?([A-Z_]+)=", example, re.M))
    assert len(named) > 2
    assert named - set(SETTINGS) == set()


def test_every_code_word_of_the_glossary_is_in_the_code():
    words = re.findall(r"^\|[^|]*\|([^|]*)\|", read("docs/glossary.md"), re.M)
    code = set(re.findall(r"[a-z_]+", "\n".join(source.text for source in python("webapp"))))
    named = {word for cell in words for word in re.findall(r"`([a-z_]+)`", cell)}
    assert len(named) > 30
    assert named - code == set()


def test_every_feature_is_named_after_a_word_of_the_glossary_or_of_the_house():
    text = read("docs/glossary.md") + read("docs/architecture.md")
    features = {path.parent.name for path in (ROOT / "webapp").glob("*/__init__.py")}
    assert {name for name in features if not re.search(rf"\b{name}\b", text)} == set()


def test_the_access_table_is_the_one_in_the_code():
    text = read("docs/access.md")
    for permission, words in PERMISSIONS.items():
        posts = "、".join(POSTS[post] for post in POSTS if permission in GRANTS.get(post, ()))
        assert f"| `{permission}` | {words} | {posts} |" in text, permission
    assert len(re.findall(r"^\| `", text, re.M)) == len(PERMISSIONS)


def test_every_relative_link_of_a_document_leads_somewhere():
    for document in documents():
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert target.startswith("http") or (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_file_that_a_document_names_exists():
    house = r"`((?:webapp|templates|static|migrations|tests|bench|deploy|docs|scripts)/[\w./-]+)`"
    for document in documents():
        for name in re.findall(house, document.read_text(encoding="utf-8")):
            assert any((ROOT / f"{name}{ending}").exists() for ending in ("", ".py", ".html")), (
                f"{document.name}: {name}"
            )


def test_every_make_target_that_a_document_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M))
    for document in documents():
        named = set(re.findall(r"(?:`|^ {4})make ([a-z-]+)", document.read_text(encoding="utf-8"), re.M))
        assert named <= targets, f"{document.name}: {named - targets}"


def test_every_flask_command_that_a_document_names_exists(house):
    for document in documents():
        for name in re.findall(r"flask --app webapp ([a-z-]+)", document.read_text(encoding="utf-8")):
            assert name in house.cli.commands or name in ("db", "routes", "shell"), f"{document.name}: {name}"


def test_decisions_are_numbered_without_gaps_and_listed():
    decisions = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    listed = read("docs/decisions/README.md")
    assert [path.name[:4] for path in decisions] == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    assert [path.name for path in decisions if path.name not in listed] == []


def test_the_page_about_safety_names_every_check_with_its_goal():
    named = re.findall(r"^\| ([RS]\d+) \| [^|]+ \| `(\w+)`( \*)? \|", read("docs/safety.md"), re.M)
    assert [(goal, name, not star) for goal, name, star in named] == [
        (check.goal, check.name, check.routine) for check in CHECKS.values()
    ]
