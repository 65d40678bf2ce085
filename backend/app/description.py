"""The interface's description of itself (OpenAPI): what Litestar knows, and how failures look."""

from typing import Any

from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from backend.app.failures import Failure

OWN_PAGES = ["/", "/openapi.json"]

_FAILURE = {
    "description": Failure.__doc__,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}},
}
_COME_BACK = {
    "Retry-After": {"description": "seconds", "schema": {"type": "string"}, "required": True}
}
_TEXT = {"type": "string"}
_SCHEMA = {
    "title": "Failure",
    "description": Failure.__doc__,
    "type": "object",
    "required": ["code", "message"],
    "properties": dict.fromkeys(Failure.__struct_fields__, _TEXT),
}


class Description(JsonRenderPlugin):
    """JSON, made when somebody asks for it."""

    def __init__(self) -> None:
        super().__init__(path=OWN_PAGES)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """Put what every operation may answer in place of the framework's own errors."""
        described = openapi_schema | {
            "paths": {
                path: {method: self._with_failures(operation) for method, operation in item.items()}
                for path, item in openapi_schema["paths"].items()
            },
            "components": {
                "schemas": _tuples(openapi_schema["components"]["schemas"]) | {"Failure": _SCHEMA}
            },
        }
        return super().render(request, described)

    @staticmethod
    def _with_failures(operation: dict[str, Any]) -> dict[str, Any]:
        good = {
            status: _as_sent(told)
            for status, told in operation["responses"].items()
            if status < "4"
        }
        failures = {"4XX": _FAILURE, "503": _FAILURE | {"headers": _COME_BACK}}
        return operation | {"responses": good | failures}


def _tuples(schema: Any) -> Any:
    """A tuple told by its length and what may stand in it: tools that read descriptions stumble
    over `prefixItems`.
    """
    if isinstance(schema, list):
        return [_tuples(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {key: _tuples(value) for key, value in schema.items()}
    places = told.pop("prefixItems", None)
    if places is None:
        return told
    return told | {"items": {"anyOf": places}, "minItems": len(places), "maxItems": len(places)}


def _as_sent(told: dict[str, Any]) -> dict[str, Any]:
    """Litestar takes 'no body' for JSON's null, and a stream of bytes for any JSON."""
    schemas = [content.get("schema") for content in told.get("content", {}).values()]
    if schemas == [{"type": "null"}]:
        return {key: value for key, value in told.items() if key != "content"}
    if schemas == [{}]:
        return told | {"content": {"*/*": {}}}
    return told
