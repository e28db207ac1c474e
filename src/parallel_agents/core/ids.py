"""Identities: a request's uuid, and the short id that people type."""

import hashlib
import json

SHORT = 8
"""Length of a session's short id, in hexadecimal digits."""


def new_uuid() -> str:
    """Make a fresh uuid in its canonical text form."""
    # Loaded by whoever makes one: a command that only reads does not pay for it.
    import uuid

    return str(uuid.uuid4())


def short_id(request: str) -> str:
    """Derive a session's short id from the uuid of the request that made it.

    Args:
        request: a uuid in canonical form.

    Returns:
        Its first eight hexadecimal digits.

    Raises:
        ValueError: when `request` is no uuid.
    """
    import uuid

    return uuid.UUID(request).hex[:SHORT]


def canonical_json(value: object) -> str:
    """Write a JSON value in the one form that is hashed and compared.

    Args:
        value: anything `json` can write.

    Returns:
        Sorted keys, no white space, ASCII only.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(value: object) -> str:
    """Hash a JSON value, so that a decision can name the exact input it was made for.

    Args:
        value: anything `json` can write.

    Returns:
        The first 16 hexadecimal digits of the SHA-256 of its canonical form.
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]
