"""``/metrics``: for whoever watches, and for nobody else."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.blueprints.people import Site
from thumbapp.accounts.model import Role


@pytest.mark.parametrize(
    ("role", "status"), [(None, 401), (Role.USER, 403), (Role.OPERATOR, 200), (Role.ADMIN, 200)], ids=str
)
def test_it_needs_an_operators_token(people: Site, role: Role | None, status: int) -> None:
    headers = people.token(role) if role else {}

    assert people.app.test_client().get("/metrics", headers=headers).status_code == status


def test_an_operator_sees_it_in_the_browser(people: Site) -> None:
    assert "thumbapp_queue_depth" in people.signed_in(Role.OPERATOR).get("/metrics").text


def test_prometheus_reads_it(people: Site) -> None:
    answer = people.app.test_client().get("/metrics", headers=people.token(Role.OPERATOR))

    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert families["thumbapp_job_bytes"].samples[0].value == 0
    assert {sample.labels["queue"] for sample in families["thumbapp_queue_depth"].samples} == {
        "high",
        "normal",
        "low",
    }
