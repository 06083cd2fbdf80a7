"""What forms of staff offer to choose from, each within what the one who asks may give."""

from __future__ import annotations

from wtforms.fields.choices import SelectChoice

from webapp.core.errors import Invalid
from webapp.places import queries as places
from webapp.places.models import Area, Courtyard
from webapp.users.models import POSTS
from webapp.users.permissions import may_appoint
from webapp.web.access import actor
from webapp.web.forms import options


def area_choices(chosen: Area | None = None) -> list[SelectChoice]:
    nodes = places.area_options(actor().scope("users.edit"), chosen=chosen)
    return options((node.area.id, "　" * node.depth + node.area.name) for node in nodes)


def post_choices() -> list[SelectChoice]:
    """Posts that the actor gives somewhere."""
    paths = actor().scope("users.edit")
    return options((post, name) for post, name in POSTS.items() if any(may_appoint(actor(), post, p) for p in paths))


def courtyard_numbered(area: Area, number: str | None) -> Courtyard | None:
    """:raises Invalid: if the area's community has no such courtyard."""
    if not number:
        return None
    community = places.community_of(area)
    found = places.courtyard_by_number(community.id, number)
    if found is None:
        raise Invalid(f"「{community.name}」没有这个编号的院落。请核对编号，或换一个区域。", field="courtyard_number")
    return found
