"""Whose jobs one sees and changes: a visitor's browser, a user on every device, operators all."""

import io
from typing import Any

import pytest
from PIL import Image

from tests.blueprints.conftest import MakeSite
from tests.blueprints.people import Browser, Site
from tests.jobs.conftest import encoded
from thumbapp.accounts.model import Role

PHOTO = encoded(Image.new("RGB", (64, 48), "teal"), "PNG")


def upload(browser: Browser, name: str = "a.png") -> str:
    """Send the form of the first page; return the address of the job."""
    browser.get("/")
    return str(browser.post("/", image=(io.BytesIO(PHOTO), name), sizes="64").location)


def send(site: Site, headers: dict[str, str], name: str = "a.png") -> Any:
    """Send a picture to the API with a token; return the answer."""
    client = site.app.test_client(use_cookies=False)
    return client.post("/api/v1/jobs", data={"image": (io.BytesIO(PHOTO), name)}, headers=headers).get_json()


def listed(site: Site, headers: dict[str, str]) -> set[str]:
    """Return the names of the files that the API lists."""
    answer = site.app.test_client(use_cookies=False).get("/api/v1/jobs", headers=headers)
    return {job["filename"] for job in answer.get_json()["items"]}


def test_a_user_sees_the_same_jobs_on_every_device(people: Site) -> None:
    desk = people.signed_in(name="ala")
    phone, path = people.visitor(), people.accounts.invite(people.accounts.users.named("ala"))
    phone.get(path)
    phone.post(path)

    address = upload(desk, "from-the-desk.png")

    assert "from-the-desk.png" in phone.get("/jobs").text
    assert phone.post(f"{address}/cancel").status_code == 303
    assert "was cancelled" in desk.get(address).text


def test_a_user_and_a_visitor_do_not_see_the_jobs_of_others(people: Site) -> None:
    upload(people.signed_in(name="ala"), "hers.png")
    upload(people.visitor(), "a-stranger's.png")

    for browser in (people.signed_in(name="ola"), people.visitor()):
        page = browser.get("/jobs").text
        assert "hers.png" not in page
        assert "stranger" not in page


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_operators_see_and_change_everybody_s(people: Site, role: Role) -> None:
    address = upload(people.signed_in(name="ala"), "hers.png")
    upload(people.visitor(), "a-visitor's.png")
    browser = people.signed_in(role)
    upload(browser, "own.png")

    page, mine = browser.get("/jobs").text, browser.get("/jobs?whose=mine").text
    shown = browser.get(address).text
    answer = browser.post(f"{address}/delete")

    assert all(words in page for words in ("hers.png", "by ala", "by a visitor", "own.png", "Everybody"))
    assert "hers.png" not in mine
    assert "own.png" in mine
    assert "Cancel" in shown
    assert answer.status_code == 303
    assert browser.get(address).status_code == 404


def test_whose_a_job_is_others_are_not_told(people: Site) -> None:
    address = upload(people.signed_in(name="ala"))

    pages = [browser.get(address).text for browser in (people.visitor(), people.signed_in(name="ola"))]

    assert not any("by ala" in page for page in pages)


def test_an_address_is_all_that_is_needed_to_see_a_job(make_site: MakeSite) -> None:
    site = make_site(public_upload=0)
    address = upload(site.signed_in(name="ala"), "shared.png")

    stranger = site.visitor()

    assert "shared.png" in stranger.get(address).text
    assert stranger.get(f"/api/v1{address}").get_json()["filename"] == "shared.png"
    assert stranger.get("/jobs").status_code == 302


def test_what_a_browser_uploaded_before_signing_in_is_there_again_afterwards(people: Site) -> None:
    browser = people.visitor()
    upload(browser, "before.png")
    path = people.accounts.invite(people.accounts.add("ala", role=Role.USER))
    browser.get(path)
    browser.post(path)

    during = browser.get("/jobs").text
    browser.post("/logout")

    assert "before.png" not in during
    assert "before.png" in browser.get("/jobs").text


def test_the_token_of_a_user_acts_as_the_user(people: Site) -> None:
    browser = people.signed_in(name="ala")
    _, secret = people.accounts.create_token(
        "script", role=Role.USER, user=people.accounts.users.named("ala")
    )

    job = send(people, {"Authorization": f"Bearer {secret}"}, "by-script.png")

    assert "delete_token" not in job
    assert "by-script.png" in browser.get("/jobs").text


def test_tokens_list_what_their_role_sees(people: Site) -> None:
    user, operator = people.token(Role.USER), people.token(Role.OPERATOR)
    send(people, user, "user's.png")
    send(people, {}, "nobody's.png")

    assert listed(people, user) == {"user's.png"}
    assert listed(people, operator) == {"user's.png", "nobody's.png"}
    assert listed(people, {}) == set()


@pytest.mark.parametrize("role", [None, *Role])
def test_without_public_upload_only_who_is_signed_in_uploads(make_site: MakeSite, role: Role | None) -> None:
    site = make_site(public_upload=0)
    headers = site.token(role) if role else {}
    client = site.app.test_client(use_cookies=False)

    answer = client.post("/api/v1/jobs", data={"image": (io.BytesIO(PHOTO), "a.png")}, headers=headers)

    assert answer.status_code == (202 if role else 401)


def test_without_public_upload_the_first_page_asks_to_sign_in_and_comes_back(make_site: MakeSite) -> None:
    site = make_site(public_upload=0)

    answer = site.visitor().get("/")

    assert (answer.status_code, answer.location) == (302, "/login?next=/")
    assert "Make thumbnails" not in site.visitor().get("/login").text
    assert site.signed_in().get("/").status_code == 200


def test_what_is_done_to_jobs_stands_in_the_audit(people: Site) -> None:
    browser = people.signed_in(name="ala")
    address = upload(browser)
    job_id = address.rpartition("/")[2]

    browser.post(f"{address}/cancel")
    stranger = people.visitor()
    stranger.get("/login")
    stranger.post(f"{address}/delete")

    entries = [(entry.who, entry.action, entry.target, entry.result) for entry in people.audited()]
    assert entries[:3] == [
        ("visitor", "jobs.delete", job_id, "not-owner"),
        ("ala", "jobs.cancel", job_id, "ok"),
        ("ala", "jobs.create", job_id, "ok"),
    ]
