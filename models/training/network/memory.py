"""Memory that is used again instead of being given back to the system after every layer.

A training step takes and frees tens of megabytes for every layer. The C library's default returns such blocks at once,
and fetching them again page by page costs a quarter of a step on a processor.
"""

from __future__ import annotations

import ctypes
import sys

# Numbers of malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4


def keep_memory() -> bool:
    """Tells the C library to keep what is freed; whether it did (only glibc knows how)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1), (M_TOP_PAD, 256 << 20))
    return all(mallopt(number, value) == 1 for number, value in settings)
