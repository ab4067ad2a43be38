"""The wiring: each function's settings, clients and adapters, made once, at its first invocation.

Imports stand inside the functions here: each Lambda function pays at its cold start only for what it uses.
"""

import json
import os
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from homing import config
from homing.adapters.table import Table
from homing.domain.moments import Moment

if TYPE_CHECKING:
    from homing.adapters.contacts import TableContacts
    from homing.adapters.profiles import TableEvents
    from homing.adapters.requests import TableRequests
    from homing.adapters.secrets import CachedSecret
    from homing.domain.generation import Generation
    from homing.domain.shop import Shop
    from homing.ports import Due, Generations, Profiles, RecomputeRuns
    from homing.usecases.account import AccountKeeper
    from homing.usecases.enroll import Enroller
    from homing.usecases.feedback import Feedback
    from homing.usecases.finish import Finisher
    from homing.usecases.generations import ActiveGeneration
    from homing.usecases.project import Projector
    from homing.usecases.recompute import Recompute
    from homing.usecases.segments import Refresher
    from homing.usecases.send import Sender
    from homing.usecases.sweep import Sweeper
    from homing.web.pages import Pages

RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=2, read_timeout=5)

NO_RETRIES = Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=20)
"""For SES: a call that is made twice may send twice."""


def now() -> Moment:
    """The moment it is."""
    return time.time_ns() // 1_000_000


@cache
def events() -> "TableEvents":
    """The log of facts."""
    from homing.adapters.profiles import TableEvents

    return TableEvents(_table())


@cache
def contacts() -> "TableContacts":
    """The ground of permits."""
    from homing.adapters.contacts import TableContacts

    return TableContacts(_table())


@cache
def requests() -> "TableRequests":
    """What shoppers have asked for."""
    from homing.adapters.requests import TableRequests

    return TableRequests(_table())


@cache
def ingest_settings() -> config.IngestSettings:
    """How events come in."""
    return config.IngestSettings.read(os.environ)


def days_waited(at: Moment) -> int:
    """For how many days the oldest request of a shopper has waited for its answer."""
    from homing.usecases.requests import days_waited

    return days_waited(requests(), at)


@cache
def write_key() -> "CachedSecret":
    """The secret with the keys that the shop's clients send."""
    return _secret(ingest_settings().write_key_secret)


@cache
def signing_secret() -> "CachedSecret":
    """The key of unsubscribe tokens."""
    return _secret(config.PagesSettings.read(os.environ).signing_secret)


@cache
def pages() -> "Pages":
    """The shopper's pages."""
    from homing.domain.shop import Settings
    from homing.web.look import Look, ShopLook
    from homing.web.pages import Pages
    from homing.web.wishes_form import Choices

    shop = Settings.model_validate(_shop_files()["settings"])
    name = config.PagesSettings.read(os.environ).shop_name
    return Pages(
        look=Look(ShopLook(name, shop.url, shop.support_email, shop.colour, shop.logo_url)),
        choices=Choices(shop.interests, shop.channels),
        contacts=contacts(),
        events=events(),
        profiles=_profiles(),
        requests=requests(),
    )


@cache
def projector() -> "Projector":
    """Folds events into profiles."""
    from homing.adapters.catalogue import TableCatalogue
    from homing.adapters.erasure import TableErasures
    from homing.usecases.project import Projector

    return Projector(
        events=events(),
        profiles=_profiles(),
        contacts=contacts(),
        due=_due(),
        erasures=TableErasures(_table(), lambda: _mark_key().value().encode()),
        catalogue=TableCatalogue(_table()),
        active=_active_generation(),
        currency=_shop().settings.currency,
    )


@cache
def enroller() -> "Enroller":
    """Starts and ends runs."""
    from homing.adapters.executions import StepFunctionsExecutions
    from homing.adapters.ledger import TableRuns, TableSends
    from homing.usecases.enroll import Enroller
    from homing.usecases.generations import ActiveShop

    arns = config.EnrollSettings.read(os.environ).state_machine_arns()
    return Enroller(
        active=ActiveShop(_shop(), _active_generation()),
        profiles=_profiles(),
        contacts=contacts(),
        runs=TableRuns(_table()),
        sends=TableSends(_table()),
        executions=StepFunctionsExecutions(boto3.client("stepfunctions", config=RETRIES), arns),
    )


@cache
def sender() -> "Sender":
    """Sends the mails of journeys."""
    from email.utils import formataddr

    from homing.adapters.catalogue import TableCatalogue
    from homing.adapters.ledger import TableRuns, TableSends
    from homing.adapters.mailer import SesMailer
    from homing.adapters.open_sends import TableOpenSends
    from homing.adapters.pace import TablePace
    from homing.emails import Renderer
    from homing.usecases.compose import Composer, Identity
    from homing.usecases.send import Sender

    settings = config.SendSettings.read(os.environ)
    return Sender(
        shop=_shop(),
        active=_active_generation(),
        profiles=_profiles(),
        contacts=contacts(),
        runs=TableRuns(_table()),
        sends=TableSends(_table()),
        open_sends=TableOpenSends(_table()),
        pace=TablePace(_table(), settings.ses_rate),
        composer=Composer(
            shop=_shop(),
            identity=Identity(settings.shop_name, settings.postal_address, settings.pages_url),
            token_key=_secret(settings.signing_secret).value().encode(),
            catalogue=TableCatalogue(_table()),
            sent_before=TableSends(_table()).load,
            renderer=Renderer(Path(settings.shop_dir) / "emails"),
        ),
        mailer=SesMailer(
            boto3.client("sesv2", config=NO_RETRIES),
            sender=formataddr((settings.shop_name, settings.sender_address)),
            configuration_set=settings.configuration_set,
            tracking_set=settings.tracking_configuration_set,
        ),
    )


@cache
def refresher() -> "Refresher":
    """Looks at the profiles whose segments change now."""
    from homing.usecases.segments import Refresher

    return Refresher(due=_due(), profiles=_profiles(), active=_active_generation())


def follow_the_rules(at: Moment) -> None:
    """See to it that the shop layer's rules become those that count."""
    from homing.usecases.generations import follow_the_rules

    follow_the_rules(_generations(), _own_generation(), _recompute_runs(), at)


@cache
def recompute() -> "Recompute":
    """Counts the figures, switches the generation, and brings all profiles up to date."""
    from homing.adapters.exports import BucketPapers, FilePart, TablePart
    from homing.usecases.recompute import Recompute

    bucket, client = config.RecomputeSettings.read(os.environ).bucket, boto3.client("s3", config=RETRIES)
    return Recompute(
        rules=_shop_files()["segments"],
        timezone=_shop().settings.sending.timezone,
        generations=_generations(),
        profiles=_profiles(),
        due=_due(),
        papers=BucketPapers(client, bucket),
        part_of=lambda file: TablePart(_table()) if file is None else FilePart(client, bucket, file),
    )


@cache
def feedback() -> "Feedback":
    """Takes SES's events."""
    from homing.adapters.ledger import TableSends
    from homing.usecases.feedback import Feedback

    return Feedback(contacts=contacts(), events=events(), profiles=_profiles(), sends=TableSends(_table()))


@cache
def sweeper() -> "Sweeper":
    """Looks at the mails that were about to go out."""
    from homing.adapters.ledger import TableSends
    from homing.adapters.open_sends import TableOpenSends
    from homing.usecases.sweep import Sweeper

    return Sweeper(open_sends=TableOpenSends(_table()), sends=TableSends(_table()), contacts=contacts())


@cache
def account_keeper() -> "AccountKeeper":
    """Keeps to what SES says of the account."""
    from homing.adapters.account import SesAccount
    from homing.adapters.pace import TablePace
    from homing.usecases.account import AccountKeeper

    settings = config.ReconcileSettings.read(os.environ)
    account = SesAccount(boto3.client("sesv2", config=RETRIES), boto3.client("ses", config=RETRIES), _table())
    return AccountKeeper(account=account, pace=TablePace(_table(), settings.ses_rate), contacts=contacts())


@cache
def finisher() -> "Finisher":
    """Ends the runs of executions that have ended."""
    from homing.adapters.ledger import TableRuns, TableSends
    from homing.usecases.finish import Finisher

    return Finisher(
        journeys=_shop().journeys,
        profiles=_profiles(),
        runs=TableRuns(_table()),
        contacts=contacts(),
        sends=TableSends(_table()),
    )


@cache
def _mark_key() -> "CachedSecret":
    """The key of the marks of who has been erased; read where one is asked for."""
    return _secret(config.ProjectSettings.read(os.environ).signing_secret)


@cache
def _table() -> Table:
    return Table(boto3.client("dynamodb", config=RETRIES), config.TableSettings.read(os.environ).table_name)


@cache
def _profiles() -> "Profiles":
    from homing.adapters.profiles import TableProfiles

    return TableProfiles(_table())


@cache
def _due() -> "Due":
    from homing.adapters.due import TableDue

    return TableDue(_table())


@cache
def _shop() -> "Shop":
    from homing.domain.shop import Shop

    return Shop.parse(_shop_files())


@cache
def _generations() -> "Generations":
    from homing.adapters.generations import TableGenerations

    return TableGenerations(_table())


@cache
def _active_generation() -> "ActiveGeneration":
    from homing.usecases.generations import ActiveGeneration

    return ActiveGeneration(_generations(), _own_generation())


@cache
def _recompute_runs() -> "RecomputeRuns":
    from homing.adapters.executions import StepFunctionsRecomputeRuns

    arn = config.SegmentsSettings.read(os.environ).recompute_state_machine_arn
    return StepFunctionsRecomputeRuns(boto3.client("stepfunctions", config=RETRIES), arn)


@cache
def _own_generation() -> "Generation":
    """The shop layer's own rules, which count as long as there is no generation."""
    from homing.domain.generation import Generation

    return Generation(number=0, rules=_shop_files()["segments"])


@cache
def _shop_files() -> dict[str, Any]:
    """The data of the shop's files, by their names."""
    path = Path(config.ShopSettings.read(os.environ).shop_dir) / "shop.json"
    files: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return files


def _secret(secret_id: str) -> "CachedSecret":
    from homing.adapters.secrets import CachedSecret

    return CachedSecret(boto3.client("secretsmanager", config=RETRIES), secret_id, now)
