"""The project's own template, deployed in the local cloud with the shop of this checkout."""

from collections.abc import Iterator, Mapping
from compileall import compile_dir
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local.cloud import Cloud
from local.shop_build import build_shop
from local.shop_files import read_yaml
from local.timers import Timers

ROOT = Path(__file__).resolve().parents[2]
SCHEDULE = "SegmentsRule"
SHARD_TARGET = "Shard"
"""The ids of the schedule's targets begin so, and end in the shard that each looks at."""
FIGURES_SCHEDULE = "FiguresScheduleRule"
RECONCILE_SCHEDULE = "ReconcileRule"


@contextmanager
def deployed(
    timers: Timers,
    *,
    write_key: str = "local",
    seed: int = 0,
    shop_dir: Path = ROOT / "shop",
    metrics: bool = False,
    parameters: Mapping[str, str] | None = None,
) -> Iterator[Cloud]:
    """The cloud with template.yaml in it; its `parameters` come before the shop's own.

    Raises ShopFileError, EmailError, CloudError.
    """
    shop_parameters = {name: str(value) for name, value in read_yaml(shop_dir / "parameters.yaml").items()}
    with TemporaryDirectory(prefix="homing-shop-") as built:
        build_shop(shop_dir, Path(built))
        compile_dir(built, quiet=2)  # as in the layer: what is compiled need not be at each cold start
        environment = {
            "SHOP_DIR": built,
            "POWERTOOLS_LOG_LEVEL": "WARNING",
            "POWERTOOLS_METRICS_DISABLED": str(not metrics).lower(),
        }
        with Cloud.deploy(
            ROOT / "template.yaml",
            timers=timers,
            parameters={**shop_parameters, **(parameters or {})},
            seed=seed,
            environment=environment,
            secrets={"WriteKeySecret": write_key, "SigningSecret": f"signing-{seed}"},
        ) as cloud:
            yield cloud
