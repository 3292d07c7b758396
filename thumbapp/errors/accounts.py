"""Who may do what, and how often: sign-in, users, tokens, limits of one visitor."""

from thumbapp.errors.base import Refused, ThumbAppError, Unavailable


class SignInRequired(ThumbAppError):
    """Nobody is signed in, and the address is not open to everybody."""

    code = "sign-in-required"

    def __init__(self) -> None:
        super().__init__("Sign in, or send an API token as Authorization: Bearer.")


class SignInFailed(ThumbAppError):
    """Name and password do not go together; which of them is wrong is not said."""

    code = "sign-in-failed"

    def __init__(self) -> None:
        super().__init__("Name and password do not go together. Check both.")


class SignInBusy(Unavailable):
    """More passwords are being checked than are checked at once."""

    code = "sign-in-busy"
    retry_after_s = 2

    def __init__(self) -> None:
        super().__init__("Many people are signing in just now. Try again in two seconds.")


class TokenRefused(ThumbAppError):
    """The API token is unknown, expired or revoked."""

    code = "token-refused"

    def __init__(self) -> None:
        super().__init__("The API token is unknown, expired or revoked.")


class RoleTooLow(ThumbAppError):
    """The one who asks has a role that may not do this."""

    code = "role-too-low"

    def __init__(self, needed: str) -> None:
        super().__init__(f"This needs the role {needed}. An administrator can give it to you.")


class LinkUsed(ThumbAppError):
    """A sign-in link was used before, or its time is over."""

    code = "link-used"

    def __init__(self) -> None:
        super().__init__(
            "This sign-in link was used before, or its time is over. Get a new one: thumbapp users link NAME."
        )


class UserNotFound(ThumbAppError):
    """No user has that name or id."""

    code = "user-not-found"

    def __init__(self, name: str) -> None:
        super().__init__(f"No user is called {name[:64]!r}.")


class TokenNotFound(ThumbAppError):
    """No API token has that id."""

    code = "token-not-found"

    def __init__(self, name: str) -> None:
        super().__init__(f"No API token has the id {name[:64]!r}.")


class UserExists(ThumbAppError):
    """The name is taken; capitals do not tell names apart."""

    code = "user-exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a user called {name[:64]!r} already. Choose another name.")


class LastAdmin(ThumbAppError):
    """Without this user nobody could administer the site."""

    code = "last-admin"

    def __init__(self) -> None:
        super().__init__("This is the last administrator. Make somebody else one first.")


class BadUserName(Refused):
    """A name is empty, too long, or holds what could be taken for another."""

    code = "bad-user-name"

    def __init__(self, most: int) -> None:
        super().__init__(f"A name has 1 to {most} letters, digits and . _ - @ +, and begins with no sign.")


class BadPassword(Refused):
    """A password is too short to keep anybody out, or too long to be one."""

    code = "bad-password"

    def __init__(self, least: int, most: int) -> None:
        super().__init__(
            f"A password has {least} to {most:,} characters, not all the same, and is not the name."
        )


class PasswordsDiffer(BadPassword):
    """A new password was not written the same way twice."""

    code = "passwords-differ"

    def __init__(self) -> None:
        Exception.__init__(self, "The two passwords differ. Write the same one twice.")


class BadRole(Refused):
    """A word is no role."""

    code = "bad-role"

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:40]!r} is no role. There are: user, operator, admin.")


class Throttled(ThumbAppError):
    """One visitor asks for more than is given to one; later it may work."""

    code = "throttled"
    retry_after_s = 60


class TooManyAttempts(Throttled):
    """Signing in was tried too often, for one name or from one address."""

    code = "too-many-attempts"

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"Signing in was tried too often. Try again in {_in_words(retry_after_s)}.")


class TooManyUploads(Throttled):
    """One address uploads more often than is allowed."""

    code = "too-many-uploads"

    def __init__(self, limit: int, retry_after_s: int) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(
            f"At most {limit:,} uploads a minute are taken from one address. Nothing was saved; "
            f"try again in {_in_words(retry_after_s)}."
        )


class TooManyJobs(Throttled):
    """One visitor has as many jobs waiting and running as one may have."""

    code = "too-many-jobs"
    retry_after_s = 30

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit:,} of your jobs wait or run, the most there may be. Nothing was saved.")


class StoreFull(Throttled):
    """One visitor has as many bytes stored as one may have."""

    code = "store-full"
    retry_after_s = 3600

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"Your pictures take {limit_bytes // 10**6:,} MB, the most that is kept for one visitor. "
            "Nothing was saved; delete jobs, or wait until old ones are removed."
        )


def _in_words(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{-(-seconds // 60)} min"
