"""A life that touches every function, before the trials begin: none of them then pays for imports."""

import base64
import json
from typing import Any, Final

from homing.domain.moments import DAY, HOUR, format_moment
from local.cloud import Cloud

WRITE_KEY: Final = "local"
HEADERS: Final = {
    "authorization": "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode(),
    "content-type": "application/json",
}


def live_a_life(cloud: Cloud) -> None:
    """Somebody of long ago signs up, leaves a cart, orders, is mailed and unsubscribes."""
    _says(cloud, "identify", traits={"email": "warm@post.example"}, context={"consent": _proven(cloud)})
    for event in ("Product Added", "Order Completed"):
        products = [{"product_id": "warm", "name": "Warm", "price": 1}]
        properties = {"product_id": "warm", "order_id": "warm", "total": 1, "products": products}
        _says(cloud, "track", event=event, properties=properties)
        cloud.advance_to(cloud.timers.now() + 3 * HOUR)
    cloud.advance_to(cloud.timers.now() + 5 * DAY)
    for mail in cloud.outbox:
        link = dict(mail.headers)["List-Unsubscribe"].strip("<>")
        cloud.http("POST", "/" + link.split("/", 3)[3].partition("?")[0], body="List-Unsubscribe=One-Click")
    cloud.advance_to(cloud.timers.now() + DAY)


def _proven(cloud: Cloud) -> dict[str, Any]:
    at = format_moment(cloud.timers.now())
    return {"categoryPreferences": {"marketing": True}, "confirmedAt": at}


def _says(cloud: Cloud, kind: str, **told: Any) -> None:
    at = format_moment(cloud.timers.now())
    message = {
        "messageId": f"warm-{kind}-{len(cloud.seam.calls)}-{at}",
        "type": kind,
        "userId": "warm",
        "timestamp": at,
        **told,
    }
    answer = cloud.http("POST", "/v1/batch", headers=HEADERS, body=json.dumps({"batch": [message]}))
    if answer.status != 200:
        raise RuntimeError(f"the warming message was not taken: {answer.status} {answer.body!r}")
    cloud.settle()
