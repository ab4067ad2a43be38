"""What a function's cold start costs: `python bench/imports.py`.

For each function: the processor time of importing it and wiring what it uses, as a multiple of importing boto3 and
making one bare DynamoDB client, each in a fresh interpreter. The ratio carries over to Lambda; the seconds would not.
"""

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from samtranslator.yaml_helper import yaml_parse

from local.shop_build import build_shop

ROOT = Path(__file__).resolve().parent.parent
BARE = "import boto3; boto3.client('dynamodb')"
WIRING = {
    "ingest": "bootstrap.events(); bootstrap.write_key()",
    "project": "bootstrap.projector()",
    "enroll": "bootstrap.enroller()",
    "segments": "bootstrap.refresher()",
    "recompute": "bootstrap.recompute()",
    "feedback": "bootstrap.feedback()",
    "finish": "bootstrap.finisher()",
    "reconcile": "bootstrap.sweeper(); bootstrap.account_keeper()",
    "pages": "bootstrap.pages(); bootstrap.signing_secret()",
    # The sender reads its signing key as it is wired, which would need a network: the parts without it.
    "send": "import homing.emails, homing.adapters.mailer, homing.usecases.send; bootstrap._shop(); "
    "import boto3; boto3.client('sesv2'); bootstrap.contacts()",
}


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    runs: Annotated[int, typer.Option(help="Of so many runs each, the middle one is told.", min=1)] = 5,
) -> None:
    """Measure the cold start of each function, as a multiple of one bare boto3 client."""
    with TemporaryDirectory() as shop:
        build_shop(ROOT / "shop", Path(shop))
        bare = measure(BARE, {}, runs)
        table = Table(title="Cold start, as a multiple of one bare boto3 client", title_justify="left")
        table.add_column("function")
        table.add_column("multiple", justify="right")
        for function in track(WIRING, "measuring", console=Console(stderr=True), transient=True):
            table.add_row(function, f"{measure(wired(function), environment(function, shop), runs) / bare:.2f}")
    Console().print(table)


def wired(function: str) -> str:
    """The statements that import the function and wire what it uses."""
    return f"import app; from homing import bootstrap; {WIRING[function]}"


def measure(code: str, variables: dict[str, str], runs: int) -> float:
    """The middle of the processor seconds of some runs."""
    timed = f"import time; began = time.process_time(); {code}; print(time.process_time() - began)"
    told = {**os.environ, "AWS_DEFAULT_REGION": "eu-central-1", **variables}
    seconds = []
    for _ in range(runs):
        run = subprocess.run([sys.executable, "-c", timed], env=told, stdout=subprocess.PIPE, check=True, text=True)  # noqa: S603 - our own words
        seconds.append(float(run.stdout.split()[-1]))
    return median(seconds)


def environment(function: str, shop: str) -> dict[str, str]:
    """What the template gives to the function, by its names; nothing is asked under the values here."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    of_all = template["Globals"]["Function"]["Environment"]["Variables"]
    own = template["Resources"][f"{function.title()}Function"]["Properties"].get("Environment", {}).get("Variables", {})
    return {
        **dict.fromkeys(own, "1"),
        **of_all,
        "SHOP_DIR": shop,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "functions" / function), str(ROOT / "layers" / "homing")]),
    }


if __name__ == "__main__":
    app()
