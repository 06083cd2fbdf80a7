"""Forms of the registers. Names and phones of people are never sent to a form: an empty field leaves what is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import NumberRange

from webapp.core import clock
from webapp.places.models import AREA_KINDS, COLOURS, TENURES
from webapp.places.queries import AreaNode
from webapp.web.forms import Form, at_most, given, optional, options, required

INDENT = "　"


def _position() -> IntegerField:
    return IntegerField(
        "排序",
        default=0,
        validators=[optional(), NumberRange(0, 1_000_000, message="请填 0 到 1000000 的整数。")],
        description="小的排在前面。",
        filters=[lambda value: value or 0],
    )


class AreaChoice(SelectField):  # type: ignore[misc]  # WTForms has no types
    """A choice among areas as a tree: ``choose_from`` sets it; ``data`` is the id."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        super().__init__(label, coerce=int, validate_choice=False, **kwargs)
        self.flags.required = True  # something is always chosen

    def choose_from(self, nodes: Iterable[AreaNode]) -> None:
        self.choices = options((node.area.id, f"{INDENT * node.depth}{node.area.name}") for node in nodes)


class AreaForm(Form):
    kind = SelectField("类型", choices=options(AREA_KINDS.items()))
    name = StringField("名称", validators=[required("请填写区域名称。"), at_most(60)])
    number = StringField("编号", validators=[at_most(20)])
    colour = SelectField(
        "颜色", choices=options([("", "没有颜色"), *COLOURS.items()]), description="只有网格有颜色，片区跟着网格。"
    )
    phone = StringField("电话", validators=[at_most(30)], description="居民能拨打的办公电话。")
    position = _position()


class MoveAreaForm(Form):
    parent_id = AreaChoice("新的上级区域")


class CourtyardForm(Form):
    area_id = AreaChoice("所属区域")
    number = StringField(
        "院落编号", validators=[required("请填写院落编号。"), at_most(30)], description="本社区里不能重复。"
    )
    name = StringField("院落名称", validators=[required("请填写院落名称。"), at_most(60)])
    address = StringField("地址", validators=[at_most(120)])
    lane = StringField("街巷", validators=[at_most(60)])
    position = _position()


class MoveToAreaForm(Form):
    area_id = AreaChoice("迁到")


def _day(label: str, description: str = "") -> DateField:
    return DateField(label, validators=[given("请填写日期。")], default=clock.today, description=description)


class HouseholdForm(Form):
    number = StringField(
        "户号",
        validators=[required("请填写户号。"), at_most(30)],
        description="居民在自助终端上用它查积分，本社区里不能重复。",
    )
    courtyard_number = StringField("院落编号", validators=[at_most(30)])
    area_id = AreaChoice("所属区域", description="填了院落编号，就跟着院落走。")
    name = StringField("户主姓名", validators=[required("请填写户主姓名。"), at_most(60)])
    tenure = RadioField("居住情况", choices=options(TENURES.items()), default="owner")
    phone = StringField("电话", validators=[at_most(30)])
    on = _day("入住日期")


class ChangeHouseholdForm(Form):
    number = StringField("户号", validators=[required("请填写户号。"), at_most(30)])
    name = StringField("户主姓名", validators=[at_most(60)])
    tenure = RadioField("居住情况", choices=options(TENURES.items()))
    phone = StringField("电话", validators=[at_most(30)])
    clear_phone = BooleanField("删除登记的电话")


class MoveHouseholdForm(Form):
    courtyard_number = StringField("搬到哪个院落（编号）", validators=[at_most(30)])
    area_id = AreaChoice("或搬到哪个区域", description="没有院落的才选，填了院落编号就不看这一项。")
    tenure = RadioField("居住情况", choices=options(TENURES.items()))
    on = _day("搬家日期")


class CloseForm(Form):
    on = _day("日期")


class PersonForm(Form):
    name = StringField("姓名", validators=[required("请填写姓名。"), at_most(60)])
    household_number = StringField("户号", validators=[at_most(30)], description="只在这里服务、不住在这里的人不填。")
    area_id = AreaChoice("所在区域", description="填了户号，就跟着住户走。")
    relation = StringField("与户主关系", validators=[at_most(20)])
    phone = StringField("电话", validators=[at_most(30)])
    identity = StringField("证件号码", validators=[at_most(30)], description="系统只保留末四位，用来认出是同一个人。")
    party_member = BooleanField("党员")
    volunteer = BooleanField("志愿者")
    staff = BooleanField("社区工作人员")
    on = _day("入住日期")


class ChangePersonForm(Form):
    name = StringField("姓名", validators=[at_most(60)])
    phone = StringField("电话", validators=[at_most(30)])
    clear_phone = BooleanField("删除登记的电话")
    identity = StringField("证件号码", validators=[at_most(30)], description="系统只保留末四位。不改请留空。")
    party_member = BooleanField("党员")
    volunteer = BooleanField("志愿者")
    staff = BooleanField("社区工作人员")


class MoveInForm(Form):
    household_number = StringField("迁入哪一户（户号）", validators=[required("请填写户号。"), at_most(30)])
    relation = StringField("与户主关系", validators=[at_most(20)])
    on = _day("迁入日期")


class KinForm(Form):
    household_number = StringField("亲属家的户号", validators=[required("请填写户号。"), at_most(30)])
    relation = StringField("什么亲属", validators=[required("请填写是什么亲属，例如 姐姐家。"), at_most(20)])


class ChangeShopForm(Form):
    number = StringField(
        "商铺编号", validators=[required("请填写商铺编号。"), at_most(30)], description="本社区里不能重复。"
    )
    name = StringField("店名", validators=[required("请填写店名。"), at_most(60)])
    address = StringField("地址", validators=[at_most(120)])
    trade = StringField("行业", validators=[at_most(40)], description="例如 餐饮、五金、理发。")
    keeper = StringField("经营者", validators=[at_most(40)])
    phone = StringField("电话", validators=[at_most(30)])
    owner = StringField(
        "店主（登记的居民）", validators=[at_most(60)], description="填居民编号或姓名。店主不能给自己的店打分。"
    )
    clear_phone = BooleanField("删除登记的电话")
    position = _position()


class ShopForm(ChangeShopForm):
    area_id = AreaChoice("所属区域")
    clear_phone = None  # there is nothing to delete yet


class StationForm(Form):
    area_id = AreaChoice("所在区域")
    name = StringField("服务站名称", validators=[required("请填写服务站名称。"), at_most(60)])
    address = StringField("地址", validators=[at_most(120)])
    phone = StringField("电话", validators=[at_most(30)])
    hours = StringField("开放时间", validators=[at_most(60)], description="例如 8:30–17:30。")


class ReasonForm(Form):
    """Why somebody looks at full names and phones."""

    reason = StringField("原因", validators=[required("请写明查看的原因。"), at_most(200)])


class ExportForm(Form):
    """A list leaves the software; the fields of the filter come along hidden."""

    reason = StringField("导出原因", validators=[required("请写明导出的原因。"), at_most(200)])
    full = BooleanField("导出完整的姓名和电话")
    q = HiddenField()
    area = HiddenField()
    state = HiddenField()
    tenure = HiddenField()
    role = HiddenField()


class UploadForm(Form):
    register = RadioField("名册", default="households")
    area_id = AreaChoice("导入到", description="表里的区域、院落、户号都在这个范围里找。")
    file = FileField(
        "表格文件",
        validators=[FileRequired(message="请选择要上传的表格文件。")],
        description=".xlsx、.xls 或 .csv，最大 20 MB。",
    )
