"""Celery, RQ and Dramatiq with a task that does nothing, for `benchmarks/queue.py`.

Runs in a virtual environment of its own and knows nothing of ThumbApp:

    python -m benchmarks.queue_peers fill|work|ask PEER URL [NUMBER]

``ask`` prints the milliseconds from enqueuing to the result of each of NUMBER tasks, one after the other.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

THREADS = 4
NAME = "benchmarks.queue_peers"


def celery_app(url: str) -> Any:
    """Return the Celery app with its task ``no_op``."""
    from celery import Celery

    app = Celery("queue_peers", broker=url, backend=url)
    app.conf.update(task_serializer="json", result_serializer="json", worker_hijack_root_logger=False)
    app.task(name="no_op")(no_op)
    return app


def dramatiq_actor(url: str) -> Any:
    """Return the Dramatiq actor ``no_op``, whose results are kept."""
    import dramatiq
    from dramatiq.brokers.redis import RedisBroker
    from dramatiq.results import Results
    from dramatiq.results.backends import RedisBackend

    broker = RedisBroker(url=url)
    broker.add_middleware(Results(backend=RedisBackend(url=url)))
    dramatiq.set_broker(broker)
    return dramatiq.actor(no_op, store_results=True, max_retries=0)


def rq_queue(url: str) -> Any:
    """Return RQ's queue."""
    from redis import Redis
    from rq import Queue

    return Queue(connection=Redis.from_url(url))


def no_op(number: int) -> int:
    """Return *number*."""
    return number


def sender(peer: str, url: str) -> tuple[Callable[[int], Any], Callable[[Any], Any]]:
    """Return what enqueues a number, and what waits for the result of what that returned."""
    if peer.startswith("celery"):
        task = celery_app(url).tasks["no_op"]
        return lambda number: task.delay(number), lambda sent: sent.get(timeout=20)
    if peer == "dramatiq":
        actor = dramatiq_actor(url)
        return actor.send, lambda sent: sent.get_result(block=True, timeout=20_000)
    queue = rq_queue(url)
    return lambda number: queue.enqueue(no_op, number), lambda sent: sent.latest_result(timeout=20)


def ask(peer: str, url: str, number: int) -> list[float]:
    """Return the milliseconds that each of *number* tasks took."""
    send, wait = sender(peer, url)
    wait(send(0))
    taken = []
    for each in range(number):
        time.sleep(0.005)
        began = time.perf_counter()
        wait(send(each))
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def work(peer: str, url: str) -> None:
    """Run a worker until it is killed."""
    if peer.startswith("celery"):
        pool = peer.removeprefix("celery-")
        arguments = ["worker", "-P", pool, "-c", str(THREADS), "-l", "ERROR", "--without-gossip"]
        celery_app(url).worker_main([*arguments, "--without-mingle"])
    elif peer == "dramatiq":
        from dramatiq.worker import Worker

        actor = dramatiq_actor(url)
        Worker(actor.broker, worker_threads=THREADS).start()
        time.sleep(3600)
    else:
        from rq import Worker

        queue = rq_queue(url)
        Worker([queue], connection=queue.connection).work(logging_level="ERROR")


def main() -> None:
    """Do what the arguments say."""
    what, peer, url, *number = sys.argv[1:]
    if what == "work":
        work(peer, url)
    elif what == "ask":
        print(json.dumps(ask(peer, url, int(number[0]))))
    else:
        send, _ = sender(peer, url)
        for each in range(int(number[0])):
            send(each)


if __name__ == "__main__":
    # RQ and Celery's children look for the task in a module by its name, which "__main__" is not.
    sys.modules[NAME] = sys.modules["__main__"]
    no_op.__module__ = NAME
    main()
