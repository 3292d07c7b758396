"""Passwords as argon2id hashes, so few at once that checking them cannot stall the site."""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from thumbapp.accounts.model import LONGEST_PASSWORD
from thumbapp.errors import SignInBusy

AT_ONCE: Final = 2
WAITING: Final = 8
PATIENCE_S: Final = 2.0
# Of 32 random bytes that nobody kept: what is checked for a user who is not there.
_NOBODYS: Final = (
    "$argon2id$v=19$m=19456,t=3,p=1$E7NMoQyf7dbphpRMIjcMIg$/WxJwDpH5ViTLe2Iu65h6/eWOlBZmkCgFtNs45W5EQY"
)


class Passwords:
    """Hashes and checks; two at a time, eight wait for two seconds, one more is told to come back.

    The parameters are OWASP's smallest memory with one pass more: 19 MiB and about 50 ms each.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1, type=Type.ID)
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._places = threading.BoundedSemaphore(AT_ONCE + WAITING)

    def hash(self, password: str) -> str:
        """Return the hash to keep of *password*.

        Raises:
            SignInBusy: too many are at it.
        """
        with self._turn():
            return self._hasher.hash(_normal(password))

    def matches(self, password_hash: str, password: str) -> bool:
        """Whether *password* is the one of *password_hash*; takes as long when there is none ("").

        Raises:
            SignInBusy: too many are at it.
        """
        with self._turn():
            try:
                self._hasher.verify(password_hash or _NOBODYS, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
            return bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether *password_hash* was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise SignInBusy
        try:
            if not self._turns.acquire(timeout=PATIENCE_S):
                raise SignInBusy
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()


def _normal(password: str) -> bytes:
    """Return *password* as bytes that do not depend on the keyboard it was typed on."""
    return unicodedata.normalize("NFKC", password[: LONGEST_PASSWORD + 1]).encode("utf-8", "surrogatepass")
