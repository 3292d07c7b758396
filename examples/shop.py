"""A shop that has nothing to do with ThumbApp, with its own tasks and the monitor: docs/use-in-your-app.md.

flask --app examples.shop run                          the web, the monitor at /monitor
python -m huey.bin.huey_consumer examples.shop.huey    a worker; as many as you like, on any machine
"""

import os
import secrets
import time

import redis
from flask import Flask, Response, abort, request

from thumbapp.blueprints.monitor.standalone import register_monitor
from thumbapp.taskqueue.queue import StreamHuey

client = redis.Redis.from_url(os.environ["SHOP_REDIS"], protocol=2, socket_timeout=5)
huey = StreamHuey("shop", client=client, namespace="shop:", key=os.environ["SHOP_SECRET"].encode(), lease_s=5)
app = Flask(__name__)
app.secret_key = os.environ["SHOP_SECRET"]


@huey.task(name="send invoice", retries=3, retry_delay=1)
def send_invoice(order: int, email: str, seconds: float = 0) -> str:
    """Send the invoice of an order."""
    time.sleep(seconds)
    return f"invoice {order} sent to {email}"


@app.post("/orders/<int:order>")
def place(order: int) -> tuple[str, int]:
    """Take an order; the invoice goes out in the background."""
    return str(send_invoice(order, request.form["email"], float(request.form.get("seconds", 0))).id), 202


def is_staff() -> bool:
    """Ask the browser for the staff's password: whoever may use the monitor can run every task."""
    given = request.authorization
    if given is None or not secrets.compare_digest(given.password or "", os.environ["SHOP_STAFF"]):
        abort(Response("For the staff only.", 401, {"WWW-Authenticate": 'Basic realm="shop"'}))
    return True


register_monitor(app, huey, allow=is_staff)
