"""What every answer carries, and what every request must pass."""

import io
import json
import logging
from typing import Any

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from tests.blueprints.conftest import MakeSite
from tests.blueprints.people import Browser, Site
from tests.blueprints.test_access import addresses
from tests.jobs.conftest import encoded
from thumbapp.accounts.model import Role
from thumbapp.runtime import logs

PHOTO = encoded(Image.new("RGB", (64, 48), "teal"), "PNG")
JOBS = "/api/v1/jobs"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; img-src 'self' data: blob:; base-uri 'none'; frame-ancestors 'none'"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def send(browser: Browser, headers: dict[str, str]) -> TestResponse:
    """Send a picture to the API with the cookie and the token of the page seen last."""
    data = {"image": (io.BytesIO(PHOTO), "a.png")}
    return browser.client.post(JOBS, data=data, headers={"X-CSRFToken": browser.token} | headers)


@pytest.mark.parametrize("role", [None, Role.ADMIN], ids=["visitor", "admin"])
def test_every_answer_of_every_address_carries_the_policy(people: Site, role: Role | None) -> None:
    headers = people.token(role) if role else {}
    client = people.app.test_client()
    bare = []

    for _, method, path in addresses(people):
        with client.open(path, method=method, headers=headers) as answer:
            right = answer.headers["Content-Security-Policy"] == POLICY
            if not right or any(answer.headers[name] != value for name, value in ALWAYS.items()):
                bare.append(f"{method} {path}")

    assert bare == []


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere", "/static/none.js", "/sign-in/x", "/jobs/x"])
def test_errors_carry_it_too(people: Site, path: str) -> None:
    answer = people.visitor().get(path)

    assert answer.status_code in {404, 410}
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert "Cookie" in answer.headers.get("Vary", "") or path.startswith("/static")


def test_what_users_uploaded_is_alone_in_a_sandbox(people: Site) -> None:
    job = people.app.test_client(use_cookies=False).post(JOBS, data={"image": (io.BytesIO(PHOTO), "a.png")})
    media, store = people.parts.media, people.parts.jobs
    job_id = job.get_json()["id"]
    from tests.jobs.conftest import InThread
    from thumbapp.jobs.ledger import Ledger
    from thumbapp.jobs.runner import Runner

    ledger = Ledger.from_settings(people.parts.settings, people.parts.redis)
    runner = Runner(ledger, renderer=InThread(people.parts.settings))
    runner.run(job_id, run_id=store.find(job_id).run_id)
    done = people.app.test_client().get(f"{JOBS}/{job_id}").get_json()

    for path in (done["archive_url"], done["thumbnails"][0]["url"]):
        with people.app.test_client().get(path) as answer:
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert media.exists(job_id, "archive.zip")


def test_over_tls_browsers_are_told_to_stay_there(make_site: MakeSite) -> None:
    site = make_site(trusted_proxies=1)

    plain, secure = (
        site.app.test_client().get("/login", headers={"X-Forwarded-Proto": proto})
        for proto in ("http", "https")
    )

    assert "Strict-Transport-Security" not in plain.headers
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("proxies", [0, 1])
def test_forwarded_headers_are_believed_only_from_trusted_proxies(make_site: MakeSite, proxies: int) -> None:
    site = make_site(trusted_proxies=proxies)
    headers = {"X-Forwarded-For": "203.0.113.5, 192.0.2.7", "X-Forwarded-Proto": "https"}

    answer = site.app.test_client().post("/logout", headers=headers | {"X-Forwarded-Host": "evil.example"})

    entry = site.audited()[0]
    if proxies:  # then the host is believed, too, and not served
        assert (answer.status_code, entry.result, entry.source) == (400, "400", "192.0.2.7")
    else:
        assert entry.source == "127.0.0.1"
        assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/", "/login", JOBS, "/static/favicon.svg", "/healthz", "/api/v1/jobs/x/events"]
)
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "a b", "[::1"]
)
def test_only_known_hosts_are_served(people: Site, path: str, host: str) -> None:
    answer = people.app.test_client().get(path, headers={"Host": host})

    assert answer.status_code == 400
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:9", "[::1]:8000", "pictures.example"]
)
def test_loopback_and_the_setting_s_hosts_are_served(make_site: MakeSite, host: str) -> None:
    site = make_site(allowed_hosts=("pictures.example", ".pics.example"))

    assert site.app.test_client().get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 202),
        ({"Origin": "http://localhost"}, 202),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 202),
        ({}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost:8001"}, 403),
        ({"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "X-CSRFToken": ""}, 400),
        ({"Sec-Fetch-Site": "same-origin", "X-CSRFToken": "forged"}, 400),
    ],
    ids=str,
)
def test_a_call_with_the_cookie_needs_token_and_origin(
    people: Site, headers: dict[str, str], status: int
) -> None:
    browser = people.visitor()
    browser.get("/")

    assert send(browser, headers).status_code == status


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_call_without_the_cookie_needs_neither(people: Site, headers: dict[str, str]) -> None:
    client = people.app.test_client(use_cookies=False)

    for more in ({}, people.token(Role.USER)):
        data = {"image": (io.BytesIO(PHOTO), "a.png")}
        assert client.post(JOBS, data=data, headers=headers | more).status_code == 202


def test_the_token_of_another_browser_is_no_good(people: Site) -> None:
    one, other = people.visitor(), people.visitor()
    one.get("/")
    other.get("/")
    one.token = other.token

    assert send(one, {"Sec-Fetch-Site": "same-origin"}).status_code == 400


@pytest.mark.parametrize("path", ["/", "/jobs/x/delete", "/login", "/account/tokens", "/users"])
def test_a_form_of_another_site_does_nothing(people: Site, path: str) -> None:
    browser = people.signed_in(Role.ADMIN)
    browser.get("/account")

    for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = browser.client.post(path, data={"csrf_token": browser.token}, headers=headers)
        assert answer.status_code == 403


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/jobs", JOBS])
def test_other_methods_do_nothing(people: Site, method: str, path: str) -> None:
    answer = people.app.test_client().open(path, method=method, headers={"X-Echo": "secret"})

    assert answer.status_code == (200 if method == "OPTIONS" else 405)
    assert "secret" not in answer.text


def test_no_get_changes_anything(people: Site) -> None:
    admin = people.signed_in(Role.ADMIN)
    namespace = people.parts.settings.namespace
    client: Any = people.parts.redis
    before = {key: client.dump(key) for key in client.scan_iter(f"{namespace}*")}

    for rule, method, path in addresses(people):
        if method == "GET" and not rule.rule.endswith(("/events", "/stream")):
            admin.get(path).close()

    after = {key: client.dump(key) for key in client.scan_iter(f"{namespace}*")}
    after.pop(f"{namespace}tasks:watched".encode(), None)  # for 90 s: somebody looks
    assert set(after) == set(before)
    assert [key for key in before if before[key] != after[key] and b"session:" not in key] == []


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_request_is_one_line_without_secrets(
    people: Site, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = people.accounts.invite(people.accounts.first_admin())
    browser = people.visitor()
    with caplog.at_level(logging.INFO, "thumbapp.web"):
        browser.get(path)
        browser.post(path, password="a secret password", again="a secret password")
        browser.get("/jobs/x%0Ay%1B[31m?q=secret")

    formatter = logs.JsonLine() if kind == "json" else logs.TextLine()
    lines = [formatter.format(record) for record in caplog.records if record.name == "thumbapp.web"]

    assert len(lines) == 3
    assert not any(
        path.rpartition("/")[2] in line or "secret" in line.split("/sign-in/")[0] for line in lines
    )
    assert not any(char in line for line in lines for char in "\n\x1b")
    assert "/sign-in/<secret>" in lines[1]
    assert "admin" in lines[1]
    if kind == "json":
        facts = json.loads(lines[1])
        assert (facts["method"], facts["status"], facts["who"]) == ("POST", 303, "admin")
