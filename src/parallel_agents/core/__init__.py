"""Values and rules: no input or output, no clock, no asyncio."""

import sys

# msgspec takes `typing_extensions` along where that is installed. Importing it costs a command more
# than msgspec itself, and Python 3.11 has all that is wanted of it.
_EXTENSIONS = "typing_extensions"
if _EXTENSIONS not in sys.modules:
    sys.modules[_EXTENSIONS] = None  # type: ignore[assignment]
    try:
        import msgspec as msgspec
    finally:
        del sys.modules[_EXTENSIONS]
