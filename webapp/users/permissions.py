"""Which post may do what: the one table. A right reaches down the tree from the area of the appointment.

A view states one of these names (``web.access.requires``). docs/access.md shows the table; a test keeps both equal.

Who may appoint: somebody who holds ``users.edit`` by a post over the area, and only to posts that do not stand above
that post. The same rule says whose login they may touch, or resetting a password would be a way up.
"""

from __future__ import annotations

from collections.abc import Iterable

from webapp.core.actor import Actor

#: permission -> what it allows, in Chinese (shown on the appointment page).
PERMISSIONS: dict[str, str] = {
    "desk.open": "进入工作台",
    "places.view": "查看区域、院落、住户、商铺",
    "places.edit": "新增、修改、迁移区域、院落、住户、商铺",
    "places.import": "用 Excel 导入名册",
    "places.export": "导出名册",
    "people.unmask": "查看完整姓名和电话",
    "pins.set": "为住户设置查询密码",
    "schemes.view": "查看积分办法",
    "schemes.edit": "修改积分办法和细则",
    "ledger.view": "查看积分台账",
    "ledger.export": "导出积分台账",
    "codes.print": "打印门牌码和积分卡",
    "codes.manage": "补发、更换、作废门牌码和积分卡",
    "records.make": "扫码记积分",
    "records.view": "查看记实",
    "rounds.run": "组织卫生大检查：开始、分工、结束",
    "rounds.enter": "补录纸质检查表",
    "claims.make": "代居民申报积分",
    "claims.review": "初审申报",
    "reviews.confirm": "月度审核认定",
    "objections.make": "代居民提异议",
    "objections.decide": "调查、答复异议",
    "honours.decide": "评优：设项目、定人选、撤销荣誉",
    "ratings.view": "查看顾客评价",
    "ratings.judge": "核查集中评价",
    "goods.view": "查看兑换与库存",
    "goods.edit": "维护兑换物品和库存",
    "vouchers.hand_over": "核销积分券、发放物品",
    "users.view": "查看人员与任职",
    "users.edit": "管理登录账号和任职",
    "devices.manage": "管理自助终端",
    "audit.view": "查看审计日志",
}

_SEE = {"desk.open", "places.view", "schemes.view", "ledger.view", "records.view", "ratings.view", "goods.view"}
_FIELD = {"records.make", "claims.make", "claims.review", "objections.make"}
_KEEP = {"places.edit", "places.import", "places.export", "people.unmask", "pins.set", "ledger.export"}
_CODES = {"codes.print", "codes.manage"}
_ROUNDS = {"rounds.run", "rounds.enter"}
_GOODS = {"goods.edit", "vouchers.hand_over"}
_RUN = {"ratings.judge", "schemes.edit", "users.view", "users.edit", "devices.manage", "audit.view"}

#: post -> permissions. A post that is missing here serves residents but has no desk or phone of its own yet.
GRANTS: dict[str, frozenset[str]] = {
    "administrator": frozenset(PERMISSIONS)
    - _FIELD
    - _ROUNDS
    - {"reviews.confirm", "objections.decide", "honours.decide"},
    "county_officer": frozenset(
        _SEE | _RUN | {"places.export", "ledger.export", "codes.print", "objections.decide", "honours.decide"}
    ),
    "secretary": frozenset(
        _SEE
        | _FIELD
        | _KEEP
        | _CODES
        | _GOODS
        | _ROUNDS
        | _RUN
        | {"reviews.confirm", "objections.decide", "honours.decide"}
    ),
    "group_head": frozenset(_SEE | _FIELD | {"objections.decide"}),
    "grid_lead": frozenset(_SEE | _FIELD | {"codes.print", "people.unmask", "objections.decide"}),
    "grid_worker": frozenset(_SEE | _FIELD | {"codes.print", "people.unmask", "pins.set"}),
    "inspector": frozenset({"records.make"}),
    "clerk": frozenset(_SEE | {"claims.make", "objections.make", "rounds.enter"} | _KEEP | _CODES | _GOODS),
}


#: Posts that stand above the others, highest last; every other post stands at 0.
STANDING = {"secretary": 1, "county_officer": 2, "administrator": 3}


POST = "post:"


def post_right(post: str) -> str:
    """The name under which an actor's grants hold the post itself, beside what it allows."""
    return POST + post


def grants_of(posts: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """What an actor holds by posts, each with the path of its area: the post itself and all that it allows."""
    grants: dict[str, tuple[str, ...]] = {}
    for post, path in posts:
        for right in (post_right(post), *permissions_of(post)):
            grants[right] = (*grants.get(right, ()), path)
    return grants


def posts_over(actor: Actor, path: str) -> set[str]:
    """The posts that an actor holds over the area with this path."""
    held = (right.removeprefix(POST) for right in actor.grants if right.startswith(POST))
    return {post for post in held if actor.may(post_right(post), path)}


def may_appoint(actor: Actor, post: str, path: str) -> bool:
    """Whether the actor gives and ends this post in the area with this path (see the module's rule)."""
    return actor.kind == "system" or any(
        STANDING.get(own, 0) >= STANDING.get(post, 0) and actor.may(post_right(own), path)
        for own, rights in GRANTS.items()
        if "users.edit" in rights
    )


def permissions_of(post: str) -> frozenset[str]:
    """What a post may do; nothing if it has no rights in the software."""
    return GRANTS.get(post, frozenset())
