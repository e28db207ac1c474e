"""Identifiers: uuids of requests, short ids that people type, digests of JSON values."""

import hashlib
import json

SHORT = 8
"""Length of a session's short id, in hexadecimal digits."""


def new_uuid() -> str:
    """Make a fresh uuid in its canonical text form."""
    # Imported here, so that a command that only reads does not pay for it.
    import uuid

    return str(uuid.uuid4())


def short_id(request: str) -> str:
    """Derive a session's short id from the uuid of the request that made it.

    Args:
        request: a uuid in canonical form.

    Returns:
        Its first eight hexadecimal digits.

    Raises:
        ValueError: `request` is not a uuid.
    """
    import uuid

    return uuid.UUID(request).hex[:SHORT]


def canonical_json(value: object) -> str:
    """Write a JSON value in its canonical form: sorted keys, no white space, ASCII only."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest(value: object) -> str:
    """Hash a JSON value, so that a decision can name the exact input that it is for.

    Returns:
        The first 16 hexadecimal digits of the SHA-256 of its canonical form.
    """
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]
