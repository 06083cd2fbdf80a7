"""Templates keep the house's rules. Each rule is shown a template that breaks it, or it would prove nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from bs4 import BeautifulSoup, Tag

from tests.codebase.sources import python, templates

HTMX = re.compile(r"hx-(get|post|put|patch|delete)")
OUTSIDE = re.compile(r"(?:https?:)?//|javascript:|vbscript:", re.I)


def is_fragment(name: str) -> bool:
    return name.rsplit("/", 1)[-1].startswith("_")


def is_page(name: str) -> bool:
    return not is_fragment(name) and name.split("/", maxsplit=1)[0] not in ("components", "layouts")


def elements(text: str) -> Iterator[Tag]:
    """The elements of a template. What Jinja fills in stays readable: ``href="[url_for('a.b')]"``."""
    text = re.sub(r"{#.*?#}", "", text, flags=re.S)
    text = re.sub(r"{{(.*?)}}", lambda found: f"[{found[1].strip()}]".replace('"', "'"), text, flags=re.S)
    text = re.sub(r"{%.*?%}", " ", text, flags=re.S)
    return iter(BeautifulSoup(text, "html.parser").find_all(True))


def extends_no_layout(name: str, text: str) -> list[str]:
    """A page extends a layout, not the base that layouts share; or a page of its feature that does."""
    found = re.search(r"{%-? *extends +(.*?)-?%}", re.sub(r"{#.*?#}", "", text, flags=re.S))
    if not is_page(name):
        return []
    allowed = (
        found
        and ("layouts/" in found[1] or f'"{name.split("/", maxsplit=1)[0]}/' in found[1])
        and "base" not in found[1]
    )
    return [] if allowed else ["no layout"]


def fragment_with_a_frame(name: str, text: str) -> list[str]:
    """A fragment is a piece of a page: it extends nothing and opens no block."""
    return re.findall(r"{%-? *(?:extends|block)[^%]*%}", text) if is_fragment(name) else []


def macro_outside_components(name: str, text: str) -> list[str]:
    return re.findall(r"{%-? *macro[^%]*%}", text) if not name.startswith("components/") else []


def escaping_switched_off(name: str, text: str) -> list[str]:
    return re.findall(r"\|\s*safe\b|{%-? *autoescape[^%]*%}", text)


def inline_script_or_style(name: str, text: str) -> list[str]:
    """The CSP refuses both, and htmx may not evaluate anything."""
    return [str(element)[:100] for element in elements(text) if _inline(element)]


def _inline(element: Tag) -> bool:
    if element.name == "style" or (
        element.name == "script" and (not element.get("src") or element.get_text(strip=True))
    ):
        return True
    return any(
        key == "style" or key.startswith(("on", "hx-on")) or _evaluated(key, value) for key, value in _own(element)
    )


def _evaluated(key: str, value: str) -> bool:
    return key.startswith("hx-") and (
        value.startswith(("js:", "javascript:")) or (key == "hx-trigger" and "[" in value)
    )


def _own(element: Tag) -> list[tuple[str, str]]:
    return [(key, " ".join(value) if isinstance(value, list) else value or "") for key, value in element.attrs.items()]


def something_from_outside(name: str, text: str) -> list[str]:
    """Nothing is loaded from, linked to or sent to another place."""
    asked = {"src", "href", "action", "formaction", "srcset", "poster", "data"}
    own = [(element, key, value) for element in elements(text) for key, value in _own(element)]
    return [str(element)[:100] for element, key, value in own if _leads_out(key in asked, key, value)]


def _leads_out(asked: bool, key: str, value: str) -> bool:
    return (asked or key.startswith("hx-")) and bool(OUTSIDE.match(value.strip()))


def htmx_without_a_real_action(name: str, text: str) -> list[str]:
    """What htmx sends is also sent without scripts, to the same address by the same method. A form that htmx watches
    for a preview, and does not send, has an address of its own."""
    return [
        str(element)[:140]
        for element in elements(text)
        for key, value in _own(element)
        if _only_htmx(element, key, value)
    ]


def _only_htmx(element: Tag, key: str, value: str) -> bool:
    verb = HTMX.fullmatch(key)
    if verb is None:
        return False
    carrier = element if element.name in ("a", "form") else element.find_parent("form")
    if not isinstance(carrier, Tag):
        return True
    if carrier.name == "a":
        return verb[1] != "get" or carrier.get("href") != value
    previews = "submit" not in str(element.get("hx-trigger", "submit")) and bool(carrier.get("action"))
    return str(carrier.get("method", "get")).lower() != verb[1] or not (previews or carrier.get("action") == value)


def post_form_without_its_token(name: str, text: str) -> list[str]:
    forms = [element for element in elements(text) if element.name == "form"]
    posts = [form for form in forms if str(form.get("method", "")).lower() == "post"]
    return [str(form)[:100] for form in posts if "csrf" not in form.decode_contents()]


def form_without_method_or_action(name: str, text: str) -> list[str]:
    forms = [element for element in elements(text) if element.name == "form"]
    return [str(form)[:100] for form in forms if form.get("method") not in ("get", "post", "dialog", "[method]")]


def button_without_type(name: str, text: str) -> list[str]:
    """A button without a type sends the form it happens to stand in."""
    return [str(element)[:100] for element in elements(text) if element.name == "button" and not element.get("type")]


Rule = Callable[[str, str], list[str]]
#: rule -> templates that break it.
RULES: dict[Rule, list[tuple[str, str]]] = {
    extends_no_layout: [("a/page.html", "<p>bare</p>"), ("a/page.html", '{% extends "layouts/base.html" %}')],
    fragment_with_a_frame: [("a/_rows.html", '{% extends "layouts/desk.html" %}'), ("a/_rows.html", "{% block x %}")],
    macro_outside_components: [("a/page.html", "{% macro row(x) %}{% endmacro %}")],
    escaping_switched_off: [("a/page.html", "{{ name | safe }}"), ("a/page.html", "{% autoescape false %}")],
    inline_script_or_style: [
        ("a/page.html", "<script>go()</script>"),
        ("a/page.html", '<script src="/x.js">go()</script>'),
        ("a/page.html", "<style>p{}</style>"),
        ("a/page.html", '<p style="color:{{ colour }}">'),
        ("a/page.html", '<a href="{{ url }}" onclick="go()">x</a>'),
        ("a/page.html", '<form hx-on:submit="go()">'),
        ("a/page.html", '<form hx-trigger="input[go()]">'),
        ("a/page.html", "<form hx-vals='js:{a: 1}'>"),
    ],
    something_from_outside: [
        ("a/page.html", '<img src="https://cdn.example/x.png">'),
        ("a/page.html", '<link href="//cdn.example/x.css">'),
        ("a/page.html", '<a href="javascript:go()">x</a>'),
    ],
    htmx_without_a_real_action: [
        ("a/page.html", '<div hx-get="/rows"></div>'),
        ("a/page.html", '<button hx-post="/go">x</button>'),
        ("a/page.html", '<a href="/a" hx-get="/b">x</a>'),
        ("a/page.html", '<a href="/a" hx-delete="/a">x</a>'),
        ("a/page.html", '<form method="get" action="/a" hx-post="/a"></form>'),
        ("a/page.html", '<form hx-post="/a"></form>'),
        ("a/page.html", '<form action="/b" hx-get="/a"></form>'),
        ("a/page.html", '<form hx-get="/a" hx-trigger="change"></form>'),
    ],
    post_form_without_its_token: [("a/page.html", '<form method="post" action="/a"><input name="x"></form>')],
    form_without_method_or_action: [("a/page.html", '<form action="/a"></form>')],
    button_without_type: [("a/page.html", "<button>x</button>")],
}
CASES = [(rule, *sample) for rule, samples in RULES.items() for sample in samples]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_template_breaks_the_rule(rule):
    assert [f"{name}: {found}" for name, text in templates().items() for found in rule(name, text)] == []


@pytest.mark.parametrize(("rule", "name", "text"), CASES)
def test_the_rule_notices_a_template_that_breaks_it(rule, name, text):
    assert rule(name, text) != []


GOOD = """{% extends "layouts/desk.html" %}
{% block content %}<form method="post" action="{{ url_for("a.b") }}" hx-post="{{ url_for('a.b') }}">{{ csrf() }}
<button type="submit">好</button></form><a href="{{ url }}" hx-get="{{ url }}">x</a>{% endblock %}"""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_lets_a_good_template_pass(rule):
    assert rule("a/page.html", GOOD) == []


#: Fragments that no first load can show, each with its reason.
ONLY_SWAPPED = {
    "errors/_fragment.html": "a refusal, put into #flash beside the page one is on",
    "kiosk/_sum.html": "what the choice costs; nothing is chosen when the page opens",
}


def test_every_fragment_is_a_piece_of_a_page():
    """The first load and the swap come from the same file: whatever is rendered alone is also included by a page."""
    included = {name for text in templates().values() for name in re.findall(r"""include +["']([^"']+)""", text)}
    fragments = {name for name in templates() if is_fragment(name)}
    assert fragments - included == set(ONLY_SWAPPED)


def rendered() -> set[str]:
    """Names of templates that the application or another page mentions; ``sheet_{layout}.html`` stands for several."""
    quoted = re.compile(r"""["']([a-z_]+/[\w{}-]+\.html)["']""")
    texts = [source.text for source in python("webapp")] + [text for text in templates().values() if "extends" in text]
    mentioned = {name for text in texts for name in quoted.findall(text)}
    return {name for shape in mentioned for name in _all_of(shape)}


def _all_of(shape: str) -> set[str]:
    pattern = re.compile(re.sub(r"\\{\w+\\}", r"\\w+", re.escape(shape)))
    return {name for name in templates() if pattern.fullmatch(name)} if "{" in shape else {shape}


def test_every_template_that_is_rendered_exists():
    assert rendered() - set(templates()) == set()


def test_every_page_is_rendered_by_a_view():
    pages = {name for name in templates() if is_page(name) and not name.startswith("patterns/")}
    assert pages - rendered() == set()


def test_every_template_compiles(house):
    """Unknown filters, unclosed blocks and wrong names of included files would else wait for the first visitor."""
    for name in templates():
        house.jinja_env.get_template(name)
    for text in templates().values():
        for name in re.findall(r"""{%-? *(?:include|from|import|extends) +["']([^"']+)["'] """, text):
            assert name in templates() or name.endswith("/"), name  # a folder: the rest of the name is computed
