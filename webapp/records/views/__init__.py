"""Pages of records: the desk's list, a household's points on its phone, the one door to photos."""

from webapp.audit.words import AuditWords
from webapp.records.models import STATES
from webapp.records.queries import desk as queries
from webapp.records.views import desk, home, photos
from webapp.records.views.blueprint import bp
from webapp.web.menu import DAILY, MenuEntry

HOME = home.HOME
MENU = (MenuEntry("记实", "records.list_records", "clipboard-list", "records.view", 35, group=DAILY),)
AUDIT_WORDS = AuditWords(
    subjects={"record": "记实", "rectification": "整改"},
    actions={
        "record:made": "记积分",
        "record:posted": "积分入账",
        "record:undone": "撤回记实",
        "record:reversed": "冲正记实",
        "record:passed": "初审通过",
        "record:returned": "退回申报",
        "record:confirmed": "审核认定",
        "record:withdrawn": "撤回申报",
        "record:rectified": "整改合格，返还",
        "rectification:reported": "报整改",
        "rectification:returned": "整改没有通过",
    },
    details={"holder": "给谁", "points": "分值"},
    values={"state": STATES},
    names={"record": queries.titles},
    refers={"holder": "holder"},
)

__all__ = ["AUDIT_WORDS", "HOME", "MENU", "bp", "desk", "home", "photos"]
