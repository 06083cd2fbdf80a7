"""Forms of the goods desk."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import BooleanField, IntegerField, RadioField, SelectField, StringField, TextAreaField

from webapp.redemption.models import MOVEMENTS
from webapp.web.forms import Form, PointsField, at_most, clean_prose, given, optional, options, required

#: Drawn pictures for goods without a photo: icon -> what it stands for.
ICONS = {
    "package": "一般物品",
    "spray-can": "洗衣液、清洁剂",
    "tissue": "卫生纸、抽纸",
    "droplets": "洗洁精、洗发水",
    "soap": "香皂、洗手液",
    "rice": "大米、面粉",
    "oil": "食用油",
    "shopping-basket": "日用百货",
    "gift": "礼品",
}


class VoucherCodeForm(Form):
    code = StringField("券码", validators=[required("请扫描或输入券码。"), at_most(40)])


class ItemForm(Form):
    name = StringField(
        "物品名称", validators=[required("请写物品名称。"), at_most(40)], description="带上规格，例如 洗衣液 2 kg。"
    )
    unit = StringField("单位", default="件", validators=[required("请写单位，例如 袋、提、瓶。"), at_most(10)])
    price = PointsField("一件多少分", validators=[given("请写需要多少分。")])
    scheme_id = SelectField("用哪个积分办法的积分", coerce=int)
    area_id = SelectField("在哪里兑换", coerce=int)
    limit_month = IntegerField("每户每月最多几件", validators=[optional()], description="不限就留空。")
    days_to_fetch = IntegerField(
        "几天内领取", default=15, validators=[given("请写几天内领取。")], description="过期没领，积分自动退回。"
    )
    icon = RadioField("图标", choices=options(ICONS.items()), default="package")
    picture = FileField("照片", description="有照片就显示照片，没有就显示图标。JPG、PNG，不超过 8 MB。")
    detail = StringField("说明", validators=[at_most(200)], filters=[clean_prose])
    position = IntegerField(
        "排序", default=0, validators=[optional()], description="小的排在前面。", filters=[lambda value: value or 0]
    )
    active = BooleanField("上架", default=True)


class StockForm(Form):
    kind = RadioField(
        "做什么",
        choices=options((kind, MOVEMENTS[kind]) for kind in ("received", "counted", "written_off")),
        default="received",
    )
    quantity = IntegerField("数量", validators=[given("请填数量。")], description="盘点填货架上还没有被兑换的件数。")
    note = StringField(
        "说明", validators=[at_most(120)], filters=[clean_prose], description="报损、盘点不一致时要写原因。"
    )


class CancelForm(Form):
    reason = TextAreaField("取消的原因", validators=[required("请写取消的原因。"), at_most(100)])
