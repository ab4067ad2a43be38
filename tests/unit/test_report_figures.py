"""The figures of the report are those of its run."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.report import bill, charts, days
from local.report.funnels import make_funnels
from local.report.mails import sample
from local.report.run_folder import Change, RunFolder, read_run
from tests.fakes.run_folder import JOURNEYS, START, an_email, write_fake_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return read_run(write_fake_run(tmp_path_factory.mktemp("run") / "out", profiles=40))


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
    mails = [an_email(1), an_email(2, outcome="skipped", reason="no_consent"), an_email(30)]
    assert days.sent_per_column(mails, ["cart"], columns) == {"cart": [1, 1]}


def test_a_long_run_is_shown_by_weeks_to_its_last_day() -> None:
    columns = days.readable(START, START + timedelta(days=425))
    assert columns.days_each == 7
    assert columns.of(START + timedelta(days=425)) == columns.count - 1


def test_months_are_summed_from_their_days() -> None:
    columns = days.Columns(date(2026, 1, 30), 1, 4)
    assert days.monthly(columns, {"cart": [1, 2, 4, 8]}) == [("January 2026", [3]), ("February 2026", [12])]


@pytest.mark.parametrize(("highest", "top"), [(0, 1), (1, 1), (7, 8), (10, 10), (63, 80), (108, 120), (401, 500)])
def test_an_axis_ends_at_a_round_number_above_all_values(highest: int, top: int) -> None:
    assert charts.scale_top(highest) == top


@given(st.integers(0, 10**9))
def test_an_axis_is_at_most_twice_as_high_as_what_it_shows(highest: int) -> None:
    assert highest <= charts.scale_top(highest) <= max(1, 2 * highest)


@given(st.lists(st.sampled_from(["cart", "welcome", "birthday"]), max_size=60), st.integers(6, 40))
def test_a_sample_keeps_the_order_and_leaves_out_no_journey(journeys: list[str], most: int) -> None:
    mails = [an_email(number, journey=journey) for number, journey in enumerate(journeys)]
    kept = sample(mails, most)
    assert len(kept) <= most
    assert [mail.at for mail in kept] == sorted(mail.at for mail in kept)
    assert {mail.journey for mail in kept} == set(journeys)


def test_bars_stand_on_those_below_them() -> None:
    below, above = charts.stacked_bars([[1, 0], [1, 2]], top=2)
    assert re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", below) == [("1", "0.5")]
    assert re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", above) == [("0.5", "0"), ("1", "0")]
