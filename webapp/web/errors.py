"""One handler for every refusal: a full page, or the fragment for htmx; in plain Chinese, with the next step."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from webapp.core.errors import DomainError, Unavailable
from webapp.extensions import WriterBusy, db, start_reading, start_writing
from webapp.web.application import READING_METHODS
from webapp.web.htmx import wants_fragment

log = logging.getLogger(__name__)

DENIED = 403
BUSY = Unavailable("系统正忙，刚才的操作没有保存。请过几秒再点一次。")
FULL = Unavailable("服务器的磁盘满了或写不进去，刚才的操作没有保存。查询不受影响；请稍后再试，并告诉管理员清理磁盘。")
#: What SQLite and PostgreSQL say when a write does not fit on the disk.
_NO_ROOM = ("disk is full", "disk I/O error", "No space left on device", "File too large")
NO_HOST = "网址不对，打不开这一页。请检查浏览器地址栏里的网址，或请工作人员帮忙。"
#: The same of files: photos, rosters, and what a large form needs while it is read.
_NO_ROOM_NUMBERS = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO}
BROKEN = "系统出了点问题，刚才的操作没有保存。请稍后再试，还不行请告诉工作人员。"
HTTP_MESSAGES: dict[int, tuple[str, str]] = {
    400: ("请求不完整", "请返回上一页，重新填写后再提交。"),
    401: ("请先登录", "登录后再打开这一页。"),
    403: ("没有权限", "您不能打开这一页。如有需要，请联系工作人员。"),
    404: ("没有找到", "这一页不存在，可能已经改名或撤下。请返回首页重新查找。"),
    405: ("不能这样打开", "请从页面上的按钮进入。"),
    413: ("文件太大", "照片请不超过 8 MB，表格请不超过 20 MB。"),
    415: ("文件类型不对", "请换一种文件再试。"),
    429: ("操作太频繁", "请休息一会儿，过几分钟再试。"),
}


def surface() -> str:
    """Which layout fits the page that failed: kiosk, desk, phone, or a wall screen, which tries again by itself."""
    first = request.path.strip("/").split("/", 1)[0]
    return first if first in ("kiosk", "desk", "board") else "phone"


def refuse(status: int, title: str, message: str) -> Response:
    """A refusal as a page, or as the fragment that htmx puts into ``#flash``."""
    if request_ctx.url_adapter is None:  # the request names no host (``Host``): no page with links can be made for it
        return Response(NO_HOST, 400, content_type="text/plain; charset=utf-8")
    g.failed = status >= 500
    template = "errors/_fragment.html" if wants_fragment() else "errors/page.html"
    html = render_template(template, title=title, message=message, surface=surface(), status=status)
    response = make_response(html, status)
    response.vary.add("HX-Request")
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def note_denial() -> None:
    """Somebody was refused for want of a right: one line in the application's log, and in the audit log if it was a member
    of staff (``users`` registers that). Call it after the rollback; never let it stop the refusal."""
    log.warning("denied: %s %s from %s", request.method, request.endpoint, request.remote_addr)
    note: Callable[[], None] | None = current_app.extensions.get("on_denial")
    if note is None:
        return
    start_writing()
    try:
        note()
        db.session.commit()
    except (OperationalError, WriterBusy):
        db.session.rollback()
        log.exception("denied, but not written into the audit log")
    if request.method in READING_METHODS:
        start_reading()


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(DataError, _unstorable)
    app.register_error_handler(OverflowError, _overflow)
    app.register_error_handler(OSError, _files)
    app.register_error_handler(WriterBusy, _busy)
    app.register_error_handler(Exception, _unexpected)


def _domain(error: DomainError) -> Response:
    db.session.rollback()
    if error.status == DENIED:
        note_denial()
    return refuse(error.status, error.title, error.message)


def _csrf(error: CSRFError) -> Response:
    db.session.rollback()
    return refuse(400, "页面已过期", "这一页打开太久了。请刷新页面，再提交一次。")


def _http(error: HTTPException) -> Response:
    db.session.rollback()
    code = error.code or 500
    if code < 400:  # routing's own redirects
        return make_response(error.get_response())
    if code == DENIED:
        note_denial()
    title, message = HTTP_MESSAGES.get(code, ("没有办成", BROKEN))
    response = refuse(code, title, message)
    if code == 405 and error.get_response().headers.get("Allow"):
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return response


def _database(error: OperationalError) -> Response:
    """The disk is full, the database locked or away: nothing was saved, reading may go on."""
    db.session.rollback()
    log.error("database refused: %s", error.orig)
    said = FULL if any(words in str(error.orig) for words in _NO_ROOM) else BUSY
    return refuse(said.status, said.title, said.message)


def _unstorable(_: Exception) -> Response:
    """A number or a text that no column can hold, so no row has it: PostgreSQL says so, SQLite's driver of numbers."""
    db.session.rollback()
    if request.method in READING_METHODS:
        return refuse(404, *HTTP_MESSAGES[404])
    return refuse(422, "请改一下再试", "填的数字太大，或者有不能保存的字符，没有保存。请返回上一页改正后再提交。")


def _overflow(error: OverflowError) -> Response:
    return _unstorable(error) if "SQLite" in str(error) else _unexpected(error)


def _files(error: OSError) -> Response:
    """A file could not be written."""
    if error.errno not in _NO_ROOM_NUMBERS:
        return _unexpected(error)
    db.session.rollback()
    log.error("a file could not be written: %s", error)
    return refuse(FULL.status, FULL.title, FULL.message)


def _busy(error: WriterBusy) -> Response:
    db.session.rollback()
    log.warning("a writer waited too long")
    return refuse(BUSY.status, BUSY.title, BUSY.message)


def _unexpected(error: Exception) -> Response:
    db.session.rollback()
    log.exception("unexpected error on %s %s", request.method, request.endpoint)
    return refuse(500, "系统出了点问题", BROKEN)
