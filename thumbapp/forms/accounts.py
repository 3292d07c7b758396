"""The forms around accounts: signing in, passwords, API tokens, users. Know no user and no store."""

from typing import Final

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, SelectChoice, SelectField, StringField

from thumbapp.accounts.model import Role, check_password
from thumbapp.errors import PasswordsDiffer, SignInFailed

_LASTING: Final = {"30": "30 days", "90": "90 days", "365": "a year", "0": "for ever"}
_ROLES: Final = [
    SelectChoice(Role.USER, "user: own jobs"),
    SelectChoice(Role.OPERATOR, "operator: everybody's jobs, tasks, schedules and Redis"),
    SelectChoice(Role.ADMIN, "admin: users and audit too"),
]


class AccountForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF ships no types
    """What these forms share; the CSRF token is checked before any view."""

    def refuse(self, field: str, error: Exception) -> None:
        """Write the sentence of *error* at *field*."""
        self[field].errors = [*self[field].errors, str(error)]


class SignInForm(AccountForm):
    """Name, password and where to go then."""

    name = StringField("Name", default="")
    password = PasswordField("Password", default="")
    next = HiddenField(default="/")

    def check(self) -> None:
        """Raise SignInFailed for what cannot be right and need not be counted."""
        if not self.name.data or not self.password.data:
            raise SignInFailed


class FirstPasswordForm(AccountForm):
    """A password, twice; both may be empty when none shall be set."""

    password = PasswordField("Password", default="")
    again = PasswordField("The same again", default="")

    def check(self, name: str) -> None:
        """Raise BadPassword when there is one that *name* cannot have."""
        if self.password.data or self.again.data:
            _check_twice(self, name)


class PasswordForm(AccountForm):
    """The old password and another, twice."""

    old = PasswordField("Old password", default="")
    password = PasswordField("New password", default="")
    again = PasswordField("The same again", default="")

    def check(self, name: str) -> None:
        """Raise BadPassword when the new one is none that *name* can have, or was not written twice."""
        _check_twice(self, name)


class NewTokenForm(AccountForm):
    """What an API token is called, may do, and how long it lasts."""

    name = StringField("What for", default="")
    role = SelectField("Role", choices=_ROLES, default=Role.USER, validate_choice=False)
    days = SelectField(
        "Lasts",
        choices=[SelectChoice(*pair) for pair in _LASTING.items()],
        default="90",
        validate_choice=False,
    )

    def lasting_days(self) -> int:
        """Return the days until it expires, 0 for never; 90 for what is not offered."""
        return int(self.days.data) if self.days.data in _LASTING else 90


class NewUserForm(AccountForm):
    """Name and role of a new user."""

    name = StringField("Name", default="")
    role = SelectField("Role", choices=_ROLES, default=Role.USER, validate_choice=False)


def _check_twice(form: FirstPasswordForm | PasswordForm, name: str) -> None:
    check_password(form.password.data or "", name=name)
    if form.password.data != form.again.data:
        raise PasswordsDiffer
