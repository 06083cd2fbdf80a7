"""The registers that come from Excel: their columns, which templates, imports and exports share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.core.errors import NotFound
from webapp.core.sheets import Column
from webapp.places.models import AREA_KINDS, COLOURS, TENURES

YES_NO = ("是", "否")
#: 街道/乡镇 may be written 街道 or 乡镇.
KIND_WORDS = {word: kind for kind, title in AREA_KINDS.items() for word in (title, *title.split("/"))}
COLOUR_WORDS = {title: colour for colour, title in COLOURS.items()}
TENURE_WORDS = {title: tenure for tenure, title in TENURES.items()}

_AREA_HELP = "区域名称或编号；有同名的写全上级，例如 红色网格/一片区；不填就是所选的导入范围"
_AREA = Column("area", "所属区域", help=_AREA_HELP, width=24)
_POSITION = Column("position", "排序", "integer", help="整数，小的排在前面", width=8)
_ADDRESS = Column("address", "地址", max_length=120, width=28)


@dataclass(frozen=True)
class Register:
    """One kind of roster. ``only_community``: its file is for one community, not for a street or county."""

    key: str
    title: str
    columns: Sequence[Column]
    examples: Sequence[Mapping[str, str]]
    only_community: bool = False

    def column(self, key: str) -> Column:
        return next(column for column in self.columns if column.key == key)


AREAS = Register(
    "areas",
    "区域",
    (
        Column("parent", "上级区域", help=_AREA_HELP, width=24),
        Column("kind", "类型", "choice", required=True, choices=tuple(KIND_WORDS)),
        Column("name", "名称", required=True, max_length=60),
        Column("number", "编号", max_length=20),
        Column("colour", "颜色", "choice", choices=tuple(COLOUR_WORDS), help="只有网格填颜色，片区跟着网格"),
        Column("phone", "电话", max_length=30, width=18),
        _POSITION,
    ),
    (
        {"parent": "昌宁社区", "kind": "网格", "name": "红色网格", "number": "01", "colour": "红色", "position": "1"},
        {"parent": "红色网格", "kind": "片区", "name": "一片区", "number": "0101", "position": "1"},
    ),
)
COURTYARDS = Register(
    "courtyards",
    "院落",
    (
        Column("number", "院落编号", required=True, max_length=30),
        Column("name", "院落名称", required=True, max_length=60, width=22),
        _AREA,
        _ADDRESS,
        Column("lane", "街巷", max_length=60),
        _POSITION,
    ),
    (
        {
            "number": "Y012",
            "name": "文林路12号院",
            "area": "红色网格/一片区",
            "address": "文林路 12 号",
            "lane": "文林路",
            "position": "12",
        },
    ),
)
HOUSEHOLDS = Register(
    "households",
    "住户和居民",
    (
        Column("number", "户号", required=True, max_length=30, help="同一户的每位居民各写一行，户号相同"),
        Column("head", "户主", max_length=60, help="新住户必填，同一户写一次就行"),
        Column("courtyard", "院落编号", max_length=30, help="先在系统里有这个院落"),
        _AREA,
        Column("tenure", "居住情况", "choice", choices=tuple(TENURE_WORDS)),
        Column("phone", "住户电话", "phone", width=18),
        Column("name", "居民姓名", max_length=60, help="不填则只登记住户"),
        Column("relation", "与户主关系", max_length=20),
        Column(
            "identity", "证件号码", "id_number", max_length=30, width=24, help="系统只保留末四位，用来认出是同一个人"
        ),
        Column("mobile", "居民电话", "phone", width=18),
        Column("party_member", "党员", "choice", choices=YES_NO, width=8),
        Column("volunteer", "志愿者", "choice", choices=YES_NO, width=8),
        Column("since", "入住日期", "date", help="不填就是导入当天", width=14),
    ),
    (
        {
            "number": "12-101",
            "head": "刘红梅",
            "courtyard": "Y012",
            "tenure": "房主",
            "phone": "13800001234",
            "name": "刘红梅",
            "relation": "户主",
        },
        {"number": "12-101", "name": "王小明", "relation": "儿子", "party_member": "是", "since": "2026-09-01"},
    ),
    only_community=True,
)
SHOPS = Register(
    "shops",
    "商铺",
    (
        Column("number", "商铺编号", required=True, max_length=30),
        Column("name", "店名", required=True, max_length=60, width=24),
        _AREA,
        _ADDRESS,
        Column("trade", "行业", max_length=40),
        Column("keeper", "经营者", max_length=40),
        Column("phone", "电话", "phone", width=18),
        Column(
            "owner", "店主居民编号", max_length=30, help="店主是登记的居民时填，例如 P000123；店主不能给自己的店打分"
        ),
        _POSITION,
    ),
    (
        {
            "number": "S0008",
            "name": "老王五金店",
            "area": "红色网格",
            "address": "文林路 8 号",
            "trade": "五金",
            "keeper": "王建国",
            "phone": "13700004321",
        },
    ),
)

REGISTERS = {register.key: register for register in (AREAS, COURTYARDS, HOUSEHOLDS, SHOPS)}


def register_of(key: str) -> Register:
    """:raises NotFound: if there is none of that name."""
    if key not in REGISTERS:
        raise NotFound("没有这种名册。请从导入页面重新选择。")
    return REGISTERS[key]
