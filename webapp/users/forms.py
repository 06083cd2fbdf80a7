"""Forms of signing in, staff, appointments and devices."""

from __future__ import annotations

from wtforms import DateField, IntegerField, PasswordField, SelectField, StringField

from webapp.core import clock
from webapp.users.models import POSTS
from webapp.users.service.devices import PAPERS
from webapp.web.forms import Form, at_most, given, optional, options, required


def _as_typed(value: str | None) -> str | None:
    """A password is never normalised or trimmed: it is what its owner typed."""
    return value


class SignInForm(Form):
    login = StringField("登录名", validators=[required("请输入登录名。"), at_most(40)])
    password = PasswordField("密码", validators=[given("请输入密码。"), at_most(200)], filters=[_as_typed])


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


class NewUserForm(Form):
    """A login for somebody known here (by number), or for a new person."""

    person_number = StringField(
        "居民编号",
        validators=[at_most(30)],
        description="已在名册里的人填编号；新来的工作人员留空，填下面的姓名和电话。",
    )
    name = StringField("姓名", validators=[at_most(60)])
    phone = StringField("办公电话", validators=[at_most(20)], description="居民看得到，可以拨打。")
    login = StringField(
        "登录名", validators=[required("请填写登录名。"), at_most(40)], description="小写字母和数字，例如 wang.jun。"
    )
    area_id = SelectField("所在区域", coerce=int)
    post = SelectField("岗位", choices=options([("", "先不任命"), *POSTS.items()]), validators=[optional()])


class AppointmentForm(Form):
    post = SelectField("岗位", choices=options(POSTS.items()))
    area_id = SelectField("区域", coerce=int)
    courtyard_number = StringField("院落编号", validators=[at_most(30)], description="院长才填。")
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
