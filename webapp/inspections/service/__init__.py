"""The verbs of inspectors, and of the monthly yard inspection."""

from webapp.inspections.service.closing import close, go_on, go_on_closing, why
from webapp.inspections.service.rounds import abandon, divide, months_to_start, start
from webapp.inspections.service.scoring import inspect
from webapp.inspections.service.sheets import load_sheet, preset_sheet, save_sheet
from webapp.inspections.service.visits import SHUT_REASONS, Inspector, Taken, score, shut

__all__ = [
    "SHUT_REASONS",
    "Inspector",
    "Taken",
    "abandon",
    "close",
    "divide",
    "go_on",
    "go_on_closing",
    "inspect",
    "load_sheet",
    "months_to_start",
    "preset_sheet",
    "save_sheet",
    "score",
    "shut",
    "start",
    "why",
]
