"""Who may open what: every route, by everybody, with things of their own and of others, against the table of rights.

What is expected comes from ``users/permissions.py`` and from what each view states, never from what a view does.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from werkzeug.routing import Rule

from tests.attacks.addresses import Site, address, rules_of
from tests.attacks.counties import FAR, OTHER, OWN, Town
from tests.attacks.people import AT_KIOSK, HEAD, KIOSK, NOBODY, PHONE, Someone, nothing_lasts
from tests.attacks.town import card_of
from webapp.core import clock
from webapp.users.permissions import GRANTS, PERMISSIONS
from webapp.web.access import ANYBODY, KIOSK_HOUSEHOLD, RESIDENT, SIGNED_IN
from webapp.web.access import KIOSK as ANY_KIOSK

#: What those without a post open.
STATED = {
    NOBODY: set(),
    PHONE: {RESIDENT},
    HEAD: {RESIDENT},
    KIOSK: {ANY_KIOSK},
    AT_KIOSK: {ANY_KIOSK, KIOSK_HOUSEHOLD},
}
#: Parameters that name nothing of a community.
FREE = {"filename", "hash_", "month", "names", "number", "reference", "register", "seq", "token", "code", "year"}
#: Parameters that name something of the community as a whole; all others name something that stands in one grid.
OF_COMMUNITY = {"board_id", "category_id", "community_id", "device_id", "draft_id", "honour_id", "item_id", "kind_id"}
OF_COMMUNITY |= {"month_id", "round_id", "rule_id", "scheme_id", "station_id"}
#: What a community has in common: whoever serves in a part of it sees it too, with these rights.
IN_COMMON = {"category_id", "community_id", "draft_id", "month_id", "round_id", "rule_id", "scheme_id"}
LOOKS = {"ledger.view", "objections.make", "records.view", "schemes.view"}
#: Only the author of a record or claim takes it back (here: the grid worker of the own grid).
OF_THE_AUTHOR = {"claims.withdraw_for", "inspections.undo"}
#: Only the posts that the claim's scheme names review first.
OF_FIRST_REVIEWERS = {"claims.desk_return", "claims.phone_return"}
#: Of a household's pages: those of heads only, and those that show a head what belongs to the courtyard's households.
OF_HEADS, HEADS_TOO = {"claims.head_inbox", "claims.head_return", "claims.head_pass"}, {"claims.photo"}
OF_HEADS |= {"inspections.results"}
#: What a household sees of its whole community although the address names a part of it: who serves where, and to which
#: published line an objection can be made.
OF_THE_KIOSK = {"kiosk.serving", "reviews.object_to_record"}
#: Not there in this town, whoever asks.
NOT_THERE = {"inspections.result_photo": "the photos of a round are shown to residents when it has ended"}
#: A parameter that names an upload, of which there is none; the area or scheme beside it decides.
UPLOADS = {"places.preview", "places.import_errors", "places.confirm_import"}
UPLOADS |= {"schemes.preview", "schemes.import_errors", "schemes.confirm_import"}
#: Forms that need something else than most.
FILLED: dict[str, Callable[[Site], dict[str, Any]]] = {
    "kiosk.card": lambda site: {"code": card_of(site.grid.household.id)},
    "ledger.export": lambda _: {"reason": "核对一下"},
    "places.export": lambda _: {"reason": "核对一下"},
}
LISTS_ALL = {"users.resident_sign_in": "a household chooses its community there"}
#: Addresses that need something asked for, or a form that says something, to lead anywhere.
ASKED: dict[str, Callable[[Site], dict[str, Any]]] = {
    "rankings.sheet": lambda site: {"month": 202611, "community": site.community.tree.community.id},
    "kiosk.confirm": lambda site: {"item": site.community.item.id},
    "kiosk.redeem_sum": lambda site: {"item": site.community.item.id},
}


@dataclass
class Asking:
    """One request: who asks for what of whom, and whether it must be opened."""

    who: Someone
    method: str
    rule: Rule
    site: str
    opens: bool
    briefly: bool = False  # the refusal as a piece: quicker

    def __str__(self) -> str:
        word = "must open" if self.opens else "must be refused"
        return f"{self.who.post or 'no post'} {self.method} {self.rule.endpoint} of {self.site}: {word}"


class Expectation:
    """The table of rights, and how far each right reaches."""

    def __init__(self, town: Town) -> None:
        self.town, self.own = town, town.sites["own"]
        views = town.app.view_functions
        self.stated = {name: getattr(view, "permission", None) for name, view in views.items()}

    def opens(self, who: Someone, rule: Rule, site: Site) -> bool:
        permission = self.stated[rule.endpoint]
        if permission == ANYBODY or rule.endpoint == "static":
            return True
        if rule.endpoint in NOT_THERE:
            return False
        if not who.staff:
            return permission in STATED[who.post] and self._mine(who, rule, site)
        if permission == SIGNED_IN:
            return rule.endpoint != "records.photo" or self._photo(who, site)
        return permission in GRANTS.get(who.post, ()) and self._reaches(who, rule, site, str(permission))

    def lacks(self, who: Someone, rule: Rule) -> bool:
        """Who does not have the right, whatever is asked for."""
        permission = self.stated[rule.endpoint]
        if permission in (ANYBODY, None) or (who.staff and permission == SIGNED_IN):
            return False
        return permission not in (GRANTS.get(who.post, ()) if who.staff else STATED[who.post])

    def _things(self, rule: Rule) -> set[str]:
        names = rule.arguments - FREE
        return names - {"sha256"} if rule.endpoint in UPLOADS else names

    def _mine(self, who: Someone, rule: Rule, site: Site) -> bool:
        """A household's own things, on its phone or at a kiosk; of a kiosk, its community's."""
        if rule.endpoint in OF_HEADS:
            return who.post == HEAD and site is self.own
        things = self._things(rule)
        if not things:
            return True
        if things <= OF_COMMUNITY or rule.endpoint in OF_THE_KIOSK:
            return site.community is self.own.community
        return site is self.own and (who.post in (PHONE, AT_KIOSK) or rule.endpoint in HEADS_TOO)

    def _photo(self, who: Someone, site: Site) -> bool:
        sees = GRANTS.get(who.post, frozenset()) & {"records.view", "records.make"}
        return bool(sees) and site.grid.area.path.startswith(who.path)

    def _reaches(self, who: Someone, rule: Rule, site: Site, permission: str) -> bool:
        """A right reaches down the tree from the area of the post, and no further."""
        things, community = self._things(rule), site.community.tree.community.path
        if rule.endpoint in OF_THE_AUTHOR:
            return who.post == "grid_worker" and site is self.own
        within = (community if things <= OF_COMMUNITY else site.grid.area.path).startswith(who.path)
        if rule.endpoint in OF_FIRST_REVIEWERS:
            return within and who.post in site.community.schemes["household"].first_reviewers.split(",")
        in_common = things <= IN_COMMON and permission in LOOKS and who.path.startswith(community)
        return not things or within or in_common


@dataclass
class Asked:
    """What came of all requests. Addresses and forms are filled in before the first."""

    town: Town
    deviations: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    _from: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        sites, rules = self.town.sites.items(), rules_of(self.town.app)
        self._forms = {name: form(site) for name, site in sites}
        self._filled = {(end, name): filled(site) for end, filled in FILLED.items() for name, site in sites}
        self._paths = {(rule.rule, name): address(self.town.app, rule, site) for rule in rules for name, site in sites}
        self._asked = {(end, name): asked(site) for end, asked in ASKED.items() for name, site in sites}

    def ask(self, one: Asking, written: Any) -> None:
        written.begin()
        number = next(self._from)  # each from another network address: how often one may ask is another check's matter
        answer = one.who.ask(
            one.method,
            self._paths[one.rule.rule, one.site],
            query_string=self._asked.get((one.rule.endpoint, one.site)),
            data=self._form(one) if one.method == "POST" else None,
            headers={"HX-Request": "true"} if one.briefly else None,
            environ_overrides={"REMOTE_ADDR": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"},
        )
        self.seen["opened" if one.opens else "refused"] += 1
        said = f"{one}, was {answer.status_code} {answer.location or ''}"
        if refused(answer, one.rule) == one.opens or answer.status_code >= 500:
            self.deviations.append(said)
        if not one.opens and written.tables - {"audit_line"}:  # that it was refused is written down
            self.deviations.append(f"{said} and wrote {sorted(written.tables)}")
        theirs = one.site in ("own", "other grid") and one.rule.endpoint not in LISTS_ALL
        if theirs and any(mark in words(answer) for mark in not_theirs(one)):
            self.deviations.append(f"{said} and showed something of elsewhere")

    def _form(self, one: Asking) -> dict[str, Any]:
        return self._filled.get((one.rule.endpoint, one.site)) or self._forms[one.site]


def refused(answer: Any, rule: Rule) -> bool:
    leads = rule.endpoint in ("qrcodes.card_sign_in", "users.sign_out", "users.resident_sign_out")  # to a door, done
    to_door = answer.status_code == 303 and "sign-in" in answer.location and not leads
    return answer.status_code in (401, 403, 404) or to_door


def not_theirs(one: Asking) -> tuple[str, ...]:
    county = one.who.staff and one.who.path.count("/") <= 2  # sees the community next door too
    return (FAR,) if county else (FAR, OTHER)


def words(answer: Any) -> str:
    """The page's text; of a workbook, its cells."""
    data = answer.get_data()
    if data[:2] != b"PK":
        return data.decode("utf-8", "replace")
    with zipfile.ZipFile(BytesIO(data)) as book:
        return "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist() if name.endswith(".xml"))


def form(site: Site) -> dict[str, Any]:
    """Fields that many forms have, filled in so that some would be done."""
    community, grid, today = site.community, site.grid, clock.today().isoformat()
    return {
        **{"reason": "核对一下", "note": "支委会定的", "name": "新来的", "number": "N-77", "kind": "micro_grid"},
        **{
            "area": grid.area.id,
            "area_id": grid.area.id,
            "station_id": community.station.id,
            "scheme_id": community.schemes["household"].id,
        },
        **{
            "community": community.tree.community.id,
            "month": 202612,
            "record": grid.claim.id,
            "item": community.item.id,
        },
        **{"quantity": 1, "expected": 20, "price": "3", "unit": "件", "icon": "package", "days_to_fetch": 15},
        **{"position": 1, "seconds": 15, "paper": "80", "code": "household", "post": "volunteer", "last_day": today},
        **{"starts_on": today, "period": "month", "leagues": "all", "places": 3, "minimum": "0", "months": 12},
        **{"identity": "", "household_number": grid.household.number, "courtyard_number": grid.courtyard.number},
        **{"relation": "邻居", "holders": grid.shop.id, "active": "1", "keep": "1"},
    }


def all_askings(town: Town, often: int, part: int) -> Iterator[Asking]:
    """Each request, but to save time: what must be opened only by the first ``often`` of those who may, one in ``part`` of
    those that must be refused, and whoever lacks the right asks only for things of their own grid."""
    expectation, opened, turn = Expectation(town), Counter[tuple[str, str, str]](), count()
    rules, full = rules_of(town.app), (often, part) == EVERYTHING
    for who in town.people:
        for rule in rules:
            lacks = expectation.lacks(who, rule)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                for site in town.sites if rule.arguments and (full or not lacks) else ("own",):
                    opens = expectation.opens(who, rule, town.sites[site])
                    key = (rule.rule, method, site)
                    opened[key] += opens
                    if opened[key] <= often if opens else next(turn) % part == 0:
                        yield Asking(who, method, rule, site, opens, briefly=not opens and who.staff and not full)


EVERYTHING = (99, 1)


def test_every_view_states_who_may_open_it_and_every_address_can_be_filled_in(town):
    stated = Expectation(town).stated
    known = {*PERMISSIONS, ANYBODY, SIGNED_IN, ANY_KIOSK, KIOSK_HOUSEHOLD, RESIDENT}
    assert {name for name, said in stated.items() if said not in known} == {"static"}
    for rule in rules_of(town.app):
        assert address(town.app, rule, town.sites["own"]).startswith("/")


def test_each_opens_exactly_what_the_table_of_rights_says(town, scale, figure):
    asked = Asked(town)
    often, part = scale(small=1, routine=1, full=99), scale(small=4, routine=2, full=1)
    with nothing_lasts() as written:
        for one in all_askings(town, often, part):
            asked.ask(one, written)
    routes, people = len(rules_of(town.app)), len(town.people)
    figure(
        f"S3 matrix: {sum(asked.seen.values())} requests, {routes} routes, {people} people, {len(town.sites)} places, "
        f"{asked.seen['opened']} opened, {asked.seen['refused']} refused, {len(asked.deviations)} deviations"
    )
    assert not asked.deviations, "\n".join(asked.deviations[:40])
    assert min(asked.seen.values()) > routes // 2


#: Names under which an address may ask for something, and what of.
NAMED: dict[str, Callable[[Site], Any]] = {
    **{name: lambda site: site.community.tree.community.id for name in ("community", "area", "area_id")},
    "grid": lambda site: site.grid.area.id,
    "courtyard": lambda site: site.grid.courtyard.id,
    "household": lambda site: site.grid.household.id,
    "for": lambda site: site.grid.household.id,
    "scheme": lambda site: site.community.schemes["household"].id,
    "category": lambda site: site.community.rule.category_id,
    "item": lambda site: site.community.item.id,
    "mends": lambda site: site.grid.claim.id,
    "object": lambda site: site.grid.household.id,
    "preset": lambda site: site.community.schemes["household"].id,
}
MORE = {"kind": "household", "month": 202611, "all": "1", "state": "all", "first": "", "q": ""}


@pytest.mark.parametrize("elsewhere", ["next door", "other county"])
def test_no_list_shows_anything_of_another_community_whatever_its_address_asks_for(town, elsewhere, scale):
    site = town.sites[elsewhere]
    asked = {name: value(site) for name, value in NAMED.items()}
    posts = ("secretary", "grid_worker", "clerk", "inspector", PHONE, HEAD, AT_KIOSK)
    few = scale(small=2, routine=4, full=len(posts))
    rules = [rule for rule in rules_of(town.app) if not rule.arguments and rule.endpoint not in LISTS_ALL]
    showed, own = [], 0
    with nothing_lasts():
        for who in map(town.who, posts[:: max(1, len(posts) // few)]):
            for rule in (rule for rule in rules if "GET" in (rule.methods or ())):
                answer = who.ask("GET", rule.rule, query_string={**MORE, **asked})
                own += OWN in words(answer)
                found = [mark for mark in (OTHER, FAR) if mark in words(answer)]
                showed += (
                    [f"{who.post} {rule.rule}: {answer.status_code}"] if found or answer.status_code >= 500 else []
                )
    assert showed == []
    assert own > 10, "the pages show hardly anything"


#: Forms without an object in their address that act on whoever sends them, or on all they keep, whatever else they say.
ON_ONESELF = {
    "audit.export",
    *("users.sign_out", "users.resident_sign_out", "kiosk.leave", "kiosk.stay", "kiosk.type_size", "kiosk.print_slip"),
    *("users.sign_in", "users.resident_sign_in", "users.change_password", "claims.draft", "kiosk.claim_note"),
}


@pytest.mark.parametrize("elsewhere", ["next door", "other county"])
def test_no_form_that_names_a_thing_of_another_community_changes_anything(town, elsewhere):
    rules = [rule for rule in rules_of(town.app) if not rule.arguments and "POST" in (rule.methods or ())]
    wrote: dict[str, set[str]] = {"own": set(), elsewhere: set()}
    with nothing_lasts() as written:
        for who in map(town.who, ("secretary", "clerk", "grid_worker", PHONE, AT_KIOSK)):
            for rule in (rule for rule in rules if rule.endpoint not in ON_ONESELF):
                for site, found in wrote.items():
                    written.begin()
                    place = town.sites[site]
                    answer = who.ask("POST", rule.rule, data=FILLED.get(rule.endpoint, form)(place))
                    assert answer.status_code < 500
                    if written.tables - {"audit_line"}:
                        found.add(f"{who.post} {rule.endpoint}")
    assert wrote[elsewhere] == set()
    assert len(wrote["own"]) > 10, wrote["own"]
