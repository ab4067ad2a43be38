"""`homing segments list`, `explain`, `diff` and `check`."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from homing.domain.moments import Duration, parse_duration
from local.terminal import SHOP, AsJson, From, Profile, errors, fail, moment, now, told_plainly

if TYPE_CHECKING:
    from homing.domain.generation import Generation
    from local.segments.population import Population

# Imports stand inside the commands: `--help` answers at once.

app = typer.Typer(
    name="segments",
    help="Who is in which segment and why, and what other rules would change. Reads only; nothing is ever written.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
FEW = 5
"""Example profiles that are named for each change."""

ShopDir = Annotated[Path, typer.Argument(metavar="SHOP_DIR", help="The folder with segments.yaml and journeys.yaml.")]


@app.command(name="list")
def list_segments(
    *,
    source: From = "demo",
    within: Annotated[str, typer.Option(help="How far to look ahead: 90m, 1h, 24h, 7d.")] = "1h",
    as_json: AsJson = False,
) -> None:
    """Every segment: who is meant, how many are in it, and how many enter and leave it soon.

    What is to come is exact, as far as time alone brings it: each profile
    knows when its memberships change next.

    Examples:

      homing segments list                          the demo's, an hour ahead
      homing segments list --from out --within 24h  a simulated run's, a day
      homing segments list --from table:NAME        a live table: reads it all
    """
    from local.segments.as_json import sizes_json
    from local.segments.show import figures_line, generation_line, minute, sizes_table, watched
    from local.segments.sizes import sizes

    ahead = _duration(within)
    with told_plainly():
        population = _population(source)
        generation = _generation(population)
        now = population.source.as_of
        counted = sizes(watched(population.records(), errors, "reading"), generation, now, now + ahead)
    if as_json:
        print(sizes_json(population.source, generation, counted, ahead))
        return
    console = Console(highlight=False, emoji=False)
    console.print(f"{source} as of {minute(now)}; {generation_line(generation)}", markup=False, soft_wrap=True)
    console.print(figures_line(generation.figures), markup=False, soft_wrap=True)
    console.print(sizes_table(counted, generation, ahead))


@app.command()
def explain(
    profile: Profile,
    *,
    source: From = "demo",
    at: Annotated[str | None, typer.Option(help="A moment, past or to come, such as 2026-04-01T12:00:00Z.")] = None,
    segment: Annotated[list[str] | None, typer.Option(help="Only this segment; may be given again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Why somebody is in a segment or not, since when, and when that will change: condition by condition.

    A moment to come is answered with what is known today, as though nothing
    else happened. A past one is answered from the person's stored events,
    received up to then, by the rules that are active now.

    Examples:

      homing segments explain tc-00096
      homing segments explain tc-00096 --at 2026-12-24T18:00:00Z
      homing segments explain tc-00096 --segment lapsed --segment loyal
      homing segments explain hh5hj7yzg5qb2vs3 --from out --json
    """
    from local.segments.as_json import reasons_json
    from local.segments.reasons import answer_at
    from local.segments.show import generation_line, minute, reasons_view

    asked_for = None if at is None else moment("--at", at)
    with told_plainly():
        population = _population(source)
        generation = _generation(population)
        _refuse_unknown(segment or [], generation)
        record = population.find(profile)
        answer = answer_at(population, record, generation, asked_for)
    told = [reason for reason in answer.reasons if not segment or reason.segment.name in segment]
    if as_json:
        print(reasons_json(population.source, generation, record.profile_id, answer.at, told))
        return
    console = Console(highlight=False, emoji=False)
    place = f"profile {record.profile_id} of {source} at {minute(answer.at)}"
    console.print("; ".join([place, *answer.notes, generation_line(generation)]), markup=False, soft_wrap=True)
    console.print(reasons_view(told, answer.at))


@app.command()
def diff(
    shop_dir: ShopDir = SHOP,
    *,
    source: From = "demo",
    examples: Annotated[bool, typer.Option("--examples", help=f"Name up to {FEW} profiles for each change.")] = False,
    as_json: AsJson = False,
) -> None:
    """What the rules in SHOP_DIR would change, beside those that are active: before anything is deployed.

    For each segment who would enter and leave, and how many runs of journeys
    would start. Figures of the whole shop, such as the top 10 %, are counted
    anew, as the switch would do. No mail is sent, and nothing is written.

    Examples:

      homing segments diff                  shop/ beside the demo
      homing segments diff shop --from out --examples
    """
    from local.segments.as_json import difference_json
    from local.segments.difference import Comparison, candidate_of
    from local.segments.show import difference_table, figures_line, generation_line, minute, watched
    from local.shop_files import read_shop, read_shop_files

    with told_plainly():
        shop, rules = read_shop(shop_dir), read_shop_files(shop_dir)["segments"]
        population = _population(source)
        generation = _generation(population)
        now = population.source.as_of
        with errors.status("counting the figures of the whole shop"):
            candidate = candidate_of(rules, population, generation, now, shop.settings.sending.timezone)
        comparison = Comparison(shop, generation, candidate, now, FEW if examples else 0)
        found = comparison.of(watched(population.records(), errors, "comparing"), population)
    if as_json:
        print(difference_json(population.source, generation, found))
        return
    console = Console(highlight=False, emoji=False)
    head = f"{shop_dir} beside {source} as of {minute(now)}; {generation_line(generation)}"
    console.print(head, markup=False, soft_wrap=True)
    console.print(f"counted anew, {figures_line(candidate.figures)}", markup=False, soft_wrap=True)
    if candidate.rules_fingerprint == generation.rules_fingerprint:
        console.print("the rules are the same: only the figures can make a difference")
    console.print(difference_table(found))


@app.command()
def check(shop_dir: ShopDir = SHOP) -> None:
    """Check the files in SHOP_DIR: each fault with its file and line, as editors and CI like it.

    Example:  homing segments check shop && git commit
    """
    from local.shop_files import read_shop

    with told_plainly():
        shop = read_shop(shop_dir)
    sound = f"{shop_dir}: {len(shop.segments.by_name)} segments and {len(shop.journeys)} journeys, all sound"
    Console(highlight=False, emoji=False).print(sound, markup=False)


def _population(source: str) -> "Population":
    from local.segments.population import Population
    from local.segments.sources import open_source

    return Population(open_source(source, now()))


def _generation(population: "Population") -> "Generation":
    """The active one; the shop's own files where there is none yet."""
    from homing.domain.generation import Generation
    from homing.domain.rules import RuleError
    from local.segments.sources import SourceUnreadable
    from local.shop_files import read_shop, read_shop_files

    active = population.generation()
    if active is None:
        read_shop(SHOP)
        return Generation(number=0, rules=read_shop_files(SHOP)["segments"])
    try:
        active.segments.by_name  # noqa: B018 - parsed here, where it can be told what is wrong
    except RuleError as error:
        raise SourceUnreadable(
            f"{population.source.name}: this version of Homing cannot read the rules of generation {active.number} "
            f"({error}); use the version that is deployed"
        ) from error
    return active


def _refuse_unknown(names: list[str], generation: "Generation") -> None:
    from homing.domain.rules.errors import or_similar

    known = tuple(generation.segments.by_name)
    for name in names:
        if name not in known:
            fail(f"--segment: '{name}' is no segment{or_similar(name, known)}")


def _duration(text: str) -> Duration:
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    short = re.fullmatch(r"(\d+) ?([mhdw])", text)
    try:
        return parse_duration(f"{short[1]} {units[short[2]]}" if short else text)
    except ValueError as error:
        fail(f"--within: {error}, or short: 90m, 24h, 7d")
