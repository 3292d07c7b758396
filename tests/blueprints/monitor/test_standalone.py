"""Any Flask app with a StreamHuey can have the monitor, and knows nothing of ThumbApp."""

from collections.abc import Iterator

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import DictLoader
from redis.backoff import NoBackoff
from redis.retry import Retry

from thumbapp.blueprints.monitor.standalone import register_monitor
from thumbapp.taskqueue.queue import StreamHuey

HERE = {"Origin": "http://localhost"}


@pytest.fixture
def shop(redis_client: redis.Redis) -> Iterator[StreamHuey]:
    huey = StreamHuey("shop", client=redis_client, namespace="shop:", key=b"k" * 32)

    @huey.task(name="greet")
    def greet(name: str, times: int = 1) -> str:
        return name * times

    yield huey
    huey.close()


@pytest.fixture
def said() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def app(shop: StreamHuey, said: list[tuple[str, str]]) -> Flask:
    app = Flask(__name__)
    app.secret_key = "shop"
    app.config["ALLOWED"] = True
    register_monitor(app, shop, allow=lambda: app.config["ALLOWED"], audit=lambda *words: said.append(words))
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    "path",
    [
        *("tasks", "tasks/new?name=greet", "tasks/dead", "tasks/dead/purge", "tasks/retry", "tasks/rows"),
        *("tasks/news", "workers", "overview", "overview?over=24h"),
    ],
)
def test_the_pages_work(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/monitor/{path}")

    assert answer.status_code == 200
    assert "/monitor/" in answer.text or answer.is_json


def test_a_task_is_run_from_the_page_and_looked_at(
    client: FlaskClient, shop: StreamHuey, said: list[tuple[str, str]]
) -> None:
    form = {"name": "greet", "arg-name": "ala", "arg-times": "2"}
    queued = client.post("/monitor/tasks/new", data=form, headers=HERE)

    shop.execute(shop.dequeue())

    assert queued.status_code == 303
    assert "&#34;alaala&#34;" in client.get(queued.location).text
    assert said[-1] == ("task.run", f"greet {queued.location.rpartition('/')[2]}")


def test_the_json_works_and_says_what_is_wrong(client: FlaskClient) -> None:
    good = client.post("/monitor/api/v1/tasks", json={"name": "greet", "args": ["ala"]})
    bad = client.post("/monitor/api/v1/tasks", json={"name": "greet"})

    assert (good.status_code, good.get_json()["state"]) == (202, "queued")
    assert client.get(good.headers["Location"]).get_json()["args"] == ["ala"]
    assert (bad.status_code, bad.get_json()["code"]) == (422, "arguments-misfit")
    assert bad.content_type == "application/problem+json"


def test_whoever_the_app_does_not_allow_sees_nothing(app: Flask, client: FlaskClient) -> None:
    app.config["ALLOWED"] = False

    paths = ["/monitor/tasks", "/monitor/tasks/new", "/monitor/api/v1/tasks"]
    assert [client.get(path).status_code for path in paths] == [403, 403, 403]
    assert client.post("/monitor/api/v1/tasks", json={"name": "greet"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil"}, {"Sec-Fetch-Site": "cross-site"}, {}],
    ids=["origin", "site", "none"],
)
def test_a_form_of_another_site_does_nothing(
    client: FlaskClient, shop: StreamHuey, headers: dict[str, str]
) -> None:
    answer = client.post("/monitor/tasks/new", data={"name": "greet", "arg-name": "x"}, headers=headers)

    assert answer.status_code == 403
    assert shop.pending_count() == 0


def test_styles_and_scripts_come_along(client: FlaskClient) -> None:
    page = client.get("/monitor/tasks").text

    for path in ("monitor_bootstrap/css/bootstrap.min.css", "monitor_assets/js/tasks.js"):
        assert f"/monitor/{path}" in page
        assert client.get(f"/monitor/{path}", buffered=True).status_code == 200


def test_the_app_s_own_layout_and_filters_stay_its_own(shop: StreamHuey) -> None:
    app = Flask(__name__)
    app.secret_key = "shop"
    app.jinja_loader = DictLoader({"base.html": "<i>shop</i>{% block content %}{% endblock %}"})
    app.add_template_filter(lambda moment: "broken", "ago")
    register_monitor(app, shop, allow=lambda: True, layout="base.html", url_prefix="/admin")

    page = app.test_client().get("/admin/tasks").text

    assert page.startswith("<i>shop</i>")
    assert "No task yet" in page
    assert app.jinja_env.filters["ago"](None) == "broken"


def test_redis_that_is_away_is_said_and_not_raised() -> None:
    nobody = redis.Redis(port=1, protocol=2, socket_keepalive=False, retry=Retry(NoBackoff(), 0))
    app = Flask(__name__)
    register_monitor(
        app, StreamHuey("shop", client=nobody, namespace="shop:", key=b"k" * 32), allow=lambda: True
    )
    client = app.test_client()

    answers = [client.get("/monitor/tasks"), client.get("/monitor/api/v1/tasks")]

    assert [answer.status_code for answer in answers] == [503, 503]
    assert answers[1].get_json()["code"] == "redis-unavailable"


def test_an_open_page_hears_of_a_task_at_once(app: Flask, client: FlaskClient, shop: StreamHuey) -> None:
    with client.get("/monitor/tasks/events") as answer:
        frames = iter(answer.response)
        first = next(frame for frame in frames if b"event: task" in frame)
        shop.enqueue(shop.task_named("greet")(("ala",)))
        second = next(frame for frame in frames if b"event: task" in frame)

    app.extensions["thumbapp.monitor"].hub.close()
    assert b'"queued":0' in first
    assert b'"queued":1' in second
