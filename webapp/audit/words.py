"""Acts in Chinese: each feature's actions as the audit page shows them. An action without words is shown as it is."""

from __future__ import annotations

SUBJECTS = {
    "user": "账号",
    "appointment": "任职",
    "pin": "查询密码",
    "device": "自助终端",
    "area": "区域",
    "courtyard": "院落",
    "household": "住户",
    "person": "居民",
    "shop": "商铺",
    "station": "服务站",
    "import": "名册导入",
    "places": "名册",
    "scheme": "积分办法",
    "category": "一级指标",
    "rule": "细则",
    "account": "积分账户",
    "ledger": "积分台账",
    "record": "记实",
    "plate": "门牌码",
    "card": "积分卡",
    "code": "门牌码、积分卡",
    "item": "兑换物品",
    "stock": "库存",
    "voucher": "积分券",
    "rating-flag": "集中评价",
    "slip": "小票",
    "kiosk": "自助终端",
    "audit": "审计日志",
}
VERBS = {
    "added": "新增",
    "made": "新增",
    "changed": "修改",
    "moved": "迁移",
    "closed": "停用",
    "reopened": "重新启用",
    "ended": "结束",
    "set": "设置",
    "paired": "配对",
    "pairing-renewed": "重新生成配对地址",
    "revoked": "作废",
    "replaced": "更换",
    "reprinted": "补打",
    "printed": "打印",
    "issued": "开出",
    "handed-over": "发放",
    "cancelled": "取消",
    "expired": "过期",
    "received": "入库",
    "counted": "盘点",
    "written_off": "报损",
    "undone": "撤销",
    "posted": "入账",
    "exported": "导出",
    "looked": "查看完整信息",
    "unmasked": "查看完整信息",
    "imported": "导入",
    "moved-in": "迁入",
    "moved-out": "迁出",
    "signed-in": "登录",
    "signed-out": "退出登录",
    "sign-in-failed": "登录失败",
    "sign-in-ended": "登录被终止",
    "password-reset": "重设密码",
    "password-changed": "修改密码",
    "enabled": "启用",
    "disabled": "停用",
    "kept": "核查后计入",
    "dropped": "核查后不计",
}


def words(action: str) -> str:
    """``voucher:handed-over`` -> ``发放积分券``."""
    subject, _, verb = action.partition(":")
    if subject not in SUBJECTS or verb not in VERBS:
        return action
    return f"{SUBJECTS[subject]}：{VERBS[verb]}"
