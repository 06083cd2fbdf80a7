"""The scoring form."""

from __future__ import annotations

from webapp.records.forms import RecordForm


class ScoreForm(RecordForm):
    """What an inspector saw: nothing but what every record has."""
