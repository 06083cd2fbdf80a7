"""What must hold before something is recorded: the rule, the recorder, the proof, recusal, audience, caps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cached_property

from sqlalchemy import bindparam, select

from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid, LimitReached, NotAllowed
from webapp.core.points import Points
from webapp.places.models import Household, Kinship, Person
from webapp.prepared import Prepared
from webapp.records.models import Record
from webapp.records.queries import Target, uses_of_rule
from webapp.schemes.queries import RuleView, Ruling, Terms
from webapp.users.permissions import posts_over
from webapp.users.queries import courtyards_headed_by, courtyards_headed_in

MOST_PHOTOS = 3

_person, _household = Person.__table__.c, Household.__table__.c
_HOME = Prepared(
    select(_person.household_id, _household.courtyard_id)
    .select_from(Person.__table__)
    .outerjoin(Household.__table__, _household.id == _person.household_id)
    .where(_person.id == bindparam("person"))
)


_kin = Kinship.__table__.c
_RELATED = Prepared(select(_kin.household_id).where(_kin.person_id == bindparam("person")))


def check_open(target: Target, day: date) -> None:
    """:raises Conflict: for a day of a month whose book is closed."""
    until = target.closed_to
    if until is not None and day <= until:
        words = f"{until.year} 年 {until.month} 月 {until.day} 日"
        raise Conflict(f"{words}及以前的账已经关了，不能再记那几天的事。有疑问请联系社区。", field="happened_at")


def check_rule(ruling: Ruling, target: Target) -> None:
    """The version judges, and its scheme is for this kind of holder in this area.

    :raises Conflict: if the rule was changed, ended, or is of another scheme.
    """
    rule, scheme = ruling.rule, ruling.scheme
    if not ruling.in_force:
        raise Conflict(f"细则「{rule.title}」已经修改或停用，请重新选择一条。", field="rule")
    fits = scheme.holder_kind == target.kind and target.path.startswith(scheme.path)
    if not fits or not scheme.active:
        raise Conflict(f"「{scheme.name}」不适用于这里，请重新选择细则。", field="rule")
    if not target.active:
        raise Conflict("这一处已经停用，不能再记分。请核对是不是扫了旧的门牌码。", field="rule")


def check_recorder(rule: RuleView, target: Target, actor: Actor) -> None:
    """One of the recorder's posts over the area is named in the rule. The software itself may record any rule.

    :raises NotAllowed: if none is.
    """
    if actor.kind == "system":
        return
    if posts_over(actor, target.path).isdisjoint(rule.recorders):
        wanted = rule.recorder_names
        raise NotAllowed(f"这条细则由{wanted}来记，您的岗位不能记。请选别的细则，或请他们来记。", field="rule")


def check_points(rule: RuleView, points: Points) -> None:
    """:raises Invalid: if the points lie outside what the rule gives."""
    if rule.allows(points):
        return
    if rule.fixed:
        raise Invalid(f"「{rule.title}」只能记 {rule.lowest} 分。", field="points")
    raise Invalid(f"「{rule.title}」要在 {rule.lowest} 到 {rule.highest} 分之间，请重选分值。", field="points")


def check_proof(rule: RuleView, note: str, photos: Sequence[str]) -> None:
    """:raises Invalid: if the proof that the rule wants is missing, or there are too many photos."""
    if len(photos) > MOST_PHOTOS:
        raise Invalid(f"照片最多 {MOST_PHOTOS} 张，请去掉几张。", field="photos")
    if rule.proof == "photo" and not photos:
        raise Invalid(f"「{rule.title}」要附照片，请拍一张再记。", field="photos")
    if rule.proof == "note" and not note:
        raise Invalid(f"「{rule.title}」要写说明，请写明是什么事。", field="note")


def in_reach(actor: Actor, target: Target, source: str) -> bool:
    """Whether the actor records here at all: staff in their areas; a household claims for itself and its people, and,
    if one of them heads a courtyard, for that courtyard and its households."""
    if actor.household_id is None:
        return actor.may("claims.make" if source == "claim" else "records.make", target.path)
    if source != "claim":
        return False
    own = actor.household_id in (target.id, target.household_id)
    return own or _yard_of(target) in courtyards_headed_in(actor.household_id)


def _yard_of(target: Target) -> int | None:
    return target.id if target.kind == "courtyard" else target.courtyard_id


def wrote(record: Record, actor: Actor) -> bool:
    """Whether a record is the actor's own: written under their login, as their person, or by their household."""
    mine = (
        (actor.user_id, record.recorder_id),
        (actor.person_id, record.recorder_person_id),
        (actor.household_id, record.recorder_household_id),
    )
    return any(own is not None and own == theirs for own, theirs in mine)


def check_claimable(rule: RuleView) -> None:
    """:raises Invalid: for what takes points or stops an account: only staff write that down; and for what only the
    software records."""
    if rule.veto or rule.highest.tenths <= 0 or not rule.by_hand:
        raise Invalid(f"「{rule.title}」不能申报，请选加分的细则。", field="rule")


class Interests:
    """What somebody has an interest in, looked up when it is first needed and once however many places are asked about."""

    def __init__(self, person_id: int) -> None:
        self._person_id = person_id

    @cached_property
    def kin(self) -> set[int]:
        """Households of declared relatives."""
        return {row.household_id for row in _RELATED.all(person=self._person_id)}

    @cached_property
    def home(self) -> tuple[int | None, int | None]:
        """The own household and its courtyard."""
        row = _HOME.first(person=self._person_id)
        return (row[0], row[1]) if row else (None, None)

    @cached_property
    def headed(self) -> set[int]:
        """Courtyards of which they are the head."""
        return courtyards_headed_by(self._person_id)

    def why_recused(self, target: Target, *, as_head: bool = True) -> str:
        """As the function of this name says."""
        if target.id == self._person_id:
            return "不能给自己记分"
        if target.kind == "shop" and target.owner_id is None:  # nobody known here keeps it
            return ""
        if target.kind != "courtyard" and self.kin & {target.id, target.household_id}:  # a courtyard is no household
            return "这是您申报过的亲属家"
        heading = as_head or target.kind == "courtyard"
        headed = self.headed if heading and target.kind in ("courtyard", "household") else set()
        household_id, courtyard_id = self.home
        own_household = household_id is not None and household_id in (target.id, target.household_id)
        reasons = {
            "person": "这是您家里的人" if own_household else "",
            "household": "这是您自己家"
            if own_household
            else _if_in(target.courtyard_id, headed, "这一户在您负责的院落"),
            "courtyard": _if_in(target.id, headed, "这是您负责的院落")
            or _if_in(target.id, {courtyard_id}, "您就住在这个院落"),
            "shop": "这是您自己家的店" if own_household or target.owner_id == self._person_id else "",
        }
        return reasons[target.kind]


def why_recused(target: Target, person_id: int | None, *, as_head: bool = True) -> str:
    """回避: why somebody may not score this place; empty if they may.

    Nobody scores themselves, their own household and its members, a declared relative's household, the courtyard they
    live in or head, a household of the courtyard they head, or a shop that they or their household own (domain.md,
    section 15.4). ``as_head=False``: to head a courtyard is no interest in its households; their head reviews them
    first.
    """
    return Interests(person_id).why_recused(target, as_head=as_head) if person_id is not None else ""


def _if_in(found: int | None, those: set[int] | set[int | None], words: str) -> str:
    return words if found is not None and found in those else ""


def check_recusal(target: Target, actor: Actor) -> None:
    """:raises NotAllowed: if the recorder has an interest in the place."""
    why = why_recused(target, actor.person_id)
    if why:
        raise NotAllowed(f"{why}，按规定要回避，请同事来记。", field="rule")


def check_caps(rule: RuleView, target: Target, day: date) -> None:
    """The holder's row must be locked already, or two could pass at once.

    :raises LimitReached: if the rule has been recorded as often as it may.
    """
    if rule.cap_day is rule.cap_month is rule.cap_year is None:
        return
    full = uses_of_rule(target.id, rule.rule_id, day).reached(rule)
    if full:
        raise LimitReached(f"「{rule.title}」{full}，不能再记。", field="rule")


def takes_part(audience: str, target: Target) -> bool:
    """Whether a holder of the right kind is among those whom a scheme is for (``Scheme.audience``)."""
    if audience == "courtyard_head":
        return bool(courtyards_headed_by(target.id))
    members = {
        "all": True,
        "party_member": target.party_member,
        "volunteer": target.volunteer,
        "staff": target.staff,
    }
    return members[audience]


def check_audience(scheme: Terms, target: Target) -> None:
    """:raises Conflict: if the person is not one of those whom the scheme is for."""
    if not takes_part(scheme.audience, target):
        words = {"courtyard_head": "院长", "party_member": "党员", "volunteer": "志愿者", "staff": "社区工作者"}
        raise Conflict(f"「{scheme.name}」只给{words[scheme.audience]}记分，请先核对这位居民的登记。", field="rule")
