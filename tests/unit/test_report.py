"""The report shows a run's folder as it is, safely, whatever stands in it."""

import base64
import gzip
import json
import re
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from homing.domain.events import Event
from homing.domain.generation import Generation
from homing.domain.moments import moment_of
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from local.report import bill, charts, days, write_report
from local.report.funnels import make_funnels
from local.report.mails import make_archive, read_mail, sample
from local.report.run_folder import Change, Email, RunFolder, read_run
from local.simulation.snapshot import SNAPSHOT
from tests.fakes.tables import ExportedTable

START = datetime(2026, 1, 5, tzinfo=UTC)
JOURNEYS: dict[str, list[tuple[str, float]]] = {
    "welcome": [("greeting", 0), ("favourites", 3), ("last-call", 7)],
    "cart": [("reminder", 0.05), ("second", 1), ("offer", 3)],
    "winback": [("missing-you", 0), ("offer", 7), ("last-offer", 21)],
    "birthday": [("wishes", 0), ("reminder", 5)],
}
SEGMENTS = (
    "leads",
    "first_time",
    "recent",
    "one_time",
    "lapsed",
    "loyal",
    "cart_abandoners",
    "birthday_soon",
)
REASONS = ("no_consent", "suppressed", "run_ended", "too_many")

Lines = list[dict[str, Any]]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _mail(subject: str, name: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Tea & Clay <hello@shop.example>"
    message["To"] = f"{name.lower()}@post.example"
    message["Subject"] = subject
    message["List-Unsubscribe"] = "<https://api.shop.example/u/abc>"
    message.set_content(f"Hello {name},\n\nyour tea is waiting.\n\nTea & Clay")
    message.add_alternative(
        "<!doctype html><html><head><title>Mail</title></head>"
        "<body style='margin:0;background:#f2efe8;font:16px Georgia,serif;color:#2b2b26'>"
        "<div style='max-width:520px;margin:24px auto;background:#fff;padding:32px;border-radius:8px'>"
        f"<p>Hello {name},</p><h1>{subject}</h1><p>It is still here, as you left it:</p>"
        "<p><img src='https://images.shop.example/tp-01.jpg' alt='Kyusu Teapot' width=200></p>"
        "<p><a href='https://www.shop.example/cart' style='background:#1f6f64;color:#fff;"
        "padding:12px 20px;border-radius:6px;text-decoration:none'>Back to your cart</a></p>"
        "</div></body></html>",
        subtype="html",
    )
    return message.as_bytes()


def write_fake_run(folder: Path, *, days: int = 178, profiles: int = 260, subject: str | None = None) -> Path:
    """A run's folder as simulate would write it, of an invented shop."""
    random = Random(1)
    emails: Lines = []
    runs: Lines = []
    changes: Lines = []
    (folder / "emails").mkdir(parents=True)
    for number in range(profiles):
        for lines, told in zip((emails, runs, changes), _live(number, days, random), strict=True):
            lines.extend(told)
    for index, mail in enumerate(emails):
        if subject and index == 0:
            mail |= {"subject": subject, "outcome": "sent", "reason": None}
        if mail["outcome"] == "sent":
            body = _mail(mail["subject"], random.choice(["Ada", "Jörg", "Nele", "Hugh"]))
            (folder / "emails" / f"{mail['send_id']}.eml").write_bytes(body)
    _write_lines(folder / "emails.jsonl", sorted(emails, key=lambda line: line["at"]))
    _write_lines(folder / "segments.jsonl", sorted(changes, key=lambda line: line["at"]))
    _write_lines(folder / "runs.jsonl", sorted(runs, key=lambda line: line["started_at"]))
    sent = sum(mail["outcome"] == "sent" for mail in emails)
    operations = {
        "lambda_invocations": profiles * 60,
        "dynamodb_write_units": profiles * 45,
        "dynamodb_read_units": profiles * 30,
        "state_transitions": sent * 3,
        "ses_sends": sent,
    }
    summary = {
        "events": {"read": profiles * 13, "accepted": profiles * 13 - 9, "duplicate": 6, "rejected": 3},
        "profiles": profiles,
        "segments": {},
        "journeys": {},
        "emails": {},
        "operations": operations,
        "virtual_days": days,
        "wall_seconds": 24.2,
    }
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def _live(number: int, days: int, random: Random) -> tuple[Lines, Lines, Lines]:
    """What Homing does for one shopper: mails, runs, and changes of segment."""
    signed_up = min(random.randrange(days - 10), random.randrange(days - 10))
    emails: Lines = []
    runs: Lines = []
    for journey, steps in JOURNEYS.items():
        if journey == "welcome" or random.random() < 0.55:
            wait = 0 if journey == "welcome" else random.randrange(1, days - signed_up)
            started = START + timedelta(days=signed_up + wait, minutes=random.randrange(8 * 60, 22 * 60))
            lived = steps[: random.choice([1, 2, len(steps), len(steps)])]
            emails += [_intended(number, journey, step, started, random) for step in lived]
            runs.append(_run(number, journey, started, lived, random))
    return emails, runs, _changes(number, signed_up, random)


def _intended(number: int, journey: str, step: tuple[str, float], started: datetime, random: Random) -> dict[str, Any]:
    name, after = step
    withheld = random.random() < 0.12
    return {
        "at": _iso(started + timedelta(days=after)),
        "profile_id": f"prf-{number:05d}",
        "email": f"shopper.{number}@post.example",
        "journey": journey,
        "step": name,
        "send_id": f"snd-{journey}-{number}-{name}",
        "outcome": "skipped" if withheld else "sent",
        "reason": random.choice(REASONS) if withheld else None,
        "subject": f"Ada, your {journey} {name.replace('-', ' ')} from Tea & Clay",
        "template": f"{journey}-{name}",
    }


def _run(
    number: int, journey: str, started: datetime, lived: list[tuple[str, float]], random: Random
) -> dict[str, Any]:
    exited = len(lived) < len(JOURNEYS[journey])
    return {
        "run_id": f"{journey}-{number}",
        "journey": journey,
        "profile_id": f"prf-{number:05d}",
        "started_at": _iso(started),
        "ended_at": _iso(started + timedelta(days=lived[-1][1])),
        "ended": "exited" if exited else "completed",
        "reason": random.choice(["purchase", "purchase", "consent_withdrawn"]) if exited else None,
    }


def _changes(number: int, signed_up: int, random: Random) -> Lines:
    changes: Lines = []
    for segment in SEGMENTS:
        if random.random() < 0.6:
            day = signed_up + random.randrange(10)
            stay = random.randrange(1, 60)
            told = [("entered", day), ("left", day + stay)][: random.choice([1, 2])]
            changes += [
                {
                    "at": _iso(START + timedelta(days=at, hours=9)),
                    "profile_id": f"prf-{number:05d}",
                    "segment": segment,
                    "change": change,
                }
                for change, at in told
            ]
    return changes


def _write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_run(tmp_path_factory.mktemp("run") / "out", profiles=40)


@pytest.fixture(scope="module")
def run(folder: Path) -> RunFolder:
    return read_run(folder)


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return write_report(folder).read_text(encoding="utf-8")


class _Elements(HTMLParser):
    """Every start tag of a page with its attributes, and the text of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str | None, str] = {}
        self._script: str | None = None
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag == "script"
        self._script = dict(attrs).get("id")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data


def _unpacked(packed: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(packed)))


def _email(number: int, *, journey: str = "cart", step: str = "reminder", **fields: Any) -> Email:
    line: dict[str, Any] = {
        "at": START + timedelta(hours=number),
        "profile_id": "prf-1",
        "email": "ada@post.example",
        "journey": journey,
        "step": step,
        "send_id": f"snd-{journey}-{step}-{number}",
        "outcome": "sent",
        "reason": None,
        "subject": "Your cart",
        "template": "cart-reminder",
    }
    return Email(**{**line, **fields})


# The page as a whole


def test_the_report_lies_in_the_folder_of_its_run(folder: Path) -> None:
    assert write_report(folder) == folder / "report.html"


def test_the_page_loads_nothing_from_anywhere(page: str) -> None:
    elements = _Elements(page)
    loading = {"src", "srcset", "data", "poster", "action", "background"}
    assert not [tag for tag, attributes in elements.tags if loading & attributes.keys()]
    assert not [tag for tag, _ in elements.tags if tag == "link"]
    assert not re.search(r"url\((?!#)|@import", page)
    policy = next(a["content"] for _, a in elements.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy


def test_the_same_run_gives_the_same_page(folder: Path, page: str) -> None:
    assert write_report(folder).read_text(encoding="utf-8") == page


def test_every_link_within_the_page_has_its_place(page: str) -> None:
    elements = _Elements(page)
    ids = {attributes["id"] for _, attributes in elements.tags if "id" in attributes}
    links = {(a.get("href") or "")[1:] for tag, a in elements.tags if tag == "a"}
    assert links <= ids


def test_headline_figures_are_those_of_the_run(page: str, run: RunFolder) -> None:
    sent = sum(email.outcome == "sent" for email in run.emails)
    assert f"<dd>{sent}</dd>" in page
    assert f"<dd>{len(run.emails) - sent}</dd>" in page
    assert f"<dd>{run.summary.events.accepted}</dd>" in page


def test_text_from_the_shop_cannot_become_markup(tmp_path: Path) -> None:
    hostile = '</script><script id="planted">alert(1)</script><img src=x onerror=alert(1)>'
    folder = write_fake_run(tmp_path / "out", profiles=8, subject=hostile)
    _append(folder / "emails.jsonl", _email(1, journey=hostile, step=hostile, outcome="skipped", reason=hostile))
    change = Change(at=START, profile_id="prf-1", segment=hostile, change="entered")
    _append(folder / "segments.jsonl", change)

    page = write_report(folder).read_text(encoding="utf-8")

    elements = _Elements(page)
    assert "planted" not in {attributes.get("id") for _, attributes in elements.tags}
    assert "img" not in {tag for tag, _ in elements.tags}
    assert hostile in {series["name"] for series in json.loads(elements.scripts["timeline-data"])["series"]}
    assert hostile in {mail["subject"] for mail in _unpacked(elements.scripts["mails-index"])["mails"]}


def test_a_run_in_which_nothing_happened_still_has_a_page(tmp_path: Path) -> None:
    folder = write_fake_run(tmp_path / "out", profiles=0)
    assert "Nothing happened in this run" in write_report(folder).read_text(encoding="utf-8")


def test_a_folder_that_holds_no_run_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_report(tmp_path)


def test_a_line_that_is_not_of_a_run_is_an_error(tmp_path: Path) -> None:
    folder = write_fake_run(tmp_path / "out", profiles=1)
    (folder / "runs.jsonl").write_text('{"journey": "cart"}\n', encoding="utf-8")
    with pytest.raises(ValidationError):
        write_report(folder)


def _append(path: Path, line: Email | Change) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line.model_dump_json() + "\n")


# The mails


def test_every_intended_mail_is_in_the_index(page: str, run: RunFolder) -> None:
    index = _unpacked(_Elements(page).scripts["mails-index"])
    assert [mail["send_id"] for mail in index["mails"]] == [email.send_id for email in run.emails]


def test_the_body_of_a_mail_is_in_the_pack_that_the_index_names(page: str, run: RunFolder) -> None:
    scripts = _Elements(page).scripts
    index = _unpacked(scripts["mails-index"])
    sent = next(email for email in run.emails if email.outcome == "sent")
    pack = _unpacked(scripts[f"mails-{index['packs'][sent.send_id]}"])
    assert pack[sent.send_id] == read_mail(run.mail_path(sent))


def test_a_mail_is_read_with_headers_html_and_text(tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(_mail("Grüße, Jörg", "Jörg"))
    mail = read_mail(path)
    assert ["Subject", "Grüße, Jörg"] in mail["headers"]
    assert "<h1>Grüße, Jörg</h1>" in mail["html"]
    assert mail["text"].startswith("Hello Jörg,")


def test_all_mails_are_kept_where_they_are_few() -> None:
    mails = [_email(number) for number in range(10)]
    assert sample(mails, most=10) == mails


def test_of_many_mails_the_oldest_and_newest_of_each_step_are_kept() -> None:
    common = [_email(number) for number in range(100)]
    rare = [_email(number, journey="birthday", step="wishes") for number in range(3)]
    kept = sample([*common, *rare], most=20)
    assert kept == [*common[:5], *common[-5:], *rare]


def test_the_page_says_when_it_carries_a_sample(run: RunFolder) -> None:
    archive = make_archive(run, most=22)
    assert archive.with_body < archive.sent
    assert sum(len(_unpacked(pack)) for pack in archive.packs) == archive.with_body <= 22


# The table


RULES = {
    "segments": {
        "recent": {"description": "Bought lately", "orders.last_at": {"within": "30 days"}},
        "nobody_yet": {"country": "AQ"},
    }
}


@pytest.fixture(scope="module")
def page_with_table(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a run that has left its table: six customers with an order each, all of them recent."""
    folder = write_fake_run(tmp_path_factory.mktemp("run") / "out", profiles=8)
    table = ExportedTable()
    table.generations.switch(Generation(number=1, rules=RULES))
    for number in range(6):
        order = Event(
            message_id=f"m{number}",
            type="track",
            name="Order Completed",
            user_id=f"u{number}",
            at=moment_of(START),
            total=1_000 * (number + 1),
            currency="EUR",
        )
        facts = Profile().after(order, order.at)
        table.profiles.save(ProfileRecord(profile_id=f"p{number}", facts=facts, segments={"recent": order.at}))
    table.write(folder / SNAPSHOT)
    return write_report(folder).read_text(encoding="utf-8")


def test_the_segments_stand_in_groups_with_those_that_nobody_is_in(page_with_table: str) -> None:
    assert '<h3 class="subject">Buying</h3>' in page_with_table
    assert '<p class="about">Bought lately</p>' in page_with_table
    assert "Nobody so far: nobody yet." in page_with_table
    assert '<th scope="row">nobody yet</th>' in page_with_table


def test_the_members_of_every_segment_are_told_for_every_month(page_with_table: str) -> None:
    cells = re.findall(r'<th scope="row">leads</th>((?:<td[^>]*>[\d,]+</td>)+)', page_with_table)
    months = re.findall(r'<th scope="col">(\w{3} 2026)</th>', page_with_table)
    assert [cell.count("</td>") for cell in cells] == [len(months) + 1]


def test_the_grid_of_customers_is_a_table_that_can_be_read_aloud(page_with_table: str) -> None:
    assert "The 6 shoppers with an order" in page_with_table
    assert "<b>6</b><span>35 each</span>" in page_with_table
    assert '<th scope="col">1 order</th>' in page_with_table


def test_what_a_segment_spends_is_told_in_quantiles(page_with_table: str) -> None:
    assert "6 members, 6 bought" in page_with_table
    assert "An order of recent: 10 % spend up to 10, 25 % spend up to 20, 50 % spend up to 30" in page_with_table
    assert "too few to tell: nobody yet." in page_with_table


def test_a_run_without_a_table_has_a_page_without_customers(page: str) -> None:
    assert 'id="customers"' not in page
    assert 'id="segments"' in page


# The figures


def test_a_journeys_steps_come_in_the_order_of_its_time(run: RunFolder) -> None:
    steps = {funnel.journey: [step.name for step in funnel.steps] for funnel in make_funnels(run)}
    assert steps == {journey: [name for name, _ in named] for journey, named in JOURNEYS.items()}


def test_a_funnel_counts_every_run_and_every_intended_mail_once(run: RunFolder) -> None:
    funnels = make_funnels(run)
    assert sum(funnel.runs for funnel in funnels) == len(run.runs)
    assert sum(count for funnel in funnels for *_, count in funnel.ends) == len(run.runs)
    assert sum(step.intended for funnel in funnels for step in funnel.steps) == len(run.emails)


def test_the_bill_is_the_counts_at_list_prices() -> None:
    operations = {"ses_sends": 1_000, "state_transitions": 4_000, "dynamodb_write_units": 1_600_000}
    made = bill.make_bill(operations, sent=1_000)
    assert made.total == pytest.approx(0.10 + 0.10 + 1.00)
    assert made.per_thousand_mails == pytest.approx(1.20)
    assert made.lines[0].operation == "DynamoDB, write units"
    assert sum(line.share for line in made.lines) == pytest.approx(1)


def test_without_mails_there_is_no_cost_per_mail() -> None:
    made = bill.make_bill({"lambda_invocations": 10}, sent=0)
    assert made.per_thousand_mails is None
    assert all(line.per_mail is None for line in made.lines)


def test_members_are_those_who_entered_and_have_not_left() -> None:
    columns = days.daily(START, START + timedelta(days=3))
    told = [(0, "a", "entered"), (1, "b", "entered"), (1, "a", "left"), (3, "a", "entered")]
    changes = [
        Change.model_validate({
            "at": START + timedelta(days=day), "profile_id": who, "segment": "leads", "change": change,
        })
        for day, who, change in told
    ]  # fmt: skip
    assert days.members_per_day(changes, columns) == {"leads": [1, 1, 1, 2]}


def test_only_mails_that_were_sent_stand_in_the_timeline() -> None:
    columns = days.daily(START, START + timedelta(days=1))
    mails = [_email(1), _email(2, outcome="skipped", reason="no_consent"), _email(30)]
    assert days.sent_per_column(mails, ["cart"], columns) == {"cart": [1, 1]}


def test_a_long_run_is_shown_by_weeks_to_its_last_day() -> None:
    columns = days.readable(START, START + timedelta(days=425))
    assert columns.days_each == 7
    assert columns.of(START + timedelta(days=425)) == columns.count - 1


def test_months_are_summed_from_their_days() -> None:
    columns = days.Columns(date(2026, 1, 30), 1, 4)
    assert days.monthly(columns, {"cart": [1, 2, 4, 8]}) == [("January 2026", [3]), ("February 2026", [12])]


@pytest.mark.parametrize(("highest", "top"), [(0, 1), (1, 1), (7, 8), (10, 10), (63, 80), (401, 500)])
def test_an_axis_ends_at_a_round_number_above_all_values(highest: int, top: int) -> None:
    assert charts.scale_top(highest) == top


@given(st.integers(0, 10**9))
def test_an_axis_is_at_most_twice_as_high_as_what_it_shows(highest: int) -> None:
    assert highest <= charts.scale_top(highest) <= max(1, 2 * highest)


@given(st.lists(st.sampled_from(["cart", "welcome", "birthday"]), max_size=60), st.integers(6, 40))
def test_a_sample_keeps_the_order_and_leaves_out_no_journey(journeys: list[str], most: int) -> None:
    mails = [_email(number, journey=journey) for number, journey in enumerate(journeys)]
    kept = sample(mails, most)
    assert len(kept) <= most
    assert [mail.at for mail in kept] == sorted(mail.at for mail in kept)
    assert {mail.journey for mail in kept} == set(journeys)


def test_bars_stand_on_those_below_them() -> None:
    below, above = charts.stacked_bars([[1, 0], [1, 2]], top=2)
    assert re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", below) == [("1", "0.5")]
    assert re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", above) == [("0.5", "0"), ("1", "0")]


# The page in a browser


@pytest.mark.browser
def test_the_first_mail_is_unpacked_and_shown_from_a_disk(folder: Path, run: RunFolder, tmp_path: Path) -> None:
    drawn = _drawn(write_report(folder), tmp_path)
    first = next(email for email in run.emails if email.outcome == "sent")
    assert f"{len(run.emails)} of {len(run.emails)} intended mails" in drawn
    assert f"<code>{first.profile_id}</code>" in drawn
    assert '<iframe sandbox=""' in drawn
    assert "your tea is waiting" not in drawn
    assert "It is still here, as you left it" in drawn


@pytest.mark.browser
def test_a_hostile_subject_is_drawn_as_text(tmp_path: Path) -> None:
    hostile = "</script><script>document.title = 'broken out'</script>"
    folder = write_fake_run(tmp_path / "out", profiles=8, subject=hostile)
    drawn = _drawn(write_report(folder), tmp_path / "browser")
    assert "&lt;/script&gt;&lt;script&gt;document.title" in drawn
    assert "<title>Homing: a simulated run</title>" in drawn


def _drawn(page: Path, tmp_path: Path) -> str:
    """The page's elements after its script has run."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser, "the tests marked browser need Chromium"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command = [browser, *flags, "--disable-component-update", f"--user-data-dir={tmp_path}"]
    options = ["--virtual-time-budget=2000", "--dump-dom"]
    return subprocess.run(
        [*command, *options, page.as_uri()], check=True, capture_output=True, text=True, timeout=60
    ).stdout
