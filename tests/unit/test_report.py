"""The report shows a run's folder as it is, safely, whatever stands in it."""

import base64
import gzip
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from homing.domain.events import Event
from homing.domain.figures import Figures
from homing.domain.generation import Generation
from homing.domain.moments import moment_of
from homing.domain.profile import Profile
from homing.domain.record import ProfileRecord
from local.report import write_report
from local.report.mails import make_archive, read_mail, sample
from local.report.run_folder import Change, Email, RunFolder, read_run
from local.simulation.snapshot import SNAPSHOT
from tests.fakes.run_folder import START, a_mail, an_email, write_fake_run
from tests.fakes.tables import ExportedTable


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
    _append(folder / "emails.jsonl", an_email(1, journey=hostile, step=hostile, outcome="skipped", reason=hostile))
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
    path.write_bytes(a_mail("Grüße, Jörg", "Jörg"))
    mail = read_mail(path)
    assert ["Subject", "Grüße, Jörg"] in mail["headers"]
    assert "<h1>Grüße, Jörg</h1>" in mail["html"]
    assert mail["text"].startswith("Hello Jörg,")


def test_all_mails_are_kept_where_they_are_few() -> None:
    mails = [an_email(number) for number in range(10)]
    assert sample(mails, most=10) == mails


def test_of_many_mails_the_oldest_and_newest_of_each_step_are_kept() -> None:
    common = [an_email(number) for number in range(100)]
    rare = [an_email(number, journey="birthday", step="wishes") for number in range(3)]
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
    hours = tuple(10 * (hour == 9) for hour in range(24))
    table.generations.switch(Generation(number=1, rules=RULES, figures=Figures(hours=hours)))
    writer = read_run(folder).emails[0].profile_id
    table.profiles.save(ProfileRecord(profile_id=writer))
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


def test_mails_stand_in_the_hours_of_whom_they_went_to_beside_the_shops_rhythm(page_with_table: str) -> None:
    names = {series["name"] for series in json.loads(_Elements(page_with_table).scripts["hours-data"])["series"]}
    assert names == {"in their hour", "at once", "shoppers about"}
    assert "the best hour is the shop’s: 9:00 to 10:00." in page_with_table


def test_a_run_without_a_table_has_a_page_without_customers(page: str) -> None:
    assert 'id="customers"' not in page
    assert 'id="hours-data"' not in page
    assert 'id="segments"' in page


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
