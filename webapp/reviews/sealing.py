"""The seal of a publication, exactly: docs/seal.md says the same in words, with a program that checks it.

Lines are chained by SHA-256 over JSON arrays, as the book is (``ledger.chain``); the seal is an ed25519 signature over
the last hash, the count and the totals.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from webapp.core import signing
from webapp.ledger.chain import VERSION, digest

#: What of a line is hashed, in this order, after version and the hash before.
FIELDS = (
    "number",
    "happened_on",
    "place",
    "name",
    "scheme",
    "category",
    "rule",
    "title",
    "points",
    "recorder",
    "entry",
)


def start(community_id: int, month: int) -> str:
    """What the first line is chained to."""
    return digest([VERSION, "publication", community_id, month])


def line_hash(before: str, fields: Sequence[object]) -> str:
    """``fields`` as in FIELDS, the day as text, points in tenths."""
    return digest([VERSION, before, *fields])


def of_book(heads: Sequence[Sequence[object]]) -> str:
    """One hash over all accounts of a community: ``[account, entries, head]`` by the account's number."""
    return digest([VERSION, "book", heads])


def of_seal(content: str, signature: str) -> str:
    """What the next publication of a community says of this one."""
    return digest([VERSION, "seal", content, signature])


def content(**fields: object) -> str:
    """What is signed: one JSON object, its names in order, no spaces, characters as they are."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sign(key: str, text: str) -> tuple[str, str]:
    """(signature, public key) in hexadecimal. The private key is derived from the installation's secret key."""
    private = _private(key)
    return private.sign(text.encode()).hex(), private.public_key().public_bytes_raw().hex()


def public_key(key: str) -> str:
    """The public key of this installation, in hexadecimal."""
    return str(_private(key).public_key().public_bytes_raw().hex())


def _private(key: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # 3 MB: once a month

    return Ed25519PrivateKey.from_private_bytes(signing.keyed_digest(key, "publication seal", "1"))


@lru_cache(maxsize=64)  # what was sealed never changes, and every page of it asks
def fits(text: str, signature: str, public_key: str) -> bool:
    """Whether exactly this text was signed with this key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def code_of(signature: str) -> str:
    """The first sixteen characters of a signature in groups, as they are printed."""
    return " ".join(signature[place : place + 4] for place in range(0, 16, 4)).upper()
