"""API Gateway: HTTP APIs and their routes."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from local.cloud.errors import Unsupported
from local.cloud.http_api import Route
from local.cloud.resources.kinds import Identity, Kind, Properties
from local.cloud.template import STACK

if TYPE_CHECKING:
    from local.cloud.cloud import Cloud


def _api_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del properties
    api_id = re.sub(r"[^a-z0-9]", "", f"{STACK}{logical_id}".lower())[:20]
    return api_id, {"ApiId": api_id, "ApiEndpoint": f"https://{api_id}.execute-api.{region}.amazonaws.com"}


def _make_api(cloud: "Cloud", logical_id: str, properties: Properties) -> None:
    body = properties.get("Body")
    if body is None:
        raise Unsupported(f"{logical_id}: an HTTP API without a body")
    if unknown := sorted(set(body) - {"openapi", "info", "paths", "tags"}):
        raise Unsupported(f"{logical_id}: {', '.join(unknown)} in the API's body")
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            _add_route(cloud, logical_id, path, method, operation)


def _add_route(cloud: "Cloud", logical_id: str, path: str, method: str, operation: Properties) -> None:
    known = {"x-amazon-apigateway-integration", "responses", "parameters", "isDefaultRoute"}
    if unknown := sorted(set(operation) - known):
        raise Unsupported(f"{logical_id}: {', '.join(unknown)} of {method} {path}")
    integration = operation["x-amazon-apigateway-integration"]
    target = re.search(r"functions/(arn:[^/]+)/invocations", integration["uri"])
    if target is None or integration.get("payloadFormatVersion") != "2.0":
        raise Unsupported(f"{logical_id}: the integration of {method} {path} is no Lambda function with format 2.0")
    name = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
    function = cloud.functions.find(target[1])
    cloud.http_api(logical_id).add(Route(name, "$default" if path == "/$default" else path, function))


def _stage_identity(logical_id: str, region: str, properties: Properties) -> Identity:
    del logical_id, region
    return properties["StageName"], {}


KINDS: Final[Mapping[str, Kind]] = {
    "AWS::ApiGatewayV2::Api": Kind(
        _api_identity,
        _make_api,
        acts_on=frozenset({"Body"}),
        inert=frozenset({"Name", "Description", "FailOnWarnings", "DisableExecuteApiEndpoint", "ProtocolType"}),
    ),
    "AWS::ApiGatewayV2::Stage": Kind(
        _stage_identity, why="one stage, without throttling; the access log is not written"
    ),
}
