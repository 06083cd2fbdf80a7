"""Pages of signing in, households on their phones, staff, appointments, PINs and devices."""

from flask import Flask

from webapp.audit.words import AuditWords, named_by
from webapp.users import queries
from webapp.users.models import POSTS, Device, User
from webapp.users.views import appointments, devices, own, pins, residents, staff
from webapp.users.views.blueprint import bp
from webapp.web.menu import SETTINGS, MenuEntry

MENU = (
    MenuEntry("人员与任职", "users.people", "users", "users.view", 110, group=SETTINGS),
    MenuEntry("自助终端", "users.devices", "tablet-smartphone", "devices.manage", 120, group=SETTINGS),
)
AUDIT_WORDS = AuditWords(
    subjects={"user": "账号", "appointment": "任职", "resident": "住户登录", "pin": "查询密码", "device": "自助终端"},
    actions={
        "user:signed-in": "登录",
        "user:signed-out": "退出登录",
        "user:sign-in-failed": "登录失败",
        "user:denied": "没有权限，被拒绝",
        "user:sign-in-ended": "让设备退出登录",
        "user:added": "开通账号",
        "user:password-reset": "重设密码",
        "user:password-changed": "修改自己的密码",
        "user:enabled": "启用账号",
        "user:disabled": "停用账号",
        "resident:signed-in": "住户在手机上登录",
        "resident:signed-out": "住户退出登录",
        "resident:sign-in-failed": "住户登录失败",
        "appointment:made": "任命岗位",
        "appointment:ended": "结束任职",
        "pin:set": "设置查询密码",
        "device:added": "新增自助终端",
        "device:changed": "修改自助终端",
        "device:pairing-renewed": "重新生成配对地址",
        "device:paired": "自助终端配对",
        "device:revoked": "停用自助终端",
    },
    details={
        "login": "登录名",
        "post": "岗位",
        "person": "人员",
        "ends_on": "结束日期",
        "page": "页面",
        "form": "方式",
    },
    values={"post": POSTS, "form": {"GET": "打开", "POST": "提交"}},
    names={"user": named_by(User.id, User.login), "device": named_by(Device.id, Device.name)},
    refers={"person": "person"},
)


def register(app: Flask) -> None:
    app.jinja_env.globals["people_serving"] = queries.people_serving


__all__ = ["AUDIT_WORDS", "MENU", "appointments", "bp", "devices", "own", "pins", "register", "residents", "staff"]
