"""An uploaded .xlsx or .xls as rows of raw cells, opened by the ``opener`` in a process of its own."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any, Literal

from webapp.core.errors import Invalid, Unavailable
from webapp.core.sheets.cells import Fault, Raw
from webapp.core.sheets.opener.limits import DAMAGED

_log = logging.getLogger(__name__)

SECONDS = 30  # a workbook of the largest size that is accepted takes a third of this on a weak machine
_AT_ONCE = BoundedSemaphore(2)  # bounds the memory that all uploads together take
_START = "import sys; sys.path.insert(0, sys.argv[1]); from opener.answer import main; main(sys.stdin.buffer, sys.stdout.buffer)"
#: What the process may know of our environment: enough to start, no secrets.
_ENVIRONMENT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "TEMP")


def read_workbook(
    data: bytes, content: Literal["xlsx", "xls"], titles: Sequence[str], max_rows: int
) -> tuple[str, list[list[Raw]]]:
    """The name and the rows, from Excel's row 1, of the first sheet that has one of ``titles`` in its first rows.

    :raises Invalid: if the file is damaged, encrypted, hostile, too large, or holds no sheet.
    :raises Unavailable: if too many files are being read.
    """
    request = json.dumps({"content": content, "titles": list(titles), "max_rows": max_rows}).encode()
    if not _AT_ONCE.acquire(timeout=SECONDS):
        raise Unavailable("正在处理别人上传的表格，请过一分钟再试。")
    try:
        answer = _ask(request + b"\n" + data)
    finally:
        _AT_ONCE.release()
    head, *lines = answer.split(b"\n")
    facts = json.loads(head)
    if "refused" in facts:
        raise Invalid(facts["refused"])
    return facts["sheet"], [json.loads(line, object_hook=_cell) for line in lines]


def _ask(request: bytes) -> bytes:
    command = [sys.executable, "-I", "-c", _START, str(Path(__file__).parent)]
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603  # our own interpreter and file, no shell
            command, input=request, capture_output=True, timeout=SECONDS, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        raise Invalid("表格太复杂，系统处理不了。请把数据复制到新模板里再上传。") from None
    if done.returncode != 0 or not done.stdout:
        # The kind of error only: its text may quote the file, which holds people's data.
        kind = done.stderr.decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0][:80]
        _log.warning("the process that opens workbooks ended with %s: %s", done.returncode, kind)
        raise Invalid(DAMAGED)
    return done.stdout


def _cell(tagged: dict[str, Any]) -> Raw:
    """A cell that JSON has no type for."""
    if "date" in tagged:
        text = tagged["date"]
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    return Fault(tagged["fault"]) if "fault" in tagged else str(tagged.get("time", ""))
