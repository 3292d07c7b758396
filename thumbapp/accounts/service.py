"""What can be done with accounts: sign in and out, add, change and remove users, tokens and links.

Knows neither the web nor the audit; what must hold together is in one call here.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Final

import redis

from thumbapp.accounts.links import INVITATION, LinkStore
from thumbapp.accounts.model import Role, Token, User, check_password, clean_user_name
from thumbapp.accounts.passwords import Passwords
from thumbapp.accounts.sessions import SessionStore
from thumbapp.accounts.throttle import Throttle
from thumbapp.accounts.tokens import TokenStore
from thumbapp.accounts.users import UserStore
from thumbapp.errors import LinkUsed, RoleTooLow, SignInFailed, TokenNotFound, UserExists, UserNotFound

FIRST_ADMIN: Final = "admin"


class Accounts:
    """The users of one installation, and all that opens something in their name."""

    def __init__(self, client: redis.Redis, *, namespace: str) -> None:
        self.users = UserStore(client, namespace=namespace)
        self.sessions = SessionStore(client, namespace=namespace)
        self.tokens = TokenStore(client, namespace=namespace)
        self.links = LinkStore(client, namespace=namespace)
        self.throttle = Throttle(client, namespace=namespace)
        self._passwords = Passwords()

    def has_user(self, name: str) -> bool:
        """Whether somebody is called *name*."""
        return self._named(name) is not None

    def sign_in(self, name: str, password: str, *, address: str) -> User:
        """Return the user whose name and password these are.

        Raises:
            SignInFailed: they do not go together, after the same time for a name that is nobody's.
            TooManyAttempts, SignInBusy: it was not even looked at.
        """
        self.throttle.attempt(name, address=address)
        user = self._named(name)
        if not self._passwords.matches(user.password_hash if user else "", password) or user is None:
            raise SignInFailed
        self.throttle.forgive(name, address=address)
        if self._passwords.is_outdated(user.password_hash):
            self.users.set_password(user, self._passwords.hash(password))
        self.users.saw(user.id)
        return user

    def confirm(self, user: User, password: str, *, address: str) -> None:
        """Return when *password* is the user's, as before a change that a borrowed browser must not make.

        Raises:
            SignInFailed, TooManyAttempts, SignInBusy: as `sign_in`.
        """
        self.sign_in(user.name, password, address=address)

    def invited(self, secret: str) -> User:
        """Return whom a sign-in link is for, without using it up, or raise LinkUsed."""
        user = self.users.find(self.links.user_of(secret))
        if user is None:
            raise LinkUsed
        return user

    def sign_in_by_link(self, secret: str) -> User:
        """Use the link up and return whom it signs in, or raise LinkUsed."""
        user = self.users.find(self.links.take(secret))
        if user is None:
            raise LinkUsed
        self.users.saw(user.id)
        return user

    def add(self, name: str, *, role: Role, password: str = "") -> User:
        """Add a user and return it; without a password a link must be made to sign in.

        Raises:
            BadUserName, BadPassword, UserExists: nothing was added.
        """
        name = clean_user_name(name)
        return self.users.add(name, role=role, password_hash=self._hash(password, name) if password else "")

    def set_password(self, user: User, password: str, *, keep_session: str = "") -> None:
        """Give *user* another password; every session but *keep_session* ends, so do all links' uses.

        Raises:
            BadPassword: nothing was changed.
        """
        self.users.set_password(user, self._hash(password, user.name))
        self.sessions.end_all(user.id, but=keep_session)

    def remove(self, user: User) -> None:
        """Remove *user*; sessions and tokens open nothing from this moment on.

        Raises:
            LastAdmin: nothing was removed.
        """
        self.users.remove(user)
        self.sessions.end_all(user.id)
        for token in self.tokens.of(user.id):
            self.tokens.revoke(token)

    def invite(self, user: User, *, lasting: timedelta = INVITATION) -> str:
        """Return the address, from ``/`` on, that signs *user* in once."""
        return f"/sign-in/{self.links.make(user.id, lasting=lasting)}"

    def first_admin(self) -> User:
        """Return the administrator who was made first; one called ``admin``, without password, if none is."""
        admins = [user for user in self.users.all() if user.role is Role.ADMIN]
        if admins:
            return min(admins, key=lambda user: user.created_at)
        with suppress(UserExists):  # another process was faster, or somebody with a lower role has the name
            return self.users.add(FIRST_ADMIN, role=Role.ADMIN)
        user = self.users.named(FIRST_ADMIN)
        if user.role is not Role.ADMIN:
            return self.users.add(f"{FIRST_ADMIN}-{user.id[2:6]}", role=Role.ADMIN)
        return user

    def create_token(
        self, name: str, *, role: Role, user: User | None = None, days: int = 0
    ) -> tuple[Token, str]:
        """Return a new token and its secret; a user's token may not more than the user.

        Raises:
            RoleTooLow: the user has not that role.
        """
        if user and not user.role.covers(role):
            raise RoleTooLow(role)
        return self.tokens.create(name, role=role, user_id=user.id if user else "", days=days)

    def revoke_token(self, token_id: str, *, of: str | None = None) -> Token:
        """Revoke and return the token with that id; with *of* only when it is that user's.

        Raises:
            TokenNotFound: there is none.
        """
        token = self.tokens.get(token_id)
        if of is not None and token.user_id != of:
            raise TokenNotFound(token_id)
        self.tokens.revoke(token)
        return token

    def holder(self, token: Token) -> tuple[User | None, Role] | None:
        """Return the token's user and the role it has now, None when its user is gone.

        A user whose role was lowered takes the token along.
        """
        if not token.user_id:
            return None, token.role
        user = self.users.find(token.user_id)
        if user is None:
            return None
        return user, token.role if user.role.covers(token.role) else user.role

    def _named(self, name: str) -> User | None:
        try:
            return self.users.named(name)
        except UserNotFound:
            return None

    def _hash(self, password: str, name: str) -> str:
        check_password(password, name=name)
        return self._passwords.hash(password)
