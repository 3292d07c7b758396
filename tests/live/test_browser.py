"""static/js/lib/live.js in a real browser: streams, sharing between tabs, polling, and back."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import redis

from tests.browsers import running_browser
from tests.live.conftest import NAMESPACE, wait_until
from thumbapp import resources
from thumbapp.live import sse
from thumbapp.live.events import Event, EventLog
from thumbapp.live.hub import Hub

sync_api = pytest.importorskip("playwright.sync_api")
Browser, BrowserContext, Page = sync_api.Browser, sync_api.BrowserContext, sync_api.Page

pytestmark = pytest.mark.browser

PAGE = b"""<!doctype html><title>live</title><script type="module">
import { connect } from "/js/lib/live.js";
window.seen = []; window.states = [];
const url = new URLSearchParams(location.search).get("url") ?? "/events";
window.live = connect(url, {
  poll: "/state", onEvent: (payload) => seen.push(payload.n), onState: (state) => states.push(state),
});
</script>"""


class Site:
    """A site of one number: a page that shows it, its stream, its JSON."""

    def __init__(self, hub: Hub, client: redis.Redis) -> None:
        self.hub = hub
        self.log = EventLog(client, namespace=NAMESPACE)
        self.has_streams = True
        self.is_gone = False
        self.has_lost_events = False
        self.number = 0
        self.polls: list[str] = []
        self.url = ""

    def publish(self, number: int) -> None:
        self.number = number
        self.log.publish("job:a", "job", {"n": number})

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/js/"):
            start_response("200 OK", [("Content-Type", "text/javascript")])
            return [(resources.folder("static") / path[1:]).read_bytes()]
        if path == "/state":
            return self._state(environ, start_response)
        if path.startswith("/events"):
            return self._events(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/html")])
        return [PAGE]

    def _state(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        etag = f'"{self.number}"'
        is_same = environ.get("HTTP_IF_NONE_MATCH") == etag
        status = "410 Gone" if self.is_gone else "304 Not Modified" if is_same else "200 OK"
        self.polls.append(status[:3])
        start_response(status, [("ETag", etag), ("Content-Type", "application/json")])
        return [] if is_same else [json.dumps({"n": self.number}).encode()]

    def _events(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if not self.has_streams:
            start_response("204 No Content", [])
            return []
        seen = "1-1" if self.has_lost_events else environ.get("HTTP_LAST_EVENT_ID")
        stream = self.hub.subscribe(["job:a"], last_event_id=seen)
        start_response("200 OK", list(sse.HEADERS.items()))
        state = Event("", frozenset(), "job", json.dumps({"n": self.number}).encode())
        left = environ["waitress.client_disconnected"]
        return sse.stream(stream, first=[state], is_disconnected=left)


@pytest.fixture
def site(hub: Hub, redis_client: redis.Redis, serve: Callable[..., str]) -> Site:
    """Return the site, which is being served."""
    site = Site(hub, redis_client)
    site.url = serve(site)
    return site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return the system's browser."""
    with running_browser() as browser:
        yield browser


@pytest.fixture
def tabs(browser: Browser, site: Site) -> Iterator[BrowserContext]:
    """Return a fresh browser profile; its pages are tabs of one browser."""
    context = browser.new_context()
    context.set_default_timeout(30_000)
    yield context
    context.close()


def open_tab(tabs: BrowserContext, site: Site, path: str = "/") -> Page:
    page = tabs.new_page()
    page.goto(site.url + path)
    return page


def reaches(page: Page, state: str) -> None:
    page.wait_for_function("state => window.states.at(-1) === state", arg=state)


def sees(page: Page, number: int) -> None:
    page.wait_for_function("number => window.seen.includes(number)", arg=number)


def test_a_page_follows_by_its_stream_and_polls_nothing(tabs: BrowserContext, site: Site) -> None:
    page = open_tab(tabs, site)
    reaches(page, "live")

    site.publish(1)
    sees(page, 1)
    site.publish(2)
    sees(page, 2)

    assert page.evaluate("window.seen") == [0, 1, 2]
    assert site.polls == []


def test_two_tabs_of_one_page_share_one_stream(tabs: BrowserContext, site: Site) -> None:
    first, second = open_tab(tabs, site), open_tab(tabs, site)
    reaches(first, "live")
    reaches(second, "live")

    site.publish(1)

    sees(first, 1)
    sees(second, 1)
    assert site.hub.streams == 1


def test_when_the_tab_with_the_stream_closes_another_takes_it_over(tabs: BrowserContext, site: Site) -> None:
    first, second = open_tab(tabs, site), open_tab(tabs, site)
    reaches(first, "live")
    reaches(second, "live")

    first.close()
    site.publish(1)

    sees(second, 1)


def test_a_tab_of_another_page_polls_beside_the_stream(tabs: BrowserContext, site: Site) -> None:
    first = open_tab(tabs, site)
    reaches(first, "live")

    second = open_tab(tabs, site, "/?url=/events/other")
    reaches(second, "polling")

    assert site.hub.streams == 1
    assert first.evaluate("window.states") == ["live"]


def test_without_a_place_for_a_stream_a_page_polls(tabs: BrowserContext, site: Site) -> None:
    site.has_streams = False
    site.number = 7

    page = open_tab(tabs, site)

    reaches(page, "polling")
    sees(page, 7)


def test_a_state_that_is_gone_ends_it(tabs: BrowserContext, site: Site) -> None:
    site.has_streams = False
    site.is_gone = True

    page = open_tab(tabs, site)

    reaches(page, "gone")


def test_a_paused_page_gives_its_stream_back_and_resumes(tabs: BrowserContext, site: Site) -> None:
    page = open_tab(tabs, site)
    reaches(page, "live")

    page.evaluate("window.live.pause()")
    reaches(page, "paused")
    page.evaluate("window.live.resume()")
    reaches(page, "live")

    site.publish(3)
    sees(page, 3)


def test_a_stream_that_missed_too_much_fetches_the_state(tabs: BrowserContext, site: Site) -> None:
    site.has_lost_events = True

    page = open_tab(tabs, site)

    reaches(page, "live")
    page.wait_for_function("window.seen.length === 2")
    assert site.polls == ["200"]


def test_a_hidden_tab_leaves_the_stream_to_a_visible_one(tabs: BrowserContext, site: Site) -> None:
    hidden = open_tab(tabs, site)
    reaches(hidden, "live")
    visible = open_tab(tabs, site, "/?url=/events/other")

    hidden.evaluate("""() => {
        Object.defineProperty(document, "hidden", { value: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }""")

    reaches(visible, "live")
    wait_until(lambda: site.hub.streams == 1)
