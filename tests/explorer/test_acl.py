"""Users of a server are read out in words, made from choices, and nobody's hash is shown."""

from collections.abc import Iterator

import pytest
import redis

from tests.explorer.conftest import ADMIN, EDITOR, ListAudit
from thumbapp.errors import BadEdit, ConfirmationNeeded, ModeNeeded, ServerLacks, ServerRefused
from thumbapp.explorer.acl import Acl, AclChange, AclUser, setuser
from thumbapp.explorer.gate import Gate

ALA = AclChange(
    "ala",
    password="haslo",
    commands=("+@read", "-hgetall"),
    keys=("app:*",),
    channels=("news",),
)


@pytest.fixture
def acl(gate: Gate, any_client: redis.Redis) -> Iterator[Acl]:
    """Return the users of each kind of server; the old one has none, and says so."""
    acl = Acl(gate, caller=ADMIN)
    try:
        acl.whoami()
    except ServerLacks as error:
        pytest.skip(str(error))
    yield acl
    any_client.acl_deluser("ala")


def saved(acl: Acl, change: AclChange) -> AclUser:
    """Save *change* with its confirmation."""
    with pytest.raises(ConfirmationNeeded) as asked:
        acl.save(change)
    return acl.save(change, confirm=asked.value.token)


def test_a_user_is_made_from_choices(acl: Acl) -> None:
    user = saved(acl, ALA)

    assert (user.is_on, user.needs_password, user.passwords) == (True, True, 1)
    assert (user.keys, user.channels) == (("app:*",), ("news",))
    assert user.sentences == [
        "signs in with a password",
        "may run reading values, but not HGETALL",
        "reaches keys app:*",
        "hears channels news",
    ]


def test_saving_again_keeps_the_password_and_replaces_the_rules(acl: Acl) -> None:
    saved(acl, ALA)

    user = saved(acl, AclChange("ala", commands=("+get",), keys=("*",)))

    assert (user.passwords, user.keys, user.channels) == (1, ("*",), ())
    assert user.sentences[1:] == ["may run GET", "reaches all keys", "hears no channels"]


def test_what_a_user_may_do_is_asked_of_the_server(acl: Acl) -> None:
    saved(acl, ALA)
    try:
        dry_run = acl.dry_run("ala", ("GET", "app:1"))
    except ServerLacks:
        return

    assert dry_run.may_run
    assert not acl.dry_run("ala", ("GET", "secret")).may_run
    assert "no permissions" in acl.dry_run("ala", ("SET", "app:1", "x")).says.lower()


def test_no_hash_of_a_password_comes_out(acl: Acl) -> None:
    saved(acl, ALA)

    assert "haslo" not in repr(acl.users())
    assert not any(len(word) == 64 for word in repr(acl.users()).split("'"))


def test_refusals_are_listed(acl: Acl, any_client: redis.Redis) -> None:
    saved(acl, ALA)
    kwargs = any_client.get_connection_kwargs()
    other = redis.Redis(
        host=kwargs["host"],
        port=kwargs["port"],
        protocol=2,
        socket_keepalive=False,
        username="ala",
        password="haslo",
    )
    with pytest.raises(redis.exceptions.NoPermissionError):
        other.set("app:1", "x")
    other.close()

    refusal = acl.refusals()[0]

    assert (refusal["username"], refusal["object"]) == ("ala", "set")


def test_looking_leaves_no_line_in_the_audit(acl: Acl, audit: ListAudit) -> None:
    acl.users()
    acl.refusals()

    assert audit.lines == []


def test_a_removed_user_is_gone(acl: Acl) -> None:
    saved(acl, ALA)
    with pytest.raises(ConfirmationNeeded) as asked:
        acl.remove("ala")
    acl.remove("ala", confirm=asked.value.token)

    assert [user.name for user in acl.users()] == ["default"]


def test_a_password_is_made_by_the_server(acl: Acl) -> None:
    assert len({acl.password(), acl.password()}) == 2


def test_it_takes_an_admin(acl: Acl, gate: Gate) -> None:
    with pytest.raises(ModeNeeded):
        Acl(gate, caller=EDITOR).users()


def test_a_rule_the_server_does_not_know_is_its_own_sentence(acl: Acl) -> None:
    with pytest.raises(ServerRefused, match=r"(?i)unknown command"):
        saved(acl, AclChange("ala", commands=("+nosuch",)))


@pytest.mark.parametrize(
    "change",
    [
        AclChange(""),
        AclChange("two words"),
        AclChange("ala", commands=("get",)),
        AclChange("ala", commands=("+get ~*",)),
        AclChange("ala", commands=(">password",)),
        AclChange("ala", keys=("a b",)),
        AclChange("ala", channels=("",)),
    ],
)
def test_what_is_no_rule_is_refused(change: AclChange) -> None:
    with pytest.raises(BadEdit):
        setuser(change)


def test_a_server_without_users_says_so(gate: Gate) -> None:
    try:
        assert Acl(gate, caller=ADMIN).whoami()
    except ServerLacks as error:
        assert "6.0" in str(error)  # noqa: PT017 - which of the two holds depends on the server
