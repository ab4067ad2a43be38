"""The project's own template, deployed in the local cloud with the shop of this checkout."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local.cloud import Cloud
from local.shop_build import build_shop
from local.shop_files import read_yaml
from local.timers import Timers

ROOT = Path(__file__).resolve().parents[2]
SCHEDULE = "SegmentsScheduleRule"


@contextmanager
def deployed(
    timers: Timers,
    *,
    write_key: str = "local",
    seed: int = 0,
    shop_dir: Path = ROOT / "shop",
    metrics: bool = False,
) -> Iterator[Cloud]:
    """The cloud with template.yaml in it. Raises ShopFileError, EmailError, CloudError."""
    parameters = {name: str(value) for name, value in read_yaml(shop_dir / "parameters.yaml").items()}
    with TemporaryDirectory(prefix="homing-shop-") as built:
        build_shop(shop_dir, Path(built))
        environment = {
            "SHOP_DIR": built,
            "POWERTOOLS_LOG_LEVEL": "WARNING",
            "POWERTOOLS_METRICS_DISABLED": str(not metrics).lower(),
        }
        with Cloud.deploy(
            ROOT / "template.yaml",
            timers=timers,
            parameters=parameters,
            seed=seed,
            environment=environment,
            secrets={"WriteKeySecret": write_key, "SigningSecret": f"signing-{seed}"},
        ) as cloud:
            yield cloud
