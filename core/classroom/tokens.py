"""Codes of rooms, read from a wall and typed; and tokens, which stand in links and are kept as hashes only."""

import hashlib
import hmac
import re
import secrets

from core.settings import environment

# No vowels, and no letter twice in a code: so no words arise. No letters that are taken for others.
LETTERS = "BCDGHJLMNPRSTWXZ"
LENGTH = 4
CODE = re.compile(rf"[{LETTERS}]{{{LENGTH}}}")
TOKEN = environment.SECRET  # of which an administrator may choose one
TOKEN_BYTES = 16


def new_code(taken: set[str]) -> str:
    while True:
        code = "".join(secrets.SystemRandom().sample(LETTERS, LENGTH))
        if code not in taken:
            return code


def read_code(typed: str) -> str | None:
    """The code that somebody typed, in any case, with spaces or not; None where it can't be one."""
    code = "".join(typed[:40].split()).upper()
    return code if CODE.fullmatch(code) else None


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def same(token: str, kept: str) -> bool:
    """Whether `kept` is the hash of the token; takes equally long for any token."""
    return hmac.compare_digest(digest(token).encode(), kept.encode(errors="replace"))
