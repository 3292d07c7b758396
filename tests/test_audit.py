"""The audit: every entry once, newest first, found again, and not pushed out by visitors."""

import logging

import pytest
import redis

from thumbapp import audit
from thumbapp.audit import AuditLog, Wanted
from thumbapp.errors import BadParameter


@pytest.fixture
def log(any_client: redis.Redis) -> AuditLog:
    """Return an empty audit on a server of each kind."""
    return AuditLog(any_client, namespace="test:v1:")


def targets(log: AuditLog, **options: object) -> list[str]:
    return [entry.target for entry in log.page(**options).items]  # type: ignore[arg-type] # as page takes them


def test_an_entry_says_who_did_what_from_where_and_how_it_ended(log: AuditLog) -> None:
    log.record(who="ala", action="user.add", target="ola", source="192.0.2.1", result="user-exists")

    entry = log.page().items[0]

    assert (entry.who, entry.action, entry.target) == ("ala", "user.add", "ola")
    assert (entry.source, entry.result) == ("192.0.2.1", "user-exists")
    assert entry.when.tzinfo


def test_both_streams_are_read_as_one_page_by_page(log: AuditLog) -> None:
    for number in range(23):
        log.record(who="ala", action="job.create", target=str(number), by_all=bool(number % 3))

    found, cursor = [], None
    for _ in range(5):
        page = log.page(cursor=cursor, limit=5)
        found += [int(entry.target) for entry in page.items]
        cursor = page.cursor

    assert sorted(found) == list(range(23))
    assert [entry.id for entry in log.walk()] == [entry.id for entry in log.page(limit=100).items]
    assert cursor is None


def test_entries_of_the_same_moment_do_not_hide_each_other(any_client: redis.Redis, log: AuditLog) -> None:
    for key in ("test:v1:audit", "test:v1:audit:visitors"):
        for number in (0, 1):
            any_client.xadd(key, {"who": key, "target": f"{key[-4:]} {number}"}, id=f"1764000000000-{number}")

    found, cursor = [], ""
    while cursor is not None:
        page = log.page(cursor=cursor, limit=1)
        found += [entry.target for entry in page.items]
        cursor = page.cursor

    assert sorted(found) == ["tors 0", "tors 1", "udit 0", "udit 1"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(who="AL"), ["b.jpg", "ola"]),
        (Wanted(action="user."), ["ola"]),
        (Wanted(text="192.0.2.9"), ["b.jpg"]),
        (Wanted(who="ala", action="job."), ["b.jpg"]),
        (Wanted(text="nothing of it"), []),
        (Wanted(result="ok"), ["b.jpg", "ola"]),
        (Wanted(result="refused"), ["a.jpg"]),
    ],
)
def test_entries_are_found_again(log: AuditLog, wanted: Wanted, expected: list[str]) -> None:
    log.record(who="ala", action="user.add", target="ola", source="192.0.2.1")
    log.record(who="visitor", action="job.create", target="a.jpg", result="disk-full", by_all=True)
    log.record(who="ala", action="job.create", target="b.jpg", source="192.0.2.9", by_all=True)

    assert targets(log, wanted=wanted) == expected


def test_a_search_looks_through_so_much_at_once_and_goes_on(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_LOOKED_THROUGH", 10)
    log.record(who="ala", action="user.add", target="ola")
    for _ in range(15):
        log.record(who="visitor", action="job.create", by_all=True)

    first = log.page(Wanted(who="ala"))
    second = log.page(Wanted(who="ala"), cursor=first.cursor)

    assert (first.items, bool(first.cursor)) == ([], True)
    assert ([entry.target for entry in second.items], second.cursor) == (["ola"], None)


def test_a_flood_of_visitors_pushes_out_no_account(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_KEPT", 50)
    log.record(who="ala", action="user.remove", target="ola")

    for _ in range(400):
        log.record(who="visitor", action="job.create", by_all=True)

    assert targets(log, wanted=Wanted(who="ala")) == ["ola"]
    assert len(list(log.walk())) < 400


@pytest.mark.parametrize(
    "cursor", ["x", "1-1", "-", "1-1.2", "9" * 40 + "-1.0", "1-1.0\n", "\u0661-\u0661.\u0660"]
)
def test_a_cursor_of_ones_own_is_refused(log: AuditLog, cursor: str) -> None:
    with pytest.raises(BadParameter):
        log.page(cursor=cursor)


def test_text_of_any_kind_and_length_is_taken(log: AuditLog) -> None:
    log.record(who="\ud800", action="x", target="=1+1\x1b[31m" + "y" * 10_000)

    entry = log.page().items[0]

    assert entry.who == "?"
    assert len(entry.target) == 300


def test_a_server_that_is_away_leaves_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    away = redis.Redis(host="127.0.0.1", port=1, protocol=2, socket_keepalive=False, socket_timeout=0.2)

    with caplog.at_level(logging.WARNING):
        AuditLog(away, namespace="test:").record(who="ala", action="user.remove", target="ola")

    assert "user.remove" in caplog.text
    away.close()


def test_a_server_that_just_did_not_answer_is_not_asked_again(
    log: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        log.record(who="ala", action="job.create", is_away=True)

    assert log.page().items == []
    assert "job.create" in caplog.text
