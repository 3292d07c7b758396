"""One's account, and everybody's: passwords, tokens, sessions, users, and what the audit says of it."""

import csv
import io
import json
import re

import pytest

from tests.blueprints.people import PASSWORD, Site
from thumbapp.accounts.model import Role


def test_a_first_password_is_set_without_an_old_one(people: Site) -> None:
    browser = people.signed_in(name="ala")
    shown = browser.get("/account").text

    answer = browser.post("/account/password", password=PASSWORD, again=PASSWORD)

    assert "You have no password yet" in shown
    assert "Old password" not in shown
    assert answer.status_code == 303
    assert people.accounts.sign_in("ala", PASSWORD, address="")
    assert "You have no password yet" not in browser.get("/account").text


def test_a_password_is_changed_with_the_old_one_and_ends_other_sessions(people: Site) -> None:
    people.accounts.add("ala", role=Role.USER, password=PASSWORD)
    here, elsewhere = people.visitor(), people.visitor()
    for browser in (here, elsewhere):
        browser.get("/login")
        browser.post("/login", name="ala", password=PASSWORD)
    here.get("/account")
    before = here.cookie()

    wrong = here.post("/account/password", old="not it", password="another one", again="another one")
    right = here.post("/account/password", old=PASSWORD, password="another one", again="another one")

    assert (wrong.status_code, right.status_code) == (401, 303)
    assert "Name and password do not go together" in wrong.text
    assert here.get("/account").status_code == 200
    assert here.cookie() != before
    assert elsewhere.get("/account").status_code == 302


def test_who_came_by_a_link_because_the_password_was_lost_may_set_another(people: Site) -> None:
    browser = people.signed_in(name="ala", password="forgotten one")
    browser.get("/account")

    answer = browser.post("/account/password", password=PASSWORD, again=PASSWORD)

    assert answer.status_code == 303
    assert people.accounts.sign_in("ala", PASSWORD, address="")


def test_a_token_is_shown_once_and_works(people: Site) -> None:
    browser = people.signed_in(Role.OPERATOR)
    browser.get("/account")

    made = browser.post("/account/tokens", name="backup", role="operator", days="30")
    secret = re.findall(r"thumb_[\w-]{43}", made.text)[0]
    again = browser.get("/account").text

    header = {"Authorization": f"Bearer {secret}"}
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    assert people.app.test_client().get("/api/v1/jobs", headers=header).status_code == 200
    assert "backup" in again
    assert secret not in again


def test_a_token_cannot_be_given_more_than_one_has(people: Site) -> None:
    browser = people.signed_in(Role.USER)
    page = browser.get("/account").text

    answer = browser.post("/account/tokens", name="more", role="admin", days="0")

    assert 'value="admin"' not in page
    assert answer.status_code == 403
    assert people.accounts.tokens.all() == []


def test_only_one_s_own_token_can_be_revoked(people: Site) -> None:
    browser = people.signed_in(Role.USER)
    foreign, _ = people.accounts.create_token("foreign", role=Role.USER)
    browser.get("/account")
    browser.post("/account/tokens", name="mine", role="user", days="90")
    mine = next(token for token in people.accounts.tokens.all() if token.name == "mine")

    gone = browser.post(f"/account/tokens/{mine.id}/revoke")
    kept = browser.post(f"/account/tokens/{foreign.id}/revoke")

    assert (gone.status_code, kept.status_code) == (303, 404)
    assert [token.name for token in people.accounts.tokens.all()] == ["foreign"]


def test_sessions_are_listed_and_ended(people: Site) -> None:
    user = people.accounts.add("ala", role=Role.USER)
    browsers = [people.visitor() for _ in range(3)]
    for browser in browsers:
        path = people.accounts.invite(user)
        browser.get(path)
        browser.post(path)
    page = browsers[0].get("/account").text
    ends = re.findall(r'action="(/account/sessions/[0-9a-f]{64}/end)"', page)

    browsers[0].post(ends[0])
    left = [browser.get("/account").status_code for browser in browsers]
    browsers[0].post("/account/sessions/end")

    assert len(ends) == 2
    assert sorted(left) == [200, 200, 302]
    assert [browser.get("/account").status_code for browser in browsers] == [200, 302, 302]


def test_nobody_ends_a_foreign_session(people: Site) -> None:
    victim, attacker = people.signed_in(name="ala"), people.signed_in(name="ola")
    attacker.get("/account")
    key = people.accounts.sessions.of(people.accounts.users.named("ala").id)[0].key

    attacker.post(f"/account/sessions/{key}/end")

    assert victim.get("/account").status_code == 200


def test_an_administrator_adds_a_user_who_comes_in_by_a_link(people: Site) -> None:
    admin, invited = people.signed_in(Role.ADMIN), people.visitor()
    admin.get("/users")

    page = admin.post("/users", name="łukasz", role="operator")
    path = re.findall(r"http://localhost(/sign-in/[\w-]+)", page.text)[0]
    invited.get(path)
    invited.post(path)

    assert page.status_code == 201
    assert "łukasz" in invited.get("/account").text
    assert people.accounts.users.named("łukasz").role is Role.OPERATOR


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("", 422, "A name has 1 to 64"),
        ("a b", 422, "A name has"),
        ("SOME-ADMIN", 409, "There is a user called"),
    ],
    ids=["none", "a blank", "taken"],
)
def test_a_name_that_cannot_be_had_is_said_at_the_field(
    people: Site, name: str, status: int, sentence: str
) -> None:
    admin = people.signed_in(Role.ADMIN)
    admin.get("/users")

    answer = admin.post("/users", name=name, role="user")

    assert answer.status_code == status
    assert sentence in answer.text
    assert len(people.accounts.users.all()) == 1


def test_roles_change_and_users_go_but_the_last_administrator_stays(people: Site) -> None:
    admin = people.signed_in(Role.ADMIN)
    other = people.accounts.add("ola", role=Role.USER)
    me = people.accounts.users.named("some-admin")
    admin.get("/users")

    admin.post(f"/users/{other.id}/role", role="operator")
    promoted = people.accounts.users.named("ola").role
    admin.post(f"/users/{other.id}/remove")
    admin.post(f"/users/{me.id}/role", role="user")
    admin.post(f"/users/{me.id}/remove")

    assert promoted is Role.OPERATOR
    assert [user.name for user in people.accounts.users.all()] == ["some-admin"]
    assert "This is the last administrator." in admin.get("/users").text


@pytest.mark.parametrize("action", ["role", "link", "remove"])
def test_a_user_who_is_gone_is_not_found(people: Site, action: str) -> None:
    admin = people.signed_in(Role.ADMIN)
    admin.get("/users")

    assert admin.post(f"/users/u-nobody/{action}", role="user").status_code == 404


def test_a_token_of_the_installation_has_no_account(people: Site) -> None:
    _, secret = people.accounts.create_token("backup", role=Role.ADMIN)

    answer = people.app.test_client().get("/account", headers={"Authorization": f"Bearer {secret}"})

    assert answer.status_code == 401


def test_every_change_leaves_one_entry_done_or_refused(people: Site) -> None:
    admin = people.signed_in(Role.ADMIN)
    admin.get("/users")

    admin.post("/users", name="ola", role="user")
    admin.post("/users", name="ola", role="user")
    admin.token = ""
    admin.post("/users", name="ula", role="user")

    entries = [(entry.who, entry.action, entry.target, entry.result) for entry in people.audited()]
    assert entries == [
        ("some-admin", "users.add", "", "csrf"),
        ("some-admin", "user.add", "ola", "user-exists"),
        ("some-admin", "user.add", "ola (user)", "ok"),
        ("some-admin", "sign-in", "some-admin", "ok"),
    ]


def test_the_audit_is_filtered_paged_and_exported(people: Site) -> None:
    admin = people.signed_in(Role.ADMIN)
    for number in range(60):
        people.parts.audit.record(who="ala", action="user.role", target=f"number {number}")
    people.parts.audit.record(who="ola", action="user.add", target="=HYPERLINK(1)")

    page = admin.get("/audit?who=ala").text
    older = re.findall(r'href="(/audit\?cursor=[^"]+)"', page)[0].replace("&amp;", "&")
    table = list(csv.reader(io.StringIO(admin.get("/audit/export?who=ola").text)))
    lines = [json.loads(line) for line in admin.get("/audit/export?format=json").text.splitlines()]

    assert "number 59" in page
    assert "number 9<" not in page
    assert "number 9<" in admin.get(older).text
    assert [row[1:4] for row in table] == [["who", "action", "target"], ["ola", "user.add", "'=HYPERLINK(1)"]]
    assert len(lines) == 62
    assert lines[0]["target"] == "=HYPERLINK(1)"


@pytest.mark.parametrize("query", ["cursor=x", "cursor=1-1.9"])
def test_a_question_that_makes_no_sense_is_said(people: Site, query: str) -> None:
    admin = people.signed_in(Role.ADMIN)

    assert admin.get(f"/audit?{query}").status_code == 400
    assert admin.get("/audit/export?format=exe").status_code == 400


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '" onload="x', "\u202eexe.jpg", "\x1b[31m"])
def test_hostile_text_is_shown_as_text(people: Site, text: str) -> None:
    admin = people.signed_in(Role.ADMIN)
    people.parts.audit.record(who=text, action="user.add", target=text, source=text, result=text)
    people.accounts.tokens.create(text, role=Role.USER, user_id=people.accounts.users.all()[0].id)
    people.accounts.sessions.start(people.accounts.users.all()[0].id, address=text, agent=text, data="{}")

    pages = [admin.get(path).text for path in ("/audit", "/account", f"/audit?who={text}")]

    assert not any("<script>alert" in page or ' onload="x' in page for page in pages)


def test_the_audit_offers_whatever_the_site_can_write(people: Site) -> None:
    page = people.signed_in(Role.ADMIN).get("/audit").text
    offered = tuple(re.findall(r'<option value="([a-z_]+)"', page))
    unsafe = {
        rule.endpoint
        for rule in people.app.url_map.iter_rules()
        if {"POST", "DELETE", "PUT"} & (rule.methods or set())
    }

    assert [endpoint for endpoint in unsafe if not endpoint.startswith(offered)] == []
