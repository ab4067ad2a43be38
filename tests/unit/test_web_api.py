"""The event API: what is accepted is durable, what is not is told by its index, and nothing else is touched."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.ids import alias_id
from homing.domain.moments import HOUR, format_moment
from homing.web import api
from homing.web.write_keys import WriteKeys
from tests.fakes.crashes import Crashed, Fuse
from tests.fakes.ports import FakeEvents
from tests.fakes.stories import NOW

KEYS = WriteKeys(server=("key",), browser=("open",))
AUTHORIZED = {"authorization": "Basic " + base64.b64encode(b"key:").decode()}
IN_THE_OPEN = {"authorization": "Basic " + base64.b64encode(b"open:").decode()}
GOOD = {"type": "identify", "userId": "ada", "messageId": "m1"}
BAD = {"type": "identify", "messageId": "m2"}


def post(events: FakeEvents, path: str, body: object, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    request = {"rawPath": path, "headers": AUTHORIZED if headers is None else headers, "body": json.dumps(body)}
    answer, _ = api.handle(request, events=events, write_keys=KEYS, now=NOW, double_opt_in=True)
    return answer["statusCode"], json.loads(answer["body"])


def messages(*ids: str) -> list[dict[str, str]]:
    return [{**GOOD, "messageId": message_id} for message_id in ids]


def test_a_batch_is_kept_and_told() -> None:
    events = FakeEvents()
    answer = post(events, "/v1/batch", {"batch": messages("m1", "m2", "m1")})
    assert answer == (200, {"success": True, "accepted": 2, "duplicate": 1})
    assert [event.message_id for event in events.all] == ["m1", "m2"]
    assert {received_at for _, received_at in events.kept.values()} == {NOW}


def test_a_bad_message_is_told_by_its_index_and_stops_no_other() -> None:
    events = FakeEvents()
    status, told = post(events, "/v1/batch", {"batch": [GOOD, BAD, None, {**GOOD, "messageId": "m3"}]})
    assert (status, told["accepted"]) == (200, 2)
    assert [error["index"] for error in told["errors"]] == [1, 2]
    assert "userId" in told["errors"][0]["message"]
    assert len(events.all) == 2


@settings(max_examples=50)
@given(st.lists(st.booleans(), max_size=12))
def test_every_message_is_accepted_or_refused(good: list[bool]) -> None:
    batch = [{**(GOOD if fine else BAD), "messageId": str(number)} for number, fine in enumerate(good)]
    events = FakeEvents()
    status, told = post(events, "/v1/batch", {"batch": batch})
    refused = [error["index"] for error in told.get("errors", [])]
    assert status == 200
    assert refused == [number for number, fine in enumerate(good) if not fine]
    assert told["accepted"] + len(refused) == len(good)


@pytest.mark.parametrize("path", ["/v1/identify", "/v1/identify/", "/prod/v1/identify"])
def test_a_single_message_has_the_type_of_its_path(path: str) -> None:
    events = FakeEvents()
    assert post(events, path, {"userId": "ada"}) == (200, {"success": True, "accepted": 1, "duplicate": 0})
    assert [event.type for event in events.all] == ["identify"]


@pytest.mark.parametrize("kind", ["track", "identify", "page", "screen", "group", "alias"])
def test_a_bad_single_message_is_a_bad_request(kind: str) -> None:
    events = FakeEvents()
    status, told = post(events, f"/v1/{kind}", {"messageId": "m1"})
    assert (status, told["success"]) == (400, False)
    assert events.kept == {}


@pytest.mark.parametrize("body", [{}, {"batch": None}, {"batch": {}}, {"batch": "m"}, []])
def test_a_batch_has_a_list_of_messages(body: object) -> None:
    assert post(FakeEvents(), "/v1/batch", body)[0] == 400


def test_a_batch_of_too_many_messages_is_too_large() -> None:
    events = FakeEvents()
    assert post(events, "/v1/batch", {"batch": [{}] * (api.MOST_MESSAGES + 1)})[0] == 413
    assert events.kept == {}


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic a2V5Mjo="}])
def test_who_has_no_key_changes_nothing_and_learns_nothing(headers: dict[str, str]) -> None:
    events = FakeEvents()
    assert post(events, "/v1/batch", {"batch": [GOOD]}, headers)[0] == 401
    assert post(events, "/v1/batch", "no object", headers)[0] == 401
    assert events.kept == {}


@pytest.mark.parametrize(
    ("headers", "consent", "asked"), [(AUTHORIZED, {"marketing": True}, ()), (IN_THE_OPEN, {}, ("marketing",))]
)
def test_only_a_key_that_stays_on_servers_vouches_for_proofs(
    headers: dict[str, str], consent: dict[str, bool], asked: tuple[str, ...]
) -> None:
    events = FakeEvents()
    told = {"categoryPreferences": {"marketing": True}, "confirmedAt": format_moment(NOW)}
    assert post(events, "/v1/identify", {**GOOD, "context": {"consent": told}}, headers)[0] == 200
    [event] = events.all
    assert (event.consent, event.asked) == (consent, asked)


def test_the_clock_of_the_client_is_corrected_for_the_whole_batch() -> None:
    events = FakeEvents()
    batch = [{**GOOD, "timestamp": format_moment(NOW + 5 * HOUR)}]
    post(events, "/v1/batch", {"batch": batch, "sentAt": format_moment(NOW + 6 * HOUR)})
    assert [event.at for event in events.all] == [NOW - HOUR]


@pytest.mark.parametrize("sent_at", [None, "soon", 7, {}])
def test_a_clock_that_cannot_be_read_corrects_nothing(sent_at: object) -> None:
    events = FakeEvents()
    batch = [{**GOOD, "timestamp": format_moment(NOW - HOUR)}]
    assert post(events, "/v1/batch", {"batch": batch, "sentAt": sent_at})[0] == 200
    assert [event.at for event in events.all] == [NOW - HOUR]


@pytest.mark.parametrize("killed_at", range(1, 7))
def test_a_batch_that_was_cut_off_is_kept_whole_when_it_comes_again(killed_at: int) -> None:
    events, batch = FakeEvents(), {"batch": messages("m1", "m2", "m3")}
    with pytest.raises(Crashed):
        post(Fuse(killed_at).guard(events), "/v1/batch", batch)
    _, told = post(events, "/v1/batch", batch)
    assert told["accepted"] + told["duplicate"] == 3
    assert [event.message_id for event in events.all] == ["m1", "m2", "m3"]


def test_a_repeat_finds_the_same_key_whatever_else_it_says() -> None:
    events = FakeEvents()
    post(events, "/v1/identify", {"messageId": "m1", "anonymousId": "device"})
    post(events, "/v1/track", {"messageId": "m1", "anonymousId": "device", "event": "Product Searched"})
    [(alias, _)] = events.kept
    assert alias == alias_id("anonymous", "device")
