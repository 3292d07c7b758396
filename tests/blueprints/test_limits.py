"""The limits of one visitor at the page and the API: the right status, when to try again, one sentence."""

import io
from typing import Any

import pytest
from PIL import Image

from tests.blueprints.conftest import MakeSite
from tests.blueprints.people import Browser, Site
from tests.jobs.conftest import encoded
from thumbapp.accounts.model import Role

JOBS = "/api/v1/jobs"
PHOTO = encoded(Image.new("RGB", (64, 48), "teal"), "PNG")


def picture(name: str = "a.png") -> tuple[io.BytesIO, str]:
    """Return a file as a form has it."""
    return io.BytesIO(PHOTO), name


def send(
    site: Site, *, address: str = "192.0.2.1", headers: dict[str, str] | None = None, **form: Any
) -> Any:
    """Send a picture to the API as a program does, without cookies."""
    client = site.app.test_client(use_cookies=False)
    return client.post(
        JOBS,
        data={"image": picture(), **form},
        headers=headers or {},
        environ_overrides={"REMOTE_ADDR": address},
    )


def upload(browser: Browser, *, files: int = 1) -> Any:
    """Send the form of the first page."""
    browser.get("/")
    return browser.post("/", image=[picture(f"{number}.png") for number in range(files)], sizes="64")


def test_an_address_uploads_so_often_a_minute(make_site: MakeSite) -> None:
    site = make_site(uploads_per_minute=3)
    codes = [send(site).status_code for _ in range(3)]

    refused = send(site)

    problem = refused.get_json()
    assert codes == [202, 202, 202]
    assert (refused.status_code, problem["code"]) == (429, "too-many-uploads")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "At most 3 uploads a minute" in problem["detail"]
    assert send(site, address="192.0.2.2").status_code == 202


def test_the_files_of_a_batch_are_one_upload(make_site: MakeSite) -> None:
    browser = make_site(uploads_per_minute=1).visitor()

    assert upload(browser, files=5).status_code == 303
    assert upload(browser).status_code == 429


def test_files_that_join_their_batch_are_not_counted_but_others_are(make_site: MakeSite) -> None:
    site = make_site(uploads_per_minute=1)
    header = site.token(Role.USER)
    batch = send(site, headers=header, batch="new").get_json()["batch"]

    joined = [send(site, headers=header, batch=batch).status_code for _ in range(3)]
    foreign = send(site, batch=batch)

    assert joined == [202, 202, 202]
    assert foreign.status_code == 403


@pytest.mark.parametrize(
    ("limits", "code", "status"),
    [
        ({"jobs_in_flight": 1}, "too-many-jobs", 429),
        ({"queue_limit": 1}, "queue-full", 503),
        ({"min_free_mb": 10**9}, "disk-full", 503),
        ({"uploads_per_minute": 1}, "too-many-uploads", 429),
    ],
    ids=["jobs in flight", "queue", "disk", "a minute"],
)
def test_each_limit_has_its_status_and_says_when_to_come_back(
    make_site: MakeSite, limits: dict[str, int], code: str, status: int
) -> None:
    site = make_site(**limits)
    send(site)
    upload(browser := site.visitor())

    by_api, by_page = send(site), upload(browser)

    assert (by_api.status_code, by_page.status_code) == (status, status)
    assert by_api.get_json()["code"] == code
    assert by_api.headers["Retry-After"]
    assert by_page.headers["Retry-After"]
    assert "field-error" in by_page.text


def test_a_program_without_a_token_is_counted_by_its_address(make_site: MakeSite) -> None:
    site = make_site(jobs_in_flight=2)

    codes = [send(site, address=address).status_code for address in ["192.0.2.1"] * 3 + ["192.0.2.2"]]

    assert codes == [202, 202, 429, 202]


def test_a_user_is_counted_on_all_devices_together(make_site: MakeSite) -> None:
    site = make_site(jobs_in_flight=2)
    header = site.token(Role.USER)

    codes = [send(site, address=f"192.0.2.{number}", headers=header).status_code for number in range(3)]

    assert codes == [202, 202, 429]


def test_nought_switches_every_limit_off(make_site: MakeSite) -> None:
    limits = ("uploads_per_minute", "jobs_in_flight", "store_mb", "queue_limit", "min_free_mb")
    site = make_site(**dict.fromkeys(limits, 0))

    assert {send(site).status_code for _ in range(5)} == {202}


def test_the_address_is_not_written_down_in_jobs(people: Site) -> None:
    job = send(people, address="192.0.2.77").get_json()["id"]

    record = people.parts.redis.hgetall(f"{people.parts.settings.namespace}job:{job}")

    assert not any(b"192.0.2.77" in value for value in record.values())
