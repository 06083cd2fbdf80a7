"""The desk's pages of schemes and rules: everybody on the staff reads them, who keeps the area changes them."""

from webapp.audit.words import AuditWords, named_by
from webapp.schemes.models import Scheme
from webapp.schemes.views import imports, rules, schemes, settings
from webapp.schemes.views.blueprint import bp
from webapp.web.menu import SETTINGS, MenuEntry

MENU = (MenuEntry("积分办法", "schemes.schemes", "list-checks", "schemes.view", 90, group=SETTINGS),)
AUDIT_WORDS = AuditWords(
    names={"scheme": named_by(Scheme.id, Scheme.name)},
    subjects={"scheme": "积分办法", "category": "一级指标", "rule": "细则"},
    actions={
        "scheme:added": "新增积分办法",
        "scheme:changed": "修改积分办法",
        "category:added": "新增一级指标",
        "category:changed": "修改一级指标",
        "rule:added": "新增细则",
        "rule:changed": "修改细则",
        "rule:ended": "停用细则",
        "rule:imported": "导入细则",
        "rule:exported": "导出细则",
    },
    details={
        "code": "代码",
        "position": "顺序",
        "rule": "细则编号",
        "title": "细则",
        "name_before": "原名称",
        "active_before": "原来在用",
        "valid_from": "生效日期",
        "categories": "新增一级指标",
        "sha256": "文件指纹",
    },
)

__all__ = ["AUDIT_WORDS", "MENU", "bp", "imports", "rules", "schemes", "settings"]
