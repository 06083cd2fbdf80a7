"""Forms of signing in, staff, appointments and devices."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import DateField, IntegerField, PasswordField, SelectField, StringField, ValidationError

from webapp.core import clock
from webapp.users.service.devices import PAPERS
from webapp.web.forms import Form, at_most, given, optional, options, required


def _as_typed(value: str | None) -> str | None:
    """A password is never normalised or trimmed: it is what its owner typed."""
    return value


class SignInForm(Form):
    login = StringField("登录名", validators=[required("请输入登录名。"), at_most(40)])
    password = PasswordField("密码", validators=[given("请输入密码。"), at_most(200)], filters=[_as_typed])


class ResidentSignInForm(Form):
    """A household's number and PIN, as at a kiosk; and which community's, where the installation has several."""

    community_id = SelectField("社区", coerce=int)
    number = StringField("户号", validators=[required("请输入户号。"), at_most(30)])
    pin = PasswordField("查询密码", validators=[required("请输入六位密码。"), at_most(20)])

    def offer(self, communities: Sequence[tuple[int, str]]) -> None:
        """Let the resident choose among these; the only one is chosen."""
        self.only = communities[0][0] if communities else 0
        if len(communities) > 1:
            self.community_id.choices = options([(0, "请选择您的社区"), *communities])
        else:
            del self.community_id

    def community(self) -> int:
        return int(self.community_id.data) if self.community_id else self.only

    def validate_community_id(self, field: SelectField) -> None:
        if not field.data:
            raise ValidationError("请选择您的社区。")


class ChangePasswordForm(Form):
    present = PasswordField("现在的密码", validators=[given("请输入现在的密码。"), at_most(200)], filters=[_as_typed])
    password = PasswordField(
        "新密码",
        validators=[given("请输入新密码。"), at_most(200)],
        filters=[_as_typed],
        description="至少 10 位，不要用生日、电话或常见的词。可以用一句话。",
    )
    again = PasswordField("再输一次新密码", validators=[given("请再输一次新密码。")], filters=[_as_typed])

    def validate_again(self, field: PasswordField) -> None:
        if field.data != self.password.data:
            field.errors = [*field.errors, "两次输入的新密码不一样。"]
            raise ValueError("两次输入的新密码不一样。")


_PHONE = "服务电话"
_PHONE_HELP = "公开给居民拨打，可以是办公电话；名册里的私人电话不会公开。不公开就留空。"
_LOGIN_HELP = "小写字母和数字，例如 wang.jun。"


class NewServingForm(Form):
    """Somebody who is to serve: known in the register or new, with a post, a login, or both."""

    person = StringField(
        "在册居民", validators=[at_most(60)], description="名册里已有的人，填居民编号或全名；新来的工作人员留空。"
    )
    name = StringField("新来的工作人员姓名", validators=[at_most(60)], description="名册里没有的人才填。")
    post = SelectField("岗位")
    area_id = SelectField("在哪个区域", coerce=int)
    courtyard_number = StringField("院落编号", validators=[at_most(30)], description="任命院长才填。")
    phone = StringField(_PHONE, validators=[at_most(20)], description=_PHONE_HELP)
    login = StringField(
        "登录名", validators=[at_most(40)], description=f"要登录工作台或手机记积分的人才填。{_LOGIN_HELP}"
    )


class LoginForm(Form):
    login = StringField("登录名", validators=[required("请填写登录名。"), at_most(40)], description=_LOGIN_HELP)


class AppointmentForm(Form):
    post = SelectField("岗位")
    area_id = SelectField("在哪个区域", coerce=int)
    courtyard_number = StringField("院落编号", validators=[at_most(30)], description="任命院长才填。")
    phone = StringField(_PHONE, validators=[at_most(20)], description=_PHONE_HELP)
    starts_on = DateField("开始日期", validators=[given("请填写开始日期。")], default=clock.today)
    ends_on = DateField("结束日期", validators=[optional()], description="长期任职就留空。")


class EndForm(Form):
    last_day = DateField("最后一天", validators=[given("请填写最后一天。")], default=clock.today)


class DeviceForm(Form):
    station_id = SelectField("放在哪个服务站", coerce=int)
    name = StringField("终端名称", validators=[required("请写终端名称。"), at_most(60)], default="1 号终端")
    paper = SelectField("小票纸", choices=options(PAPERS.items()), default="80")
    printer = StringField(
        "网络小票机地址", validators=[at_most(80)], description="用 ESC/POS 网络打印机才填，例如 192.168.1.50:9100。"
    )


class SignInIdForm(Form):
    sign_in_id = IntegerField(validators=[given("没有这次登录。")])
