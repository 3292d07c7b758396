"""Who may ask for what: every address, tried by everybody."""

from collections.abc import Iterator

import pytest
from werkzeug.routing import Rule

from tests.blueprints.conftest import MakeSite
from tests.blueprints.people import Site
from thumbapp.accounts.model import Role
from thumbapp.blueprints.access import ACCESS_LEVELS, AccessLevel, safe_path

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
RANKS = [
    AccessLevel.NOTHING,
    AccessLevel.ADDRESS,
    AccessLevel.UPLOAD,
    AccessLevel.USER,
    AccessLevel.OPERATOR,
    AccessLevel.ADMIN,
]
PEOPLE = {"visitor": None, "user": Role.USER, "operator": Role.OPERATOR, "admin": Role.ADMIN}
REFUSALS = {"sign-in-required", "role-too-low"}


def addresses(site: Site) -> Iterator[tuple[Rule, str, str]]:
    """Yield every rule with each of its methods and an address that fits it."""
    for rule in site.app.url_map.iter_rules():
        values = dict.fromkeys(rule.arguments, "x" * 22)
        with site.app.test_request_context():
            path = site.app.url_for(rule.endpoint, **values)
        for method in METHODS:
            if method in (rule.methods or ()):
                yield rule, method, path


def lets_in(site: Site, method: str, path: str, headers: dict[str, str]) -> bool:
    """Whether the request comes as far as the view, whatever that answers."""
    client = site.app.test_client()
    with client.open(path, method=method, headers=headers | {"Sec-Fetch-Mode": "cors"}) as answer:
        if answer.mimetype == "text/event-stream":  # which has no end to wait for
            return True
        answer.get_data()
    code = (answer.get_json(silent=True) or {}).get("code", "") if path.startswith("/api/") else ""
    return answer.status_code != 401 and code not in REFUSALS and not is_role_page(answer.text)


def is_role_page(text: str) -> bool:
    return "This needs the role" in text


def test_every_address_is_in_the_table_and_nothing_else(people: Site) -> None:
    endpoints = {rule.endpoint for rule in people.app.url_map.iter_rules()}

    assert endpoints - set(ACCESS_LEVELS) == set()
    assert set(ACCESS_LEVELS) - endpoints == set()


@pytest.mark.parametrize("public", [1, 0], ids=["open", "closed"])
@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_gets_as_far_as_the_table_says(make_site: MakeSite, who: str, public: int) -> None:
    site, role = make_site(public_upload=public), PEOPLE[who]
    headers = site.token(role) if role else {}
    highest = (
        RANKS.index(AccessLevel(role))
        if role
        else RANKS.index(AccessLevel.UPLOAD if public else AccessLevel.ADDRESS)
    )

    wrong = [
        f"{method} {rule.rule}"
        for rule, method, path in addresses(site)
        if lets_in(site, method, path, headers) is not (RANKS.index(ACCESS_LEVELS[rule.endpoint]) <= highest)
    ]

    assert wrong == []


def test_an_address_that_is_not_in_the_table_is_nobody_s(people: Site) -> None:
    people.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")

    answers = [
        people.visitor().get("/forgotten"),
        people.signed_in(Role.ADMIN).get("/forgotten"),
        people.app.test_client().get("/forgotten", headers=people.token(Role.ADMIN)),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert not any("secret" in answer.text for answer in answers)


@pytest.mark.parametrize("role", list(Role))
def test_a_session_opens_what_its_role_opens(people: Site, role: Role) -> None:
    browser = people.signed_in(role)

    opened = {path: browser.get(path).status_code for path in ("/", "/jobs", "/account", "/users", "/audit")}

    admin = 200 if role is Role.ADMIN else 403
    assert opened == {"/": 200, "/jobs": 200, "/account": 200, "/users": admin, "/audit": admin}


def test_a_visitor_is_led_to_the_sign_in_page_and_back(people: Site) -> None:
    answer = people.visitor().get("/audit?who=ala&q=x")

    assert answer.status_code == 302
    assert answer.location == "/login?next=/audit?who%3Dala%26q%3Dx"


def test_a_script_and_a_program_are_told_instead(people: Site) -> None:
    visitor = people.visitor()

    script = visitor.get("/audit", headers={"Sec-Fetch-Mode": "cors"})
    form = visitor.post("/users")

    assert (script.status_code, form.status_code) == (401, 401)
    assert script.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("given", ["Bearer wrong", "Bearer thumb_wrong", "bearer", "Bearer"])
def test_a_token_that_opens_nothing_is_refused_even_where_none_is_needed(people: Site, given: str) -> None:
    answer = people.app.test_client().get("/api/v1/jobs", headers={"Authorization": given})

    assert (answer.status_code, answer.get_json()["code"]) == (401, "token-refused")


def test_a_revoked_token_is_refused_at_once(people: Site) -> None:
    header, client = people.token(Role.ADMIN), people.app.test_client()
    before = client.get("/users", headers=header).status_code

    people.accounts.tokens.revoke(people.accounts.tokens.all()[0])

    assert (before, client.get("/users", headers=header).status_code) == (200, 401)


def test_a_role_that_is_taken_away_is_gone_at_once(people: Site) -> None:
    people.signed_in(Role.ADMIN, name="other")
    browser = people.signed_in(Role.ADMIN, name="ala")
    before = browser.get("/users").status_code

    people.accounts.users.change_role(people.accounts.users.named("ala"), Role.USER)

    assert (before, browser.get("/users").status_code) == (200, 403)


@pytest.mark.parametrize("role", [None, *Role])
def test_the_menu_offers_what_may_be_opened(people: Site, role: Role | None) -> None:
    browser = people.signed_in(role) if role else people.visitor()

    page = browser.get("/").text

    assert ('href="/account"' in page) is (role is not None)
    assert ('href="/users"' in page) is ('href="/audit"' in page) is (role is Role.ADMIN)
    assert ('href="/login?next=/"' in page) is (role is None)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/jobs?state=done", "/jobs?state=done"),
        ("/jobs/a%2F..%2Fb", "/jobs/a%2F..%2Fb"),
        *(
            (text, "/")
            for text in ("", "jobs", "//evil.example", "///evil", "/\\evil", "\\\\evil", "/\t/evil")
        ),
        *((text, "/") for text in ("/\n/evil", "/\r\nSet-Cookie: a=b", "http://evil", "javascript:alert(1)")),
        *(
            (text, "/")
            for text in ("https:evil", "/ /evil", "/\x00/evil", "/\u202e/evil", "/\u2028", "@evil")
        ),
    ],
    ids=ascii,
)
def test_only_paths_of_this_site_are_gone_to(text: str, path: str) -> None:
    assert safe_path(text) == path
