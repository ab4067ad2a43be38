"""The page itself: figures, charts and mails, put into the template."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from math import floor, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from homing.domain.figures import Figures
from homing.domain.moments import moment_of
from homing.domain.record import ProfileRecord
from homing.domain.shop import Shop
from local.report import charts, days
from local.report.bill import make_bill
from local.report.customers import Customers, customers
from local.report.funnels import make_funnels, why
from local.report.hours import day_of_hours, hour_label
from local.report.mails import make_archive
from local.report.run_folder import RunFolder, read_run
from local.report.segments import segment_timeline
from local.report.spending import PERCENTS
from local.segments.population import Population
from local.segments.sources import open_source
from local.shop_files import read_shop
from local.simulation.deployment import ROOT
from local.simulation.snapshot import SNAPSHOT

if TYPE_CHECKING:
    from collections.abc import Callable

_REPORT = "report.html"


@dataclass(frozen=True)
class Timeline:
    """Mails sent over time: `counts` and `paths` by journey, in the same order."""

    columns: days.Columns
    counts: dict[str, list[int]]
    paths: list[str]
    top: int

    @property
    def data(self) -> dict[str, Any]:
        return _readable_data(self.columns, self.counts)

    @property
    def by_month(self) -> list[tuple[str, list[int]]]:
        return days.monthly(self.columns, self.counts)


def write_report(out_dir: Path) -> Path:
    """Writes report.html into the folder of a simulated run, and gives its path."""
    page = out_dir / _REPORT
    page.write_text(render(read_run(out_dir), read_shop(ROOT / "shop")), encoding="utf-8")
    return page


def render(run: RunFolder, shop: Shop) -> str:
    """The whole page as HTML, with its styles, scripts and mails within; `shop` is the one that the run was of."""
    sent = sum(email.outcome == "sent" for email in run.emails)
    population = _population(run)
    generation = population.generation() if population else None
    rules = generation.rules if generation else {}
    records = list(population.records()) if population else []
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            run=run,
            summary=run.summary,
            sent=sent,
            deliveries=Counter(mail.delivery or "no word yet" for mail in run.emails if mail.outcome == "sent"),
            withheld=Counter(why(email) for email in run.emails if email.outcome != "sent").most_common(),
            bill=make_bill(run.summary.operations, sent),
            timeline=_timeline(run),
            hours=day_of_hours(run.emails, records, shop, generation.figures if generation else Figures()),
            segments=segment_timeline(run, rules),
            customers=_customers(population, records, rules) if population else None,
            funnels=make_funnels(run),
            archive=make_archive(run),
            styles=_asset("local.pages", "theme.css") + _asset("local.report", "templates/report.css"),
            scripts=_asset("local.pages", "mail.js") + _asset("local.report", "templates/report.js"),
        )
    )


def _timeline(run: RunFolder) -> Timeline | None:
    if run.began is None or run.ended is None:
        return None
    columns = days.readable(run.began, run.ended)
    counts = days.sent_per_column(run.emails, run.journeys, columns)
    top = charts.scale_top(max((sum(column) for column in zip(*counts.values(), strict=True)), default=1))
    return Timeline(columns, counts, charts.stacked_bars(list(counts.values()), top), top)


def _population(run: RunFolder) -> Population | None:
    """The table as the run left it; None in a folder from before tables were kept."""
    if not (run.path / SNAPSHOT).is_file():
        return None
    return Population(open_source(str(run.path), moment_of(run.ended) if run.ended else 0))


def _customers(population: Population, records: Sequence[ProfileRecord], rules: Mapping[str, Any]) -> Customers:
    return customers(records, list(rules.get("segments", {})), population.source.as_of)


def _readable_data(columns: days.Columns, series: dict[str, list[int]]) -> dict[str, Any]:
    """What the page's script tells of a chart, column by column."""
    named = [{"name": name, "values": values} for name, values in series.items()]
    return {"labels": columns.labels, "series": named}


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("local.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "count": "{:,}".format,
        "price": "${:,g}".format,
        "percent": "{:.2%}".format,
        "dollars": _dollars,
        "amount": _amount,
        "place": lambda amount, scale: scale.place(amount),
        "words": _words,
        "zip": zip,
        "day": days.day_label,
        "hour": hour_label,
        "span": _span,
    }
    environment.filters |= filters
    environment.globals["percents"] = PERCENTS
    return environment


def _asset(package: str, name: str) -> Markup:
    return Markup(files(package).joinpath(name).read_text(encoding="utf-8"))  # noqa: S704 (our own files)


def _words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")


def _amount(amount: float) -> str:
    """Major units of the shop's currency; cents only where they weigh."""
    return f"{amount:,.2f}" if 0 < amount < 10 else f"{amount:,.0f}"


def _dollars(amount: float) -> str:
    """Two digits that say something, however small the amount."""
    if amount == 0:
        return "$0"
    decimals = max(2, 1 - floor(log10(amount)))
    return f"${amount:,.{decimals}f}"


def _span(time: timedelta) -> str:
    """About how long, in the largest unit that fits."""
    hours = time.total_seconds() / 3600
    for unit, length in (("day", 24.0), ("hour", 1.0), ("minute", 1 / 60)):
        count = round(hours / length)
        if count >= 1 and hours >= length:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "at once"
