"""What the commands say of a simulated folder is what happened in it."""

import json
from collections import Counter, defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from homing.adapters.profiles import PROFILE_KEY, profile_record
from homing.domain.generation import Generation
from homing.domain.moments import DAY, Moment, format_moment, parse_moment
from local.cli import app
from local.segments.population import Population
from local.segments.reasons import looking_back
from local.segments.sources import open_source
from local.simulation.deployment import ROOT

if TYPE_CHECKING:
    from tests.e2e.conftest import Outcome

OF_THE_POPULATION = {"big_spenders", "trend_followers"}
"""Segments that a recount of all shoppers changes: one person's events alone do not tell them."""


def run(*arguments: str) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["segments", *arguments])


@pytest.fixture(scope="module")
def population(outcome: "Outcome") -> Population:
    return Population(open_source(str(outcome.folder), 0))


@pytest.fixture(scope="module")
def generation(population: Population) -> Generation:
    active = population.generation()
    assert active is not None
    return active


def members_at(outcome: "Outcome", moment: Moment) -> dict[str, set[str]]:
    """By profile, the segments that segments.jsonl tells them in."""
    members: dict[str, set[str]] = defaultdict(set)
    for line in outcome.changes:
        if parse_moment(line["at"]) <= moment:
            change = members[line["profile_id"]]
            (change.add if line["change"] == "entered" else change.remove)(line["segment"])
    return members


def test_list_counts_the_members_that_the_changes_add_up_to(outcome: "Outcome") -> None:
    result = run("list", "--from", str(outcome.folder), "--json")
    assert result.exit_code == 0, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    entered = Counter(name for names in members_at(outcome, parse_moment(told["as_of"])).values() for name in names)
    assert {name: size["members"] for name, size in told["segments"].items() if size["members"]} == entered
    assert entered == outcome.summary["segments"]


def test_a_past_day_is_explained_as_it_was(outcome: "Outcome", population: Population, generation: Generation) -> None:
    """Of all who were one profile from the beginning; the others' changes stand under several ids."""
    records = map(profile_record, population.source.items(PROFILE_KEY))
    joined = {record.joined_to for record in records if record.joined_to is not None}
    began = parse_moment(outcome.summary["began_at"])
    days = range(began // DAY + 5, population.source.as_of // DAY, 9)
    as_it_was = {day: members_at(outcome, day * DAY) for day in days}
    compared = 0
    for record in islice((record for record in population.records() if record.profile_id not in joined), 40):
        stored = population.events(record)
        for day in days:
            _, memberships = looking_back(stored, generation, day * DAY)
            was = as_it_was[day].get(record.profile_id, set())
            assert memberships.keys() - OF_THE_POPULATION == was - OF_THE_POPULATION, (record.profile_id, day)
            compared += len(was)
    assert compared > 200


def test_explain_tells_since_when_as_the_changes_do(outcome: "Outcome") -> None:
    entered = {(line["profile_id"], line["segment"]): line["at"] for line in outcome.changes}
    profile_id = outcome.changes[-1]["profile_id"]
    result = run("explain", profile_id, "--from", str(outcome.folder), "--json")
    told = json.loads(result.stdout)
    since = {segment["name"]: segment["since"] for segment in told["segments"] if segment["member"]}
    assert since == {name: entered[profile_id, name] for name in since}
    assert since


def test_the_rules_that_the_run_had_would_change_nothing_but_what_figures_change(outcome: "Outcome") -> None:
    result = run("diff", str(ROOT / "shop"), "--from", str(outcome.folder), "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    changed = {name for name, change in told["segments"].items() if change["entering"] or change["leaving"]}
    assert changed <= OF_THE_POPULATION
    assert told["runs"] == {}


def test_looking_at_a_moment_says_when(outcome: "Outcome") -> None:
    profile_id = outcome.changes[-1]["profile_id"]
    moment = format_moment(parse_moment(outcome.summary["ended_at"]) - 10 * DAY)
    told = json.loads(run("explain", profile_id, "--from", str(outcome.folder), "--at", moment, "--json").stdout)
    assert told["at"] == moment
