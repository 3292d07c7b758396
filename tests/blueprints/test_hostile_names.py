"""Names that are HTML, formulas or terminal escapes come out harmless at every address."""

import csv
import io
import json
import logging
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from tests import hostile
from tests.blueprints.people import Site
from thumbapp.accounts.model import Role
from thumbapp.runtime import logs

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harm(answer: TestResponse) -> str:
    """Return what in *answer* would be obeyed rather than shown, "" for nothing."""
    if answer.mimetype == "text/html":
        return "an element" if hostile.TAG in answer.text or "<x-evil" in answer.text else ""
    if answer.mimetype == "text/csv":
        cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
        return "a formula" if any(cell.startswith(FORMULA) for cell in cells) else terminal(answer.text)
    if answer.mimetype in {"text/plain", "application/x-ndjson"}:
        return terminal(answer.text)
    if answer.mimetype in {"application/json", "application/problem+json"}:
        json.loads(answer.text)
        return "" if answer.headers["X-Content-Type-Options"] == "nosniff" else "JSON that may be sniffed"
    if answer.mimetype == "text/event-stream":
        words = {line.partition(":")[0] for line in first_frame(answer).splitlines()}
        return "a line of its own" if words - {"", "id", "event", "data", "retry"} else ""
    return ""


def terminal(text: str) -> str:
    return "a terminal escape" if hostile.drives_a_terminal(text) else ""


def first_frame(answer: TestResponse) -> str:
    """Return what a live stream says first, and end it."""
    frames = iter(answer.response)
    text = next(frames, b"")
    answer.close()
    return text.decode() if isinstance(text, bytes) else text


def paths(site: Site, ids: dict[str, str]) -> Iterator[str]:
    """Yield every address that can be read, with the planted ids where it has one."""
    for rule in site.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.endpoint.endswith("static"):
            with site.app.test_request_context():
                values = {name: ids.get(name, "x") for name in rule.arguments}
                yield site.app.url_for(rule.endpoint, **values)


@pytest.mark.parametrize("query", [{}, {"q": hostile.HOSTILE}], ids=["plain", "searched"])
def test_no_address_lets_a_name_do_harm(
    people: Site, query: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    ids = hostile.plant(people.parts.settings)
    client, header = people.app.test_client(), people.token(Role.ADMIN)
    harmed: list[tuple[str, str]] = []

    with caplog.at_level(logging.DEBUG, "thumbapp"):
        for path in paths(people, ids):
            answer = client.get(path, headers=header, query_string=query)
            found = harm(answer) if answer.status_code < 500 else str(answer.status_code)
            harmed += [(path, found)] if found else []

    assert harmed == []
    assert all(logs.TextLine().format(record).isprintable() for record in caplog.records)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_an_export_can_be_looked_at_in_a_terminal_and_in_a_spreadsheet(people: Site, kind: str) -> None:
    hostile.plant(people.parts.settings)

    answer = people.app.test_client().get(f"/audit/export?format={kind}", headers=people.token(Role.ADMIN))

    assert "evil" in answer.text
    assert harm(answer) == ""
