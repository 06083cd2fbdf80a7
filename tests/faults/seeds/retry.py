"""Forms that are not known again."""

from __future__ import annotations

from unittest.mock import patch

from tests.faults.seeds.model import in_place
from webapp.web import once

SEEDS = {
    "keys-forgotten": in_place(once, "before_form", lambda: None),
    "body-ignored": lambda: patch.object(once, "_body_hash", lambda: ""),
}
