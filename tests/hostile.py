"""Names that would do harm where they are shown as they are: as HTML, a formula, markup or to a terminal."""

from datetime import UTC, datetime

from tests.taskqueue import sample_tasks
from thumbapp.accounts.model import Role
from thumbapp.accounts.service import Accounts
from thumbapp.audit import AuditLog
from thumbapp.config import Settings
from thumbapp.imaging.recipe import Recipe
from thumbapp.jobs.ledger import Ledger
from thumbapp.jobs.model import Job, JobError, JobState
from thumbapp.runtime.connection import connect
from thumbapp.runtime.logs import one_line
from thumbapp.schedules.service import Schedules
from thumbapp.taskqueue.scheduling import HueyTaskQueue

TAG = "<x-evil onload=alert(1)>"
TITLE = "\x1b]0;evil\x07"
TURN = "\u202e"
HOSTILE = f"=1+1[/]{TAG}'\"{TITLE}{TURN}\r\n\x9b31m{{{{7*7}}}}&quot;"
JOB_ID, BATCH_ID = "J" * 22, "B" * 22


def plant(settings: Settings) -> dict[str, str]:
    """Put HOSTILE wherever a name or a text is kept; returns the ids by what addresses call them."""
    client = connect(settings, name="tests")
    huey = sample_tasks.build(settings)
    now = datetime.now(UTC)
    store = Ledger.from_settings(settings, client).store
    store.add_batch(BATCH_ID, owner="v-x", created_at=now)
    error = JobError("not-a-picture", HOSTILE)
    state = JobState.FAILED
    store.add(Job(JOB_ID, state, HOSTILE, Recipe.parse(sizes="64"), now, batch=BATCH_ID, error=error))
    Accounts(client, namespace=settings.namespace).tokens.create(HOSTILE, role=Role.USER)
    log = AuditLog(client, namespace=settings.namespace)
    log.record(who=HOSTILE, action=HOSTILE, target=HOSTILE, source=HOSTILE, result=HOSTILE)
    client.hset(HOSTILE, HOSTILE, HOSTILE)
    task_id = huey.task_named("give")(HOSTILE).id
    schedules = Schedules(client, namespace=settings.namespace, queue=HueyTaskQueue(huey), timezone="UTC")
    told = {"name": f"{TAG}[/]", "task": "give", "args": [HOSTILE], "kind": "interval", "every": 3_600}
    schedule_id = schedules.create(told | {"description": f"=1+1{TAG}"}, who=HOSTILE).id
    client.close()
    return {"job_id": JOB_ID, "batch_id": BATCH_ID, "task_id": task_id, "schedule_id": schedule_id}


def drives_a_terminal(text: str) -> bool:
    """Whether *text* holds what a terminal would obey, line ends and tabs apart."""
    return any(one_line(line) != line for line in text.replace("\r\n", "\n").replace("\t", " ").split("\n"))
