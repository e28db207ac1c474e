"""Values and rules: no I/O, no clock, no asyncio."""

import sys

# msgspec imports `typing_extensions` if that is installed. That import takes longer than msgspec's
# own, and Python 3.11 has everything that msgspec needs from it.
_EXTENSIONS = "typing_extensions"
if _EXTENSIONS not in sys.modules:
    sys.modules[_EXTENSIONS] = None  # type: ignore[assignment]
    try:
        import msgspec as msgspec
    finally:
        del sys.modules[_EXTENSIONS]
