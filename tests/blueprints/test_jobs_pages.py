"""The pages of jobs without a browser: what they say, what their forms do, what they refuse."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests.jobs.conftest import InThread
from thumbapp.app import create_app
from thumbapp.blueprints import filters
from thumbapp.blueprints.context import EXTENSION
from thumbapp.config import Settings
from thumbapp.forms.upload import UploadForm
from thumbapp.jobs.ledger import Ledger
from thumbapp.jobs.runner import Runner
from thumbapp.runtime.connection import connect

HOST = "http://localhost"


@dataclass
class Queue:
    """Takes jobs as the task queue does, and keeps them for `work`."""

    waiting: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, job_id: str, *, run_id: str) -> None:
        self.waiting.append((job_id, run_id))


@dataclass
class Site:
    """The application, its queue, and what a worker would do."""

    app: Flask
    queue: Queue
    runner: Runner

    def visitor(self) -> FlaskClient:
        """Return a browser without a cookie."""
        return self.app.test_client()

    def work(self) -> None:
        """Run every waiting job."""
        while self.queue.waiting:
            job_id, run_id = self.queue.waiting.pop(0)
            self.runner.run(job_id, run_id=run_id)


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """Return the application over a real server, with no worker."""
    settings = replace(settings, min_free_mb=0, timezone="Europe/Warsaw")
    queue = Queue()
    app = create_app(settings, enqueue=queue)
    client = connect(settings)
    runner = Runner(Ledger.from_settings(settings, client), renderer=InThread(settings))
    yield Site(app, queue, runner)
    client.close()
    app.extensions[EXTENSION].hub.close()
    app.extensions[EXTENSION].redis.close()


def picture(width: int = 200, height: int = 253, *, kind: str = "JPEG") -> bytes:
    """Return an encoded picture."""
    stream = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(stream, kind)
    return stream.getvalue()


def token(page: str) -> str:
    """Return the CSRF token of a form on *page*."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def upload(client: FlaskClient, files: dict[str, bytes] | None = None, **fields: object) -> TestResponse:
    """Send the form as a browser without scripts does; *fields* replace what it holds at first."""
    shown = client.get("/").text
    form: dict[str, object] = {
        "csrf_token": token(shown),
        "sizes": ["128", ""],
        "include_original": ["0", "1"],
    }
    images = [(io.BytesIO(body), name) for name, body in (files or {}).items()]
    return client.post("/", data=form | {"image": images} | fields)


def press(client: FlaskClient, action: str, *, shown: str) -> TestResponse:
    """Send the form of one button of the page *shown*."""
    return client.post(action, data={"csrf_token": token(shown)})


def test_one_picture_leads_to_its_job_and_its_thumbnail(site: Site) -> None:
    client = site.visitor()

    address = upload(client, {"rob.jfif": picture()}).location
    site.work()

    page = client.get(address).text
    assert address.startswith("/jobs/")
    assert "101 \N{MULTIPLICATION SIGN} 128 px" in page
    assert "rob_128x128.jfif" in page
    assert "Download zip" in page


def test_several_pictures_lead_to_their_batch_and_a_bad_one_says_why(site: Site) -> None:
    client = site.visitor()

    address = upload(client, {"b10.jpg": picture(), "b9.jpg": picture(), "c.png": b"hello"}).location
    site.work()

    page = client.get(address).text
    assert address.startswith("/batches/")
    assert page.index("b9.jpg") < page.index("b10.jpg")
    assert "This is not a picture we can read" in page
    assert "1 failed" in page


@pytest.mark.parametrize(
    ("fields", "sentence", "status"),
    [
        ({}, "No picture was chosen", 400),
        ({"files": {"a.png": b"hello"}}, "not a picture we can read", 415),
        ({"files": {"a.png": b""}}, "The file is empty", 422),
        ({"files": {"a.jpg": picture()}, "sizes": ["", ""]}, "No size was chosen", 422),
        ({"files": {"a.jpg": picture()}, "sizes": ["128", "12x, 300x200"]}, "&#39;12x&#39; is no size", 422),
        ({"files": {"a.jpg": picture()}, "quality": "101"}, "is no quality", 422),
        ({"files": {"a.jpg": picture()}, "fit": "squeeze"}, "is no fit", 422),
        ({"files": {"a.jpg": picture()}, "format": "tga"}, "is no format", 422),
    ],
    ids=["no file", "text", "empty", "no size", "bad size", "bad quality", "bad fit", "bad format"],
)
def test_what_cannot_be_used_is_said_at_the_form_and_leaves_nothing(
    site: Site, fields: dict[str, object], sentence: str, status: int
) -> None:
    client = site.visitor()
    files = fields.pop("files", None) if "files" in fields else None

    answer = upload(client, files, **fields)  # type: ignore[arg-type] # one of the rows above

    assert answer.status_code == status
    assert sentence in answer.text
    assert site.queue.waiting == []
    assert "No jobs yet" in client.get("/jobs").text


def test_what_was_typed_is_not_lost(site: Site) -> None:
    answer = upload(
        site.visitor(),
        {"a.jpg": picture()},
        sizes=["256", "300x200, wide"],
        format="webp",
        include_original=["0"],
        quality="70",
    )

    assert 'value="300x200, wide"' in answer.text
    assert re.search(r'value="256"\s+checked', answer.text)
    assert not re.search(r'value="128"\s+checked', answer.text)
    assert re.search(r'value="webp"\s+selected', answer.text)
    assert 'value="70"' in answer.text
    assert not re.search(r'value="1"\s+checked', answer.text)


@pytest.mark.parametrize(
    ("values", "ticked"),
    [(["0", "1"], True), (["0"], False), ([], True)],
    ids=["ticked", "not ticked", "absent"],
)
def test_the_original_is_left_out_only_when_the_box_is_not_ticked(
    site: Site, values: list[str], ticked: bool
) -> None:
    data = {"sizes": "128", "include_original": values}

    with site.app.test_request_context("/", method="POST", data=data):
        recipe = UploadForm().recipe()

    assert recipe.include_original is ticked


def test_a_form_without_its_token_does_nothing(site: Site) -> None:
    client = site.visitor()
    client.get("/")

    answer = client.post("/", data={"image": (io.BytesIO(picture()), "a.jpg"), "sizes": "128"})

    assert answer.status_code == 400
    assert site.queue.waiting == []


def test_a_waiting_job_shows_its_place_and_can_be_cancelled(site: Site) -> None:
    client = site.visitor()
    upload(client, {"first.jpg": picture()})
    address = upload(client, {"second.jpg": picture()}).location

    page = client.get(address).text
    press(client, f"{address}/cancel", shown=page)

    assert "Number 2 in the queue." in page
    assert "The job was cancelled" in client.get(address).text
    assert "Try again" in client.get(address).text


def test_a_failed_job_is_tried_again(site: Site) -> None:
    client = site.visitor()
    address = upload(client, {"a.jpg": picture()}).location
    press(client, f"{address}/cancel", shown=client.get(address).text)

    answer = press(client, f"{address}/retry", shown=client.get(address).text)
    site.work()

    assert answer.location == address
    assert "Download zip" in client.get(address).text


def test_a_deleted_job_is_gone_and_said_so(site: Site) -> None:
    client = site.visitor()
    address = upload(client, {"a.jpg": picture()}).location
    site.work()

    answer = press(client, f"{address}/delete", shown=client.get(address).text)

    assert "a.jpg and its thumbnails were deleted." in client.get(answer.location).text
    assert client.get(address).status_code == 404


def test_deleting_one_of_a_batch_goes_back_to_the_others(site: Site) -> None:
    client = site.visitor()
    batch = upload(client, {"a.jpg": picture(), "b.jpg": picture()}).location
    site.work()
    one, two = re.findall(r'class="job-name" href="([^"]+)"', client.get(batch).text)

    first = press(client, f"{one}/delete", shown=client.get(one).text)
    second = press(client, f"{two}/delete", shown=client.get(two).text)

    assert first.location == batch
    assert second.location == "/jobs"


def test_too_late_a_press_says_so_on_the_job_page(site: Site) -> None:
    client = site.visitor()
    address = upload(client, {"a.jpg": picture()}).location
    shown = client.get(address).text
    site.work()

    press(client, f"{address}/cancel", shown=shown)

    assert "A job that is done cannot be cancelled." in client.get(address).text


@pytest.mark.parametrize("action", ["cancel", "retry", "delete"])
def test_a_stranger_sees_the_job_but_changes_nothing(site: Site, action: str) -> None:
    address = upload(site.visitor(), {"a.jpg": picture()}).location
    stranger = site.visitor()
    home = stranger.get("/").text

    page = stranger.get(address).text
    answer = press(stranger, f"{address}/{action}", shown=home)

    assert "a.jpg" in page
    assert "<form" not in page
    assert answer.status_code == 403
    assert site.visitor().get(address).status_code == 200


@pytest.mark.parametrize(
    "path", ["/jobs/{}", "/jobs/{}/panel", "/jobs/{}/row", "/batches/{}", "/batches/{}/panel"]
)
def test_an_unknown_id_is_not_found(site: Site, path: str) -> None:
    answer = site.visitor().get(path.format("x" * 22))

    assert answer.status_code == 404
    assert "There is no such job" in answer.text
    assert "It may have been deleted" in answer.text


def test_the_list_has_own_jobs_only_newest_first(site: Site) -> None:
    client = site.visitor()
    upload(client, {"old.jpg": picture()})
    upload(client, {"new.jpg": picture()})
    upload(site.visitor(), {"foreign.jpg": picture()})

    page = client.get("/jobs").text

    assert page.index("new.jpg") < page.index("old.jpg")
    assert "foreign.jpg" not in page


def test_the_list_is_filtered_by_state(site: Site) -> None:
    client = site.visitor()
    upload(client, {"finished.jpg": picture()})
    site.work()
    upload(client, {"waiting.jpg": picture()})

    queued, failed = client.get("/jobs?state=queued").text, client.get("/jobs?state=failed").text

    assert "waiting.jpg" in queued
    assert "finished.jpg" not in queued
    assert "No failed jobs" in failed
    assert client.get("/jobs?state=lost").status_code == 400


def test_the_list_is_paged(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thumbapp.blueprints.jobs.JOBS_A_PAGE", 2)
    client = site.visitor()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        upload(client, {name: picture()})

    first = client.get("/jobs").text
    older = re.search(r'href="([^"]*cursor=[^"]+)"', first)

    assert older
    assert "a.jpg" not in first
    second = client.get(older[1].replace("&amp;", "&")).text
    assert "a.jpg" in second
    assert "b.jpg" not in second


def test_every_page_says_that_no_worker_runs_and_how_many_jobs_wait(site: Site) -> None:
    client = site.visitor()
    address = upload(client, {"a.jpg": picture()}).location

    pages = [client.get(path).text for path in ("/", "/jobs", address, "/jobs/unknown", "/jobs/status")]

    for page in pages:
        assert "No worker is running." in page
        assert "1 job waits." in page
        assert "thumbapp worker" in page


def test_the_live_parts_are_the_parts_of_the_page(site: Site) -> None:
    client = site.visitor()
    address = upload(client, {"a.jpg": picture(), "b.jpg": picture()}).location
    job = re.findall(r'class="job-name" href="([^"]+)"', client.get(address).text)[0]

    parts = [client.get(path).text.strip() for path in (f"{address}/panel", f"{job}/panel", f"{job}/row")]

    assert [part.split()[0] for part in parts] == ["<article", "<article", "<tr"]
    assert parts[2].split("\n")[0].strip() in client.get(address).text


def test_names_of_files_are_shown_as_text(site: Site) -> None:
    client = site.visitor()

    address = upload(client, {"<b>x</b>.jpg": picture()}).location

    assert "<b>" not in client.get(address).text


@pytest.mark.parametrize(
    ("cookie", "attribute"),
    [("dark", 'data-bs-theme="dark"'), ("light", 'data-bs-theme="light"'), ('x" onload="', None), ("", None)],
    ids=["dark", "light", "nonsense", "none"],
)
def test_the_chosen_colours_are_sent_with_the_page(site: Site, cookie: str, attribute: str | None) -> None:
    client = site.visitor()
    client.set_cookie("thumbapp_theme", cookie)

    tag = client.get("/").text.partition("<html")[2].partition(">")[0]

    assert (attribute in tag) if attribute else ("data-bs-theme" not in tag)


def test_no_page_holds_script_style_or_handler_of_its_own(site: Site) -> None:
    client = site.visitor()
    address = upload(client, {"a.jpg": picture()}).location

    for path in ("/", "/jobs", address, "/nowhere"):
        page = client.get(path).text
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", page)
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (6_300, "6.3 kB"),
        (252_600, "253 kB"),
        (999_600, "1.0 MB"),
        (12e6, "12 MB"),
    ],
)
def test_sizes_read_as_people_say_them(size: int, words: str) -> None:
    assert filters.filesize(size) == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-3), "just now"),
        (timedelta(seconds=42), "42 s ago"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(hours=5), "5 h ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=3, hours=7), "3 days ago"),
    ],
    ids=str,
)
def test_times_read_as_people_say_them(passed: timedelta, words: str) -> None:
    now = datetime(2026, 11, 24, 12, tzinfo=UTC)

    assert filters.ago(now - passed, now) == words


def test_the_exact_time_is_in_the_zone_of_the_settings(site: Site) -> None:
    moment = datetime(2026, 7, 1, 13, 5, 7, tzinfo=UTC)

    with site.app.app_context():
        shown = filters.exact(moment)

    assert shown == "2026-07-01 15:05:07 CEST"
    assert filters.iso(moment) == "2026-07-01T13:05:07Z"
