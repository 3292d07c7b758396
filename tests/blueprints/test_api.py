"""The JSON API of jobs: the contract's fields, its refusals, and who may do what."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests.jobs.conftest import InThread, RememberedQueue, encoded
from thumbapp.app import create_app
from thumbapp.blueprints.context import EXTENSION
from thumbapp.blueprints.openapi import document
from thumbapp.config import Settings
from thumbapp.jobs.ledger import Ledger
from thumbapp.jobs.runner import Runner

JOBS = "/api/v1/jobs"
UNKNOWN = "A" * 22
PHOTO = encoded(Image.effect_noise((200, 253), 60).convert("RGB"), "JPEG")


@dataclass
class Api:
    """A client of the API, and a worker that works when it is told to."""

    app: Flask
    client: FlaskClient
    queue: RememberedQueue
    runner: Runner

    def post(
        self, *files: tuple[str, bytes], headers: dict[str, str] | None = None, **form: str
    ) -> TestResponse:
        """Send an upload of *files* (name, content) with the fields of *form*."""
        images = [(io.BytesIO(content), name) for name, content in files]
        return self.client.post(JOBS, data={"image": images, **form}, headers=headers or {})

    def work(self) -> None:
        """Run all that waits; a job that fails says so itself."""
        while self.queue.runs:
            job_id, run_id = self.queue.runs.pop(0)
            self.runner.run(job_id, run_id=run_id)

    def get(self, path: str) -> Any:
        """Return the JSON at *path*."""
        return self.client.get(path).get_json()

    def fetch(self, path: str) -> TestResponse:
        """Return the answer at *path*, read to its end and closed."""
        with self.client.get(path) as answer:
            answer.get_data()
        return answer

    def csrf(self) -> dict[str, str]:
        """Open the first page, as a browser does, and return the header that its scripts send."""
        page = self.client.get("/").get_data(as_text=True)
        token = page.partition('name="csrf_token" type="hidden" value="')[2].partition('"')[0]
        return {"X-CSRFToken": token, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    """Return the API over the private server."""
    queue = RememberedQueue()
    app = create_app(settings, enqueue=queue)
    parts = app.extensions[EXTENSION]
    ledger = Ledger.from_settings(settings, parts.redis)
    yield Api(app, app.test_client(), queue, Runner(ledger, renderer=InThread(settings)))
    parts.hub.close()
    parts.redis.close()


def test_an_upload_answers_where_to_look(api: Api) -> None:
    answer = api.post(("rob.jfif", PHOTO), sizes="128x128,512x512")

    job = answer.get_json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == job["url"] == f"{JOBS}/{job['id']}"
    assert (job["state"], job["events_url"]) == ("queued", f"{JOBS}/{job['id']}/events")
    assert job["delete_token"]


def test_a_done_job_has_the_fields_of_the_contract(api: Api) -> None:
    url = api.post(("rob.jfif", PHOTO), sizes="128x128,512x512").get_json()["url"]

    api.work()

    job = api.get(url)
    assert (job["state"], job["progress"], job["error"]) == ("done", {"done": 2, "total": 2}, None)
    assert job["thumbnails"][0] == {
        "name": "rob_128x128.jfif",
        "width": 101,
        "height": 128,
        "bytes": len(api.fetch(job["thumbnails"][0]["url"]).data),
        "format": "jpeg",
        "url": f"{url}/thumbnails/rob_128x128.jfif",
    }
    assert job["archive_url"] == f"{url}/archive"
    assert job["created_at"].endswith("Z")
    assert job["started_at"]
    assert job["finished_at"]


def test_a_done_job_has_the_manifest_of_its_archive(api: Api) -> None:
    url = api.post(("rob.jfif", PHOTO), sizes="128x128,512x512").get_json()["url"]
    before = api.get(url)["manifest"]

    api.work()

    manifest = api.get(url)["manifest"]
    with zipfile.ZipFile(io.BytesIO(api.fetch(f"{url}/archive").data)) as archive:
        assert json.loads(archive.read("manifest.json")) == manifest
    assert before is None
    assert manifest["original"]["format"] == "jpeg"
    assert [item["size"] for item in manifest["thumbnails"]] == ["128x128", "512x512"]


def test_a_waiting_job_offers_no_archive(api: Api) -> None:
    url = api.post(("rob.jfif", PHOTO)).get_json()["url"]

    job = api.get(url)

    assert (job["archive_url"], job["place"]) == (None, 1)
    assert api.client.get(f"{url}/archive").status_code == 404


def test_the_archive_is_a_zip_to_save(api: Api) -> None:
    url = api.post(("rob.jfif", PHOTO), sizes="128x128,512x512").get_json()["url"]
    api.work()

    answer = api.fetch(f"{url}/archive")

    assert answer.headers["Content-Disposition"] == "attachment; filename=rob.zip"
    names = zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    assert names[:3] == ["rob.jfif", "rob_128x128.jfif", "rob_512x512.jfif"]


@pytest.mark.parametrize(("value", "kept"), [("0", False), ("1", True), ("", True)], ids=["0", "1", "empty"])
def test_the_original_is_in_the_zip_unless_left_out(api: Api, value: str, kept: bool) -> None:
    url = api.post(("rob.jfif", PHOTO), include_original=value).get_json()["url"]
    api.work()

    names = zipfile.ZipFile(io.BytesIO(api.fetch(f"{url}/archive").data)).namelist()

    assert ("rob.jfif" in names) is kept


def test_a_thumbnail_is_served_as_what_it_is_in_a_sandbox(api: Api) -> None:
    url = api.post(("a.png", PHOTO), sizes="64").get_json()["url"]
    api.work()

    answer = api.fetch(api.get(url)["thumbnails"][0]["url"])

    assert answer.mimetype == "image/jpeg"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_several_files_make_a_batch_with_one_zip(api: Api) -> None:
    answer = api.post(("a.jpg", PHOTO), ("a.jpg", PHOTO), ("bad.png", b"text"), sizes="64").get_json()
    api.work()

    batch = api.get(f"/api/v1/batches/{answer['batch']}")
    zipped = api.fetch(batch["archive_url"])

    assert [job["state"] for job in answer["jobs"]] == ["queued", "queued", "failed"]
    assert [job["state"] for job in batch["jobs"]] == ["done", "done", "failed"]
    names = ["a.jpg", "a_64x64.jpg", "a (2).jpg", "a_64x64 (2).jpg"]
    with zipfile.ZipFile(io.BytesIO(zipped.data)) as archive:
        assert archive.namelist() == [*names, "manifest.json"]
        jobs = json.loads(archive.read("manifest.json"))["jobs"]
    assert [[job["original"]["name"], job["thumbnails"][0]["name"]] for job in jobs] == [names[:2], names[2:]]
    assert zipped.content_length == len(zipped.data)


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"sizes": "0"}, 400, "bad-size"),
        ({"sizes": "-1"}, 400, "bad-size"),
        ({"sizes": "1e9"}, 400, "bad-size"),
        ({"sizes": "NaN"}, 400, "bad-size"),
        ({"sizes": "12x"}, 400, "bad-size"),
        ({"sizes": ",".join(map(str, range(1, 10_001)))}, 400, "too-many-sizes"),
        ({"batch": UNKNOWN}, 404, "not-found"),
    ],
    ids=["0", "negative", "1e9", "nan", "12x", "10000-sizes", "unknown-batch"],
)
def test_a_bad_request_is_a_problem_and_leaves_nothing(
    api: Api, settings: Settings, form: dict[str, str], status: int, code: str
) -> None:
    answer = api.post(("a.jpg", PHOTO), **form)

    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json()["code"] == code
    assert api.queue.runs == []
    assert not list(settings.media_dir.glob("[!.]*"))


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("empty.jpg", b"", 422, "empty-file"),
        ("text.png", b"hello", 415, "not-a-picture"),
        ("cut.gif", b"GIF89a", 422, "broken-picture"),
    ],
    ids=["empty", "text", "cut"],
)
def test_a_bad_picture_is_refused_with_a_sentence(
    api: Api, name: str, content: bytes, status: int, code: str
) -> None:
    answer = api.post((name, content))

    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.get_json()["detail"].endswith(".")


def test_no_file_is_refused(api: Api) -> None:
    answer = api.client.post(JOBS, data={"sizes": "64"})

    assert (answer.status_code, answer.get_json()["code"]) == (400, "no-file")


@pytest.mark.parametrize(
    "name", ["../../x.jpg", "CON.jpg", "a" * 300 + ".jpg", "q\"uo'te.jpg", "zółw.jpg", "noext"]
)
def test_any_name_of_a_picture_is_taken(api: Api, name: str) -> None:
    answer = api.post((name, PHOTO), sizes="64")
    api.work()

    assert answer.status_code == 202
    assert api.get(answer.get_json()["url"])["state"] == "done"
    assert api.fetch(api.get(answer.get_json()["url"])["thumbnails"][0]["url"]).status_code == 200


@pytest.mark.parametrize(
    ("limit", "code"),
    [({"max_request_mb": 1}, "request-too-large"), ({"max_upload_mb": 1}, "file-too-large")],
    ids=["body", "file"],
)
def test_what_is_over_a_limit_is_refused(settings: Settings, limit: dict[str, int], code: str) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    body = head + PHOTO + b"x" * 1_100_000 + b"\r\n--b--\r\n"
    client = create_app(replace(settings, **limit), enqueue=RememberedQueue()).test_client()

    with client.post(JOBS, data=body, content_type="multipart/form-data; boundary=b") as answer:
        assert (answer.status_code, answer.get_json()["code"]) == (413, code)
    assert not list(settings.media_dir.glob("[!.]*"))


@pytest.mark.parametrize("path", ["", "/archive", "/events", "/thumbnails/a.jpg"])
def test_an_unknown_job_is_404(api: Api, path: str) -> None:
    answer = api.client.get(f"{JOBS}/{UNKNOWN}{path}")

    assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")


def test_an_expired_job_is_410(api: Api, redis_client: redis.Redis, settings: Settings) -> None:
    redis_client.set(f"{settings.namespace}gone:{UNKNOWN}", "2026-11-20T10:00:00+00:00")

    answer = api.client.get(f"{JOBS}/{UNKNOWN}")

    assert (answer.status_code, answer.get_json()["code"]) == (410, "expired")


def test_the_delete_token_cancels_then_deletes(api: Api) -> None:
    made = api.post(("a.jpg", PHOTO)).get_json()
    token = {"X-Delete-Token": made["delete_token"]}

    assert api.client.delete(made["url"]).status_code == 403
    assert api.client.delete(made["url"], headers=token).status_code == 204
    assert api.get(made["url"])["state"] == "cancelled"
    assert api.client.delete(made["url"], headers=token).status_code == 204
    assert api.client.get(made["url"]).status_code == 404


def test_an_idempotency_key_makes_the_job_once(api: Api) -> None:
    key = {"Idempotency-Key": "one"}

    first = api.post(("a.jpg", PHOTO), headers=key)
    again = api.post(("a.jpg", PHOTO), headers=key)

    assert first.get_json() == again.get_json()
    assert len(api.queue.runs) == 1


@pytest.mark.parametrize(
    ("file", "fields"),
    [(("b.jpg", PHOTO), {}), (("a.jpg", PHOTO + b"0"), {}), (("a.jpg", PHOTO), {"sizes": "64"})],
    ids=["another name", "other bytes", "other sizes"],
)
def test_an_idempotency_key_is_for_one_upload(
    api: Api, file: tuple[str, bytes], fields: dict[str, str]
) -> None:
    key = {"Idempotency-Key": "one"}
    api.post(("a.jpg", PHOTO), headers=key)

    other = api.post(file, headers=key, **fields)

    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency-mismatch")
    assert len(api.queue.runs) == 1


def test_a_browser_needs_the_token_and_then_owns_its_job(api: Api) -> None:
    header = api.csrf()

    refused = api.post(("a.jpg", PHOTO))
    taken = api.post(("a.jpg", PHOTO), headers=header)

    assert (refused.status_code, refused.get_json()["code"]) == (400, "csrf")
    assert "delete_token" not in taken.get_json()
    assert [job["id"] for job in api.get(JOBS)["items"]] == [taken.get_json()["id"]]


@pytest.mark.parametrize(
    "header",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}],
    ids=["cross-site", "same-site", "origin"],
)
def test_another_site_cannot_act_for_a_browser(api: Api, header: dict[str, str]) -> None:
    answer = api.post(("a.jpg", PHOTO), headers=api.csrf() | header)

    assert answer.status_code == 403
    assert api.queue.runs == []


def test_own_jobs_are_listed_newest_first_by_pages(api: Api) -> None:
    header = api.csrf()
    made = [api.post((f"{number}.jpg", PHOTO), headers=header).get_json()["id"] for number in range(3)]

    first = api.get(f"{JOBS}?limit=2")
    rest = api.get(f"{JOBS}?limit=2&cursor={first['cursor']}")

    assert [job["id"] for job in first["items"] + rest["items"]] == made[::-1]
    assert rest["cursor"] is None


@pytest.mark.parametrize("query", ["state=odd", "limit=0", "limit=x", "limit=100000", "cursor=x"])
def test_a_bad_question_is_refused(api: Api, query: str) -> None:
    api.post(("a.jpg", PHOTO), headers=api.csrf())

    assert api.client.get(f"{JOBS}?{query}").get_json()["code"] == "bad-parameter"


def test_an_unchanged_job_is_not_sent_again(api: Api) -> None:
    url = api.post(("a.jpg", PHOTO)).get_json()["url"]

    answer = api.client.get(url, headers={"If-None-Match": api.client.get(url).headers["ETag"]})

    assert (answer.status_code, answer.data) == (304, b"")


def test_who_asks_for_a_job_or_a_batch_again_hears_when_to(api: Api) -> None:
    sent = api.post(("a.jpg", PHOTO), ("b.jpg", PHOTO)).get_json()
    job, batch = sent["jobs"][0]["id"], sent["batch"]

    answers = [
        api.client.get(path) for path in (f"{JOBS}/{job}", f"/api/v1/batches/{batch}", f"/jobs/{job}/row")
    ]

    assert [answer.headers.get("Poll-After") for answer in answers] == ["5.0", "5.0", "2.0"]


def test_a_stream_begins_with_the_whole_state(api: Api) -> None:
    made = api.post(("a.jpg", PHOTO)).get_json()

    with api.client.get(made["events_url"], buffered=False) as answer:
        frames = answer.iter_encoded()
        text = next(frames) + next(frames)

    data = text.partition(b"data: ")[2].partition(b"\n")[0]
    assert answer.mimetype == "text/event-stream"
    assert json.loads(data)["id"] == made["id"]


def test_without_redis_nothing_is_kept_and_the_answer_says_when_to_come_back(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    away = replace(settings, redis_url="redis://127.0.0.1:1/0")
    client = create_app(away, enqueue=RememberedQueue()).test_client()

    answer = client.post(JOBS, data={"image": (io.BytesIO(PHOTO), "a.jpg")})

    assert (answer.status_code, answer.get_json()["code"]) == (503, "redis-unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert not list(settings.media_dir.glob("[!.]*"))
    assert "audit not written (the server did not answer)" in caplog.text


def test_a_strange_host_is_refused(api: Api) -> None:
    assert api.client.get("/", base_url="http://evil.example").status_code == 400


def test_readiness_degrades_without_a_worker_and_fails_without_redis(api: Api, settings: Settings) -> None:
    away = create_app(replace(settings, redis_url="redis://127.0.0.1:1/0"), enqueue=RememberedQueue())

    ready, broken = api.client.get("/readyz"), away.test_client().get("/readyz")

    assert (ready.status_code, ready.get_json()["degraded"]) == (200, ["worker"])
    assert (broken.status_code, broken.get_json()["failed"]) == (503, ["redis"])
    assert away.test_client().get("/healthz").status_code == 200


def test_every_address_of_the_api_is_described(api: Api) -> None:
    rules = [rule for rule in api.app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    served = {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in rules
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    described = {(path, method) for path, operations in document()["paths"].items() for method in operations}

    assert described == served
