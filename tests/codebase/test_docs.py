"""Documents say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from webapp.config import SETTINGS
from webapp.users.models import POSTS
from webapp.users.permissions import GRANTS, PERMISSIONS

ROOT = Path(__file__).resolve().parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_setting_is_documented_with_its_default():
    text = read("docs/settings.md")
    for name, (default, words) in SETTINGS.items():
        shown = f"`{default}`" if default else "(empty)"
        assert f"| `{name}` | {shown} | {words} |" in text, name
    assert len(re.findall(r"^\| `", text, re.M)) == len(SETTINGS)


def test_every_code_word_of_the_glossary_is_in_the_code():
    words = re.findall(r"^\|[^|]*\|([^|]*)\|", read("docs/glossary.md"), re.M)
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "webapp").rglob("*.py"))
    named = {word for cell in words for word in re.findall(r"`([a-z_]+)`", cell)}
    assert len(named) > 30
    assert [word for word in sorted(named) if word not in code] == []


def test_the_access_table_is_the_one_in_the_code():
    text = read("docs/access.md")
    for permission, words in PERMISSIONS.items():
        posts = "、".join(POSTS[post] for post in POSTS if permission in GRANTS.get(post, ()))
        assert f"| `{permission}` | {words} | {posts} |" in text, permission


def test_every_relative_link_of_a_document_leads_somewhere():
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_make_target_that_a_document_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.M))
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        named = set(re.findall(r"`make ([a-z-]+)`", document.read_text(encoding="utf-8")))
        assert named <= targets, f"{document.name}: {named - targets}"
