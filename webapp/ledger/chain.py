"""The chain of hashes, exactly. Anyone can recompute it: docs/ledger.md says the same in words, with test vectors.

A hash is the lower-case hex SHA-256 of a JSON array without spaces, in UTF-8. The first element is the version of
this format. An account's chain starts from a hash over who holds it in which scheme, so that accounts can't be swapped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

VERSION = 1
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

#: The columns of an entry in the order in which they are hashed, after version and previous hash.
ENTRY_FIELDS = (
    "account_id",
    "seq",
    "amount",
    "balance_after",
    "kind",
    "cause_kind",
    "cause_id",
    "category_id",
    "title",
    "note",
    "actor_id",
    "actor_label",
    "happened_on",
    "posted_at",
    "reverses",
)


def digest(fields: Sequence[object]) -> str:
    return hashlib.sha256(_encode(fields).encode()).hexdigest()


@lru_cache(maxsize=8)  # a batch's lines share their moment
def moment_text(moment: datetime) -> str:
    """``2026-11-20T07:40:12Z``: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def genesis(account_id: int, holder_id: int, scheme_id: int, community_id: int, opened_at: str) -> str:
    """What the first entry of an account is chained to. ``opened_at`` as ``moment_text``."""
    return digest([VERSION, "account", account_id, holder_id, scheme_id, community_id, opened_at])


def entry_hash(previous: str, fields: Sequence[object]) -> str:
    """``fields`` as in ENTRY_FIELDS, day and moment already as text."""
    return digest([VERSION, previous, *fields])


#: The columns of a hold in the order in which they are hashed, after version and the word ``hold``.
HOLD_FIELDS = ("id", "account_id", "kind", "amount", "cause_kind", "cause_id", "reason", "created_at")


def hold_hash(fields: Sequence[object]) -> str:
    """``fields`` as in HOLD_FIELDS, the moment already as text."""
    return digest([VERSION, "hold", *fields])


def end_hash(hold: str, state: str, ended_at: str) -> str:
    """How a hold ended, chained to the hash of the hold itself."""
    return digest([VERSION, "end", hold, state, ended_at])
