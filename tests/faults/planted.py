"""``python -m tests.faults.planted``: serve as ``python -m webapp`` does, with the fault that the environment names."""

from __future__ import annotations

import os
from runpy import run_module

from tests.faults.catalogue import find_seed
from tests.faults.plugin import PLANTED

with find_seed(os.environ[PLANTED])():
    run_module("webapp", run_name="__main__")
