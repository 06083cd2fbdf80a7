"""What the audit log calls the acts on registers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from webapp.audit.words import AuditWords, named_by
from webapp.core.text import mask_name
from webapp.extensions import db
from webapp.places.models import AREA_KINDS, HOLDER_KINDS, Area, Holder, Station

_REGISTERED = {
    "area": "区域",
    "courtyard": "院落",
    "household": "住户",
    "person": "居民",
    "shop": "商铺",
    "station": "服务站",
}
_FIELDS = {
    "name": "名称",
    "number": "编号",
    "colour": "颜色",
    "phone": "电话",
    "position": "顺序",
    "address": "地址",
    "lane": "街巷",
    "tenure": "居住情况",
    "party_member": "党员",
    "volunteer": "志愿者",
    "staff": "工作人员",
    "identity_tail": "证件号码",
    "identity_digest": "证件号码",
    "trade": "行业",
    "keeper": "经营者",
    "hours": "开放时间",
    "owner_id": "店主",
    "area_id": "所属区域",
}


def _holders(keys: Sequence[int]) -> dict[int, str]:
    """``3-08 2排8号院``; people and households masked."""
    statement = select(Holder.id, Holder.kind, Holder.number, Holder.name).where(Holder.id.in_(keys))
    open_kinds = ("courtyard", "shop")
    return {
        key: f"{number} {name if kind in open_kinds else mask_name(name)}"
        for key, kind, number, name in db.session.execute(statement)
    }


AUDIT_WORDS = AuditWords(
    names={
        **dict.fromkeys((*HOLDER_KINDS, "holder"), _holders),
        "area": named_by(Area.id, Area.name),
        "station": named_by(Station.id, Station.name),
    },
    subjects={**_REGISTERED, "register": "名册"},
    actions={
        **{f"{kind}:added": f"新增{name}" for kind, name in _REGISTERED.items()},
        **{f"{kind}:changed": f"修改{name}" for kind, name in _REGISTERED.items()},
        "area:moved": "迁移区域",
        "area:closed": "停用区域",
        "area:reopened": "恢复区域",
        "courtyard:moved": "迁移院落",
        "courtyard:closed": "停用院落",
        "courtyard:reopened": "恢复院落",
        "household:moved": "住户搬家",
        "household:closed": "注销住户",
        "household:reopened": "恢复住户",
        "household:unmasked": "查看住户完整信息",
        "person:moved-in": "居民迁入",
        "person:moved-out": "居民迁出",
        "person:kin-declared": "申报亲属",
        "person:kin-ended": "取消亲属申报",
        "person:unmasked": "查看居民完整信息",
        "shop:moved": "迁移商铺",
        "shop:closed": "停用商铺",
        "shop:reopened": "恢复商铺",
        "shop:unmasked": "查看商铺完整信息",
        "station:closed": "停用服务站",
        "station:reopened": "恢复服务站",
        "register:imported": "导入名册",
        "register:exported": "导出名册",
    },
    details={
        "fields": "改了",
        "kind": "类型",
        "household": "户号",
        "register": "名册",
        "full": "完整姓名电话",
        "sha256": "文件指纹",
        "changed_numbers": "修改的编号",
    },
    values={
        "kind": AREA_KINDS,
        "register": {
            "areas": "区域",
            "courtyards": "院落",
            "households": "住户",
            "people": "居民",
            "shops": "商铺",
            "stations": "服务站",
        },
        "fields": _FIELDS,
    },
)
