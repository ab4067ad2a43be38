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

from rich.console import Console
from rich.progress import track
from rich.table import Table

from local.shop_build import build_shop

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5
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


def main() -> None:
    """Measure all functions and print the table."""
    with TemporaryDirectory() as shop:
        build_shop(ROOT / "shop", Path(shop))
        bare = measure(BARE, {})
        table = Table(title="Cold start, as a multiple of one bare boto3 client", title_justify="left")
        table.add_column("function")
        table.add_column("multiple", justify="right")
        for function, wiring in track(WIRING.items(), "measuring", transient=True):
            code = f"import app; from homing import bootstrap; {wiring}"
            table.add_row(function, f"{measure(code, environment(function, shop)) / bare:.2f}")
    Console().print(table)


def measure(code: str, variables: dict[str, str]) -> float:
    """The middle of the processor seconds of some runs."""
    timed = f"import time; began = time.process_time(); {code}; print(time.process_time() - began)"
    told = {**os.environ, "AWS_DEFAULT_REGION": "eu-central-1", **variables}
    runs = [
        subprocess.run([sys.executable, "-c", timed], env=told, check=True, capture_output=True, text=True)  # noqa: S603 - our own words
        for _ in range(RUNS)
    ]
    return median(float(run.stdout.split()[-1]) for run in runs)


def environment(function: str, shop: str) -> dict[str, str]:
    """What the function finds in its environment; names that nothing is asked under here."""
    names = (
        "TABLE_NAME",
        "WRITE_KEY_SECRET",
        "SIGNING_SECRET",
        "SHOP_NAME",
        "POSTAL_ADDRESS",
        "SENDER_ADDRESS",
        "BUCKET",
    )
    machines = [f"{machine}_STATE_MACHINE_ARN" for machine in ("WELCOME", "CART", "WINBACK", "BIRTHDAY", "RECOMPUTE")]
    return {
        **dict.fromkeys((*names, *machines, "PAGES_URL", "CONFIGURATION_SET"), "x"),
        "SHOP_DIR": shop,
        "POWERTOOLS_METRICS_NAMESPACE": "Homing",
        "POWERTOOLS_SERVICE_NAME": "homing",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "functions" / function), str(ROOT / "layers" / "homing")]),
    }


if __name__ == "__main__":
    main()
