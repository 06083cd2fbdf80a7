"""Who acts. Made by ``users`` for each request and handed to services as an argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from webapp.core.errors import NotAllowed

ActorKind = Literal["staff", "resident", "kiosk", "public", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """``grants`` maps a permission to the area paths (``/1/4/``) below which it holds; ``label`` is what the
    book prints: the post and the masked name, never a login. ``where`` is the device or network address. ``household_id``: who signed in on their own phone
    or stands at a kiosk."""

    kind: ActorKind
    label: str
    user_id: int | None = None
    person_id: int | None = None
    household_id: int | None = None
    name: str = ""
    where: str = ""
    grants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def may(self, permission: str, path: str | None = None) -> bool:
        """Whether the actor holds ``permission`` anywhere, or over the area with this path."""
        held = self.scope(permission)
        return bool(held) and (path is None or path.startswith(held))

    def must(self, permission: str, path: str) -> None:
        """:raises NotAllowed: if the actor does not hold ``permission`` over the area with this path."""
        if not self.may(permission, path):
            raise NotAllowed("这不在您负责的区域内，请联系该区域的工作人员。")

    def scope(self, permission: str) -> tuple[str, ...]:
        """Area paths within which the actor holds ``permission``; empty: nowhere."""
        return EVERYWHERE if self.kind == "system" else self.grants.get(permission, ())


EVERYWHERE = ("/",)
#: The software itself: month-end, expiry, imports from the command line.
SYSTEM = Actor(kind="system", label="系统")
PUBLIC = Actor(kind="public", label="访客")
