"""SHA-256 by Python's own module: `hashlib` loads OpenSSL first, which takes as long as reading a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["sha256"]

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # Python 3.12 and later
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:  # built without
            from hashlib import sha256
