"""The one error format of the API, and what turns every kind of failure into it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from coachlib.context import correlation_id

log = logging.getLogger("coachlib.errors")

_CODES = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    422: "validation",
    429: "too_many_requests",
    500: "internal",
    502: "bad_gateway",
    503: "unavailable",
}


class ApiError(Exception):
    """Raise it in a request to answer with `status`. `fields` maps a field name to what is wrong with it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})


def error_response(
    status: int,
    message: str,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The answer for a failure, in the format of the API."""
    error: dict[str, object] = {"code": _CODES.get(status, "error"), "message": message}
    if fields:
        error["fields"] = dict(fields)
    body = {"error": error, "correlation_id": correlation_id.get()}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def unavailable(message: str = "The service is not available right now.") -> JSONResponse:
    """503, worth another try in a moment."""
    return error_response(503, message, headers={"Retry-After": "2"})


async def _api_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return error_response(error.status, error.message, error.fields, error.headers)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return error_response(error.status_code, str(error.detail), headers=error.headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return error_response(400, "The body is not valid JSON.")
    fields = {_field_name(problem["loc"]): str(problem["msg"]) for problem in problems}
    return error_response(422, "The request has fields that are not valid.", fields)


def _field_name(place: tuple[object, ...]) -> str:
    # The first part only says where the field was (body, query, path).
    return ".".join(str(part) for part in place[1:]) or str(place[0])


def add_error_handlers(app: FastAPI) -> None:
    """Make `app` answer every failure in the format of the API."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
