"""What the gate holds, on every kind of server: each row of its tables, and what no row is about."""

import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
import redis

from tests.explorer.conftest import ADMIN, EDITOR, VIEWER, ListAudit
from thumbapp.errors import (
    CommandRefused,
    ConfirmationNeeded,
    KeyProtected,
    LineUnreadable,
    ModeNeeded,
    Refused,
    ServerAway,
    ServerReadOnly,
)
from thumbapp.explorer.connections import ConnectionPool
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.resp import Argv, Failure, Status
from thumbapp.explorer.rules import RULES, Kind, Mode, Rule
from thumbapp.explorer.servers import Server
from thumbapp.runtime.connection import connect_to

# What stands after the command in a sample of a rule that is only about some arguments.
ARGUMENTS: dict[str, Argv] = {
    "DEL": tuple(f"k{number}" for number in range(101)),
    "UNLINK": tuple(f"k{number}" for number in range(101)),
    "XREAD": ("COUNT", 1, "BLOCK", 0, "STREAMS", "s", "$"),
    "XREADGROUP": ("GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">"),
    "CONFIG GET": ("maxmemory",),
    "COMMAND GETKEYS": ("GET", "k"),
}
GateTo = Callable[[Server], Gate]


def rows(*kinds: Kind) -> list[object]:
    """Return each row of *kinds* with a command for each of its commands, small letters mixed in."""
    return [
        pytest.param(
            rule, [sample(command) for command in sorted(rule.commands)], id=f"{at}-{rule.kind.name}"
        )
        for at, rule in enumerate(RULES)
        if rule.kind in kinds
    ]


def sample(command: str) -> Argv:
    """Return *command* with the arguments that its row is about."""
    return (*command.title().split(), *ARGUMENTS.get(command, ()))


def refusal(gate: Gate, argv: Argv, caller: Caller, *, db: int = 0) -> Exception | None:
    """Return what the gate raises about *argv*, None when it may go; nothing is sent."""
    with gate.server.pool.connection(db) as connection:
        try:
            gate.check(connection, argv, caller=caller, db=db)
        except (Refused, ConfirmationNeeded) as error:
            return error
    return None


@pytest.mark.parametrize(("rule", "commands"), rows(Kind.REFUSED, Kind.HOLDS, Kind.WAITS))
def test_it_is_refused_to_everybody_everywhere(
    rule: Rule, commands: list[Argv], elsewhere: Server, gate_to: GateTo
) -> None:
    for argv in commands:
        error = refusal(gate_to(elsewhere), argv, ADMIN)

        assert isinstance(error, CommandRefused)
        assert rule.says in str(error)


@pytest.mark.parametrize(("rule", "commands"), rows(Kind.REFUSED_AT_HOME))
def test_it_is_refused_where_the_apps_keys_live(
    rule: Rule, commands: list[Argv], gate: Gate, gate_to: GateTo
) -> None:
    away = gate_to(replace(gate.server, home_db=lambda: None))

    for argv in commands:
        error = refusal(gate, argv, ADMIN)

        assert isinstance(error, CommandRefused)
        assert rule.says in str(error)
        assert not isinstance(refusal(away, argv, ADMIN), CommandRefused)


def test_the_database_of_the_app_is_not_flushed_and_another_asks_first(gate: Gate) -> None:
    assert isinstance(refusal(gate, ("FLUSHDB",), ADMIN, db=15), CommandRefused)
    assert isinstance(refusal(gate, ("FLUSHDB",), ADMIN, db=0), ConfirmationNeeded)


@pytest.mark.parametrize(("rule", "commands"), rows(Kind.HOLDS))
def test_a_connection_of_ones_own_may_be_changed(rule: Rule, commands: list[Argv], gate: Gate) -> None:
    with gate.server.pool.connection(0) as connection:
        for argv in commands:
            gate.check(connection, argv, caller=ADMIN, db=0, holds_connection=True)


@pytest.mark.parametrize(("rule", "commands"), rows(Kind.VIEW, Kind.EDIT, Kind.ADMIN))
def test_a_mode_is_enough_and_the_one_below_is_not(
    rule: Rule, commands: list[Argv], elsewhere: Server, gate_to: GateTo
) -> None:
    enough = {Kind.VIEW: VIEWER, Kind.EDIT: EDITOR, Kind.ADMIN: ADMIN}[rule.kind]
    below = {Kind.EDIT: VIEWER, Kind.ADMIN: EDITOR}.get(rule.kind)
    gate = gate_to(elsewhere)

    for argv in commands:
        with gate.server.pool.connection(0) as connection, contextlib.suppress(ConfirmationNeeded):
            gate.check(connection, argv, caller=enough, db=0, holds_connection=True)
        assert below is None or isinstance(refusal(gate, argv, below), ModeNeeded)


@pytest.mark.parametrize(("rule", "commands"), rows(Kind.CONFIRMED))
def test_it_asks_first_and_says_what_will_happen(
    rule: Rule, commands: list[Argv], elsewhere: Server, gate_to: GateTo
) -> None:
    for argv in commands:
        error = refusal(gate_to(elsewhere), (*argv, "what") if len(argv) < 3 else argv, ADMIN)

        assert isinstance(error, ConfirmationNeeded)
        assert error.effect.split()[0] in (rule.says.split()[0], "101")
        assert "{" not in error.effect


@pytest.mark.parametrize(("rule", "commands"), rows(Kind.CONFIRMED_AT_HOME))
def test_a_script_asks_first_where_the_apps_keys_live(
    rule: Rule, commands: list[Argv], gate: Gate, gate_to: GateTo
) -> None:
    for argv in commands:
        script = (*argv, "return 1", 0)

        assert isinstance(refusal(gate, script, EDITOR), ConfirmationNeeded)
        assert refusal(gate_to(replace(gate.server, home_db=lambda: None)), script, EDITOR) is None


@pytest.mark.parametrize(
    ("argv", "mode"),
    [
        (("GET", "k"), Mode.VIEW),
        (("get", "k"), Mode.VIEW),
        (("HSCAN", "k", 0), Mode.VIEW),
        (("OBJECT", "ENCODING", "k"), Mode.VIEW),
        (("XINFO", "STREAM", "k"), Mode.VIEW),
        (("SET", "k", "v"), Mode.EDIT),
        (("XGROUP", "CREATE", "k", "g", "$"), Mode.EDIT),
        (("UNLINK", "k"), Mode.EDIT),
        (("CONFIG", "RESETSTAT"), Mode.ADMIN),
        (("BGSAVE",), Mode.ADMIN),
        (("CLUSTER", "FORGET", "x"), Mode.ADMIN),
        (("NO.SUCH", "k"), Mode.ADMIN),
        (("CONFIG", "NOSUCH"), Mode.ADMIN),
        (("config|set", "a", "b"), Mode.ADMIN),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else str(value),
)
def test_the_servers_flags_decide_what_no_row_is_about(
    argv: Argv, mode: Mode, elsewhere: Server, gate_to: GateTo
) -> None:
    gate = gate_to(elsewhere)
    below = {Mode.EDIT: VIEWER, Mode.ADMIN: EDITOR}.get(mode)

    assert refusal(gate, argv, replace(VIEWER, mode=mode)) is None
    assert below is None or isinstance(refusal(gate, argv, below), ModeNeeded)


PROTECTED: list[Argv] = [
    ("SET", "thumbapp:v1:x", 1),
    ("DEL", "mine", "thumbapp:v1:x"),
    ("RENAME", "mine", "thumbapp:v1:x"),
    ("MSET", "a", 1, "keep:b", 2),
    ("SUNIONSTORE", "keep:it", "a"),
    ("ZUNIONSTORE", "keep:it", 1, "a"),
    ("SORT", "mine", "STORE", "keep:it"),
    ("BITOP", "AND", "keep:it", "a"),
    ("GEORADIUS", "mine", 0, 0, 1, "km", "STORE", "keep:it"),
    ("EVAL", "return 1", 1, "thumbapp:v1:x"),
    ("XGROUP", "CREATE", "thumbapp:v1:queue", "g", "$"),
    ("MOVE", "keep:it", 3),
    ("PUBLISH", "thumbapp:v1:events", "x"),
    ("RPOPLPUSH", "keep:it", "mine"),
    ("PFMERGE", "keep:it", "a"),
    ("RESTORE", "keep:it", 0, "x"),
    ("EXPIRE", "keep:it", 1),
]


@pytest.mark.parametrize("argv", PROTECTED, ids=lambda argv: " ".join(map(str, argv)))
def test_protected_keys_are_never_changed(argv: Argv, gate: Gate) -> None:
    assert isinstance(refusal(gate, argv, ADMIN), KeyProtected)


@pytest.mark.parametrize(
    "argv",
    [
        ("GET", "thumbapp:v1:x"),
        ("SET", "mine", "thumbapp:v1:x"),
        ("LPUSH", "mine", "keep:it"),
        ("EXPIRE", "mine", 1),
        ("PUBLISH", "mine", "thumbapp:v1:x"),
    ],
    ids=lambda argv: " ".join(map(str, argv)),
)
def test_protected_names_may_be_read_and_stand_in_values(argv: Argv, gate: Gate) -> None:
    assert refusal(gate, argv, EDITOR) is None


def test_a_script_may_be_given_a_protected_name_as_a_value(elsewhere: Server, gate_to: GateTo) -> None:
    assert refusal(gate_to(elsewhere), ("EVAL", "return ARGV[1]", 0, "keep:it"), EDITOR) is None


def test_a_server_set_to_read_only_takes_no_change_from_anybody(elsewhere: Server, gate_to: GateTo) -> None:
    gate = gate_to(replace(elsewhere, is_read_only=True))

    assert isinstance(refusal(gate, ("SET", "k", 1), ADMIN), ServerReadOnly)
    assert isinstance(refusal(gate, ("CONFIG", "GET", "*"), ADMIN), ServerReadOnly)
    assert refusal(gate, ("GET", "k"), VIEWER) is None


def test_an_unanswered_question_where_the_apps_keys_are_means_here(
    elsewhere: Server, gate_to: GateTo
) -> None:
    gate = gate_to(replace(elsewhere, home_db=lambda: -1))

    assert isinstance(refusal(gate, ("FLUSHALL",), ADMIN), CommandRefused)
    assert isinstance(refusal(gate, ("FLUSHDB",), ADMIN, db=7), CommandRefused)


def test_a_command_runs_once_it_is_confirmed(
    elsewhere: Server, gate_to: GateTo, any_client: redis.Redis
) -> None:
    gate = gate_to(elsewhere)
    any_client.mset({"a": 1, "b": 2})

    with pytest.raises(ConfirmationNeeded, match="2 now") as asked:
        gate.run(("FLUSHDB",), caller=ADMIN, db=0)
    ran = gate.run(("FLUSHDB",), caller=ADMIN, db=0, confirm=asked.value.token)

    assert ran.reply == Status(b"OK")
    assert any_client.dbsize() == 0


def test_a_confirmation_is_for_that_command_that_place_and_that_session(
    elsewhere: Server, gate_to: GateTo
) -> None:
    gate = gate_to(elsewhere)
    argv = ("CONFIG", "SET", "maxmemory", "0")
    token = refusal(gate, argv, ADMIN).token  # type: ignore[union-attr]
    others = [
        {"argv": ("CONFIG", "SET", "maxmemory", "1")},
        {"db": 1},
        {"caller": replace(ADMIN, binding="session-2")},
        {"caller": replace(ADMIN, who="another")},
        {"confirm": token[:-2] + "xx"},
        {"confirm": "9" + token},
        {"confirm": "1." + token.partition(".")[2]},
        {"confirm": "¹." + token.partition(".")[2]},
    ]

    for changed in others:
        call = {"argv": argv, "caller": ADMIN, "db": 0, "confirm": token} | changed
        with pytest.raises(ConfirmationNeeded):
            gate.run(call.pop("argv"), **call)
    assert not gate.run(argv, caller=ADMIN, db=0, confirm=token).is_error


def test_changes_and_refusals_are_noted_and_reading_is_not(
    elsewhere: Server, gate_to: GateTo, audit: ListAudit
) -> None:
    gate = gate_to(elsewhere)

    gate.run(("SET", "k", "v" * 1000), caller=EDITOR, db=2)
    gate.run(("GET", "k"), caller=EDITOR, db=2)
    gate.run(("LPUSH", "k", "v"), caller=EDITOR, db=2)
    with pytest.raises(ModeNeeded):
        gate.run(("DEL", "k"), caller=VIEWER, db=2)

    assert [(line["action"], line["result"].partition(" ")[0]) for line in audit.lines] == [
        ("redis.set", "ok"),
        ("redis.lpush", "WRONGTYPE"),
        ("redis.del", "mode"),
    ]
    assert audit.lines[0]["target"].startswith("elsewhere[2] SET k vvv")
    assert len(audit.lines[0]["target"]) < 250


def test_no_password_is_noted(elsewhere: Server, gate_to: GateTo, audit: ListAudit) -> None:
    gate = gate_to(elsewhere)
    argv = ("CONFIG", "SET", "masterauth", "sesame")

    token = refusal(gate, argv, ADMIN).token  # type: ignore[union-attr]
    gate.run(argv, caller=ADMIN, db=0, confirm=token)

    assert "sesame" not in str(audit.lines)
    assert "masterauth" in str(audit.lines)


def test_an_error_of_the_server_is_a_reply(gate: Gate) -> None:
    ran = gate.run(("GET",), caller=VIEWER, db=0)

    assert ran.is_error
    assert isinstance(ran.reply, Failure)


def test_no_command_is_a_sentence(gate: Gate) -> None:
    with pytest.raises(LineUnreadable):
        gate.run((), caller=VIEWER, db=0)


def test_a_server_that_went_away_is_a_sentence(home: Server, gate_to: GateTo) -> None:
    client = connect_to("redis://127.0.0.1:1/0", read_timeout_s=1, name="tests", setting="SERVERS")
    gone = replace(home, pool=ConnectionPool(client, name="gone"))

    with pytest.raises(ServerAway, match="gone does not answer"):
        gate_to(gone).run(("GET", "k"), caller=VIEWER, db=0)


def test_a_licence_is_given_for_reading_alone(gate: Gate) -> None:
    with gate.server.pool.connection(0) as connection:
        gate.check_reads(connection, ["SCAN", "TYPE", "PTTL", "MEMORY USAGE"])
        for name in ("SET", "KEYS", "CONFIG GET"):
            with pytest.raises(Refused):
                gate.check_reads(connection, ["SCAN", name])
