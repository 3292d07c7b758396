"""What addresses and bodies say is small and plain, and refused otherwise, whatever the address."""

import pytest

from tests.blueprints.conftest import MakeSite
from tests.blueprints.people import Site
from thumbapp.accounts.model import Role
from thumbapp.blueprints.request_params import parse_number

NO_NUMBERS = ["", "-1", "+1", "1.5", " 1", "\u0661", "101", "0000000001", "9" * 5_000]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_up_to_the_most_is_none(text: str) -> None:
    assert parse_number(text, most=100) is None


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("100", 100), ("007", 7)])
def test_a_number_is_read(text: str, number: int) -> None:
    assert parse_number(text, most=100) == number


@pytest.mark.parametrize("text", ["0", "0000000009999999999", "9" * 5_000])
@pytest.mark.parametrize(
    "address",
    [
        *("/api/v1/jobs?limit=", "/api/v1/tasks?limit=", "/api/v1/schedules?limit="),
        *("/api/v1/redis/keys?limit=", "/redis/scan?limit=", "/redis/analysis?sample="),
    ],
)
def test_a_number_out_of_bounds_is_refused(make_site: MakeSite, address: str, text: str) -> None:
    answer = make_site().signed_in(Role.OPERATOR).get(address + text)

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("/api/v1/schedules", '{"name": %s}'),
        ("/api/v1/schedules/preview", '{"kind": "interval", "every": %s}'),
        ("/api/v1/redis/command", '{"db": 0, "argv": %s}'),
    ],
)
def test_a_body_nested_without_end_is_refused(people: Site, address: str, body: str) -> None:
    sent = body % ("[" * 1_000 + "]" * 1_000)

    answer = people.app.test_client().post(address, data=sent, headers=people.token(Role.OPERATOR))

    assert (answer.status_code, answer.get_json()["code"]) == (400, "no-json-object")
