"""Check codes and tokens: what is derived from the installation's secret key, and what is random."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: no I, L, O, U


def keyed_digest(key: str, purpose: str, text: str) -> bytes:
    """HMAC-SHA-256 of ``text`` for one purpose; two purposes never share a code."""
    return hmac.new(key.encode(), f"{purpose}\0{text}".encode(), hashlib.sha256).digest()


def keyed_code(key: str, purpose: str, text: str, length: int) -> str:
    """A code of ``length`` base32 characters (5 bits each, at most 51) that only the key's holder can make."""
    number = int.from_bytes(keyed_digest(key, purpose, text), "big")
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(length))


def same(one: str, other: str) -> bool:
    """Compare two codes in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def random_token() -> str:
    """128 random bits as text safe in a URL and a cookie."""
    return secrets.token_urlsafe(16)


def fingerprint(token: str) -> str:
    """What the database keeps of a random token: its SHA-256, so that a stolen database opens nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


def seal(key: str, purpose: str, text: str) -> str:
    """``text`` encrypted (AES-SIV) as text safe in a URL; the same text gives the same result."""
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # 3 MB: only for who searches

    return base64.urlsafe_b64encode(AESSIV(_wide_key(key, purpose)).encrypt(text.encode(), None)).decode().rstrip("=")


def unseal(key: str, purpose: str, sealed: str) -> str | None:
    """What ``seal`` encrypted; None for anything else."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

    try:
        data = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        return AESSIV(_wide_key(key, purpose)).decrypt(data, None).decode()
    except (InvalidTag, ValueError, binascii.Error):
        return None


def _wide_key(key: str, purpose: str) -> bytes:
    return keyed_digest(key, f"seal {purpose}", "1") + keyed_digest(key, f"seal {purpose}", "2")
