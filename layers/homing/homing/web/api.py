"""The event API: `/v1/batch` and the paths of single messages, as Segment's clients call them."""

from collections.abc import Mapping
from typing import Any

from homing.domain.moments import Moment, parse_moment
from homing.errors import InvalidRequest
from homing.ports import Events
from homing.usecases.ingest import Ingested, ingest
from homing.web.http import Answer, answer, json_of, refusal, require_write_key
from homing.web.write_keys import WriteKeys

MOST_MESSAGES = 1_000


def handle(
    request: Mapping[str, Any], *, events: Events, write_keys: WriteKeys, now: Moment, double_opt_in: bool
) -> tuple[Answer, Ingested]:
    """The answer to a request, and what became of its messages. 200 only once all that is accepted is durable."""
    try:
        vouched = require_write_key(request, write_keys)
        body = json_of(request)
        kind = str(request["rawPath"]).rstrip("/").rpartition("/")[2]
        messages = _batch(body) if kind == "batch" else [{"type": kind, **body}]
        result = ingest(
            messages, sent_at=_sent_at(body), now=now, events=events, double_opt_in=double_opt_in, vouched=vouched
        )
    except InvalidRequest as error:
        return refusal(error), Ingested(rejected=[(0, str(error))])
    if kind != "batch" and result.rejected:
        return refusal(InvalidRequest(400, result.rejected[0][1])), result
    return answer(200, _told(result)), result


def _batch(body: Mapping[str, Any]) -> list[object]:
    messages = body.get("batch")
    if not isinstance(messages, list):
        raise InvalidRequest(400, "batch: a list of messages")
    if len(messages) > MOST_MESSAGES:
        raise InvalidRequest(413, f"batch: at most {MOST_MESSAGES} messages at once")
    return messages


def _sent_at(body: Mapping[str, Any]) -> Moment | None:
    """The client's clock as it sent; one that cannot be read corrects nothing."""
    told = body.get("sentAt")
    try:
        return parse_moment(told) if isinstance(told, str) else None
    except ValueError:
        return None


def _told(result: Ingested) -> dict[str, Any]:
    told: dict[str, Any] = {"success": True, "accepted": result.accepted, "duplicate": result.duplicate}
    if result.rejected:
        told["errors"] = [{"index": index, "message": reason} for index, reason in result.rejected]
    return told
