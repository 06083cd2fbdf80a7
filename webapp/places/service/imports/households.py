"""Planning the roster of households and residents: a row each resident, the household's cells once or on every row."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from webapp.core.errors import Invalid
from webapp.core.sheets import Row
from webapp.places.models import number_of
from webapp.places.service.imports.drafts import Community, HouseholdDraft, HouseholdThere, PersonThere, ResidentDraft
from webapp.places.service.imports.finder import AreaFinder
from webapp.places.service.imports.plan import Plan, Task, first_free_id, given
from webapp.places.service.imports.registers import HOUSEHOLDS, TENURE_WORDS, YES_NO
from webapp.places.service.imports.settling import Settling

#: The household's cells, and the column of the table in which each is stored.
_HEAD = {"head": "name", "tenure": "tenure", "phone": "phone"}
_HOUSEHOLD_TITLES = {
    "name": "户主",
    "tenure": "居住情况",
    "phone": "住户电话",
    "courtyard_id": "院落编号",
    "area_id": "所属区域",
}
_RESIDENT_TITLES = {
    "name": "居民姓名",
    "phone": "居民电话",
    "identity_tail": "证件号码",
    "identity_digest": "证件号码",
    "party_member": "党员",
    "volunteer": "志愿者",
}


class HouseholdPlanner:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.finder = AreaFinder(self.task.base)
        self.community = Community(self.task.base.id)
        self.plan = Plan(HOUSEHOLDS)
        self.placeless: set[str] = set()  # households whose place was blamed already
        self.bad_rows = {error.row_number for error in task.table.errors}
        self.households: dict[str, HouseholdDraft] = {}
        self.residents: list[ResidentDraft] = []
        self.taken: dict[int, int] = {}
        self.digests: dict[str, int] = {}
        self.names: dict[tuple[str, str], int] = {}

    def work_out(self) -> Plan:
        for row in self.task.table.rows:
            self._plan(row)
        for draft in self.households.values():
            self._finish(draft)
        self._count()
        settling = Settling(self.task, self.households.values(), self.residents)
        self.plan.write = settling.write
        self.plan.ready = partial(ReadyHouseholds, self.task, self.community, self.finder, settling)
        return self.plan

    # households

    def _plan(self, row: Row) -> None:
        number = number_of(row.text("number"))
        draft = self.households.get(number)
        if draft is None:
            there = self.community.households.get(number)
            if there is not None and not there.active:
                self.task.blame(row, "number", "这一户已注销，请先在系统里恢复它，或换一个户号。", number)
                return
            draft = self.households[number] = HouseholdDraft(number, row.number, there)
        self._household(row, draft)
        if row.values["name"]:
            self._resident(row, draft)
        elif any(
            row.values[key] is not None for key in ("relation", "identity", "mobile", "party_member", "volunteer")
        ):
            self.task.blame(row, "name", "填了居民的情况，却没有姓名。")

    def _household(self, row: Row, draft: HouseholdDraft) -> None:
        """Take over the household's cells; rows of one household may not contradict each other."""
        wanted = {column: row.values[key] for key, column in _HEAD.items() if row.values[key] is not None}
        if "tenure" in wanted:
            wanted["tenure"] = TENURE_WORDS[wanted["tenure"]]
        wanted |= self._place(row, draft.there)
        for column, value in wanted.items():
            before = draft.wanted.setdefault(column, value)
            if before != value:
                title = _HOUSEHOLD_TITLES[column]
                self.task.table.blame(row.number, title, f"与第 {draft.row_number} 行起同一户填的不一样，请改成一致。")
        draft.since = draft.since or row.values["since"]

    def _place(self, row: Row, there: HouseholdThere | None) -> dict[str, Any]:
        """Where a household is to live: by its courtyard, or by an area alone, which does not pull it out of a
        courtyard that stands in that area."""
        if row.values["courtyard"] is not None:
            courtyard = self.community.courtyards.get(number_of(row.text("courtyard")))
            if courtyard is not None and courtyard.active:
                return {"courtyard_id": courtyard.id, "area_id": courtyard.area_id}
            problem = "这个院落已停用，请先启用它。" if courtyard else "本社区没有这个院落编号，请先导入或新增院落。"
            self.task.blame(row, "courtyard", problem, row.text("courtyard"))
            self.placeless.add(number_of(row.text("number")))
        elif row.values["area"] is not None:
            try:
                area = self.finder.find(row.text("area")).area
            except Invalid as error:
                self.task.blame(row, "area", error.message, row.text("area"))
                self.placeless.add(number_of(row.text("number")))
            else:
                stays = there is not None and area is not None and there.area_id == area.id
                return {} if area is None or stays else {"courtyard_id": None, "area_id": area.id}
        return {}

    def _finish(self, draft: HouseholdDraft) -> None:
        """What a whole household must have."""
        if draft.there is not None:
            self._check_move(draft, draft.there)
            return
        if draft.row_number - 1 in self.bad_rows:
            return  # that row was left out for a cell of its own; most likely it is this household's first
        if "area_id" not in draft.wanted and draft.number not in self.placeless:
            self._blame(draft, "courtyard", "新住户要填院落编号；没有院落的，填所属区域。")
        if "name" not in draft.wanted:
            self._blame(draft, "head", "新住户要填户主。")

    def _check_move(self, draft: HouseholdDraft, there: HouseholdThere) -> None:
        day = draft.since or self.task.today
        moves = draft.differences().keys() & {"area_id", "courtyard_id"}
        if moves and there.stay_from and day < there.stay_from:
            self._blame(draft, "since", f"搬家日期早于这一户原来的入住日期 {there.stay_from}。")

    def _blame(self, draft: HouseholdDraft, key: str, message: str) -> None:
        self.task.table.blame(draft.row_number, HOUSEHOLDS.column(key).title, message, draft.number)

    # residents

    def _resident(self, row: Row, draft: HouseholdDraft) -> None:
        wanted = self._facts(row)
        there = self._who(row, draft, wanted)
        if self._is_repeated(row, draft, wanted, there) or self._is_too_early(row, there):
            return
        self.residents.append(
            ResidentDraft(row.number, draft, there, wanted, row.values["relation"], row.values["since"])
        )

    def _facts(self, row: Row) -> dict[str, Any]:
        wanted = given(row, "name")
        if row.values["mobile"] is not None:
            wanted["phone"] = row.values["mobile"]
        for flag in ("party_member", "volunteer"):
            if row.values[flag] is not None:
                wanted[flag] = row.values[flag] == YES_NO[0]
        if row.values["identity"]:
            wanted["identity_tail"], wanted["identity_digest"] = self.task.workings.identity(row.text("identity"))
        return wanted

    def _who(self, row: Row, draft: HouseholdDraft, wanted: dict[str, Any]) -> PersonThere | None:
        """The same identity number is the same person; without one, the same name in the same household."""
        digest = wanted.get("identity_digest")
        known = self.community.by_digest.get(digest) if digest else None
        if known is not None or draft.there is None:
            return known
        same = self.community.by_name.get((draft.there.id, wanted["name"]), [])
        fitting = [person for person in same if not digest or person.identity_digest is None]
        if len(fitting) > 1:
            self.task.blame(row, "identity", "这一户有几位同名的居民，请填证件号码。", wanted["name"])
        return fitting[0] if fitting else None

    def _is_repeated(self, row: Row, draft: HouseholdDraft, wanted: dict[str, Any], there: PersonThere | None) -> bool:
        """Whether an earlier row is about the same person."""
        digest = wanted.get("identity_digest")
        earlier = self.digests.get(digest) if digest else self.names.get((draft.number, wanted["name"]))
        earlier = earlier or (self.taken.get(there.id) if there else None)
        if earlier:
            self.task.blame(
                row, "identity" if digest else "name", f"与第 {earlier} 行是同一个人，只能写一次。", wanted["name"]
            )
            return True
        if digest:
            self.digests[digest] = row.number
        self.names[draft.number, wanted["name"]] = row.number
        if there is not None:
            self.taken[there.id] = row.number
        return False

    def _is_too_early(self, row: Row, there: PersonThere | None) -> bool:
        since = row.values["since"]
        if since is not None and since > self.task.today:
            self.task.blame(row, "since", "日期还没到，请填今天或以前的日期。", since)
            return True
        return False

    def _count(self) -> None:
        """A row counts as its resident; a household's own change counts on its first row."""
        first = {draft.row_number: draft for draft in self.households.values()}
        residents = {resident.row_number: resident for resident in self.residents}
        bad_rows = {error.row_number for error in self.task.table.errors}
        for row in self.task.table.rows:
            if row.number in bad_rows:
                continue
            head, resident = first.get(row.number), residents.get(row.number)
            new = bool((head and head.there is None) or (resident and resident.there is None))
            fields = [_HOUSEHOLD_TITLES[key] for key in head.differences()] if head else []
            fields += _resident_changes(resident) if resident else []
            self.plan.count(row.number, row.text("number"), new=new, fields=list(dict.fromkeys(fields)))


class ReadyHouseholds:
    """The roster's new rows in a file, as long as nothing has changed that they were made of."""

    def __init__(
        self, task: Task, community: Community, finder: AreaFinder, settling: Settling, file: Path, now: datetime
    ) -> None:
        self.task, self._community, self._finder, self._settling = task, community, finder, settling
        self._first_id = first_free_id()
        self._staged = settling.stage(file, now)

    def still_right(self) -> bool:
        return (
            first_free_id() == self._first_id
            and self._community.says_the_same(Community(self.task.base.id))
            and self._finder.says_the_same(AreaFinder(self.task.base))
        )

    def write(self, now: datetime) -> None:
        self._settling.write_staged(self._staged)

    def drop(self) -> None:
        self._staged.drop()


def _resident_changes(resident: ResidentDraft) -> list[str]:
    titles = [_RESIDENT_TITLES[key] for key in resident.differences()]
    if resident.moves:
        titles.append("户号")
    elif resident.relation_differs:
        titles.append("与户主关系")
    return titles
