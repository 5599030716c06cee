"""What pydantic finds wrong with a params file, said in the file's own words and lines."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from analytics.errors import ParamsError, nearest
from analytics.params.document import Document, Location, Problem, quoted, refuse

Model = TypeVar("Model", bound=BaseModel)


class ParamsModel(BaseModel):
    """Base of all params: immutable, and a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)


def validated(model: type[Model], document: Document, *, context: Any = None) -> Model:
    """Read a document into a model.

    Parameters
    ----------
    model : type of BaseModel
        The model of the whole document.
    document : Document
        What the file says.
    context : object, optional
        Handed to the model's validators.

    Returns
    -------
    BaseModel
        The typed params.

    Raises
    ------
    ParamsError
        If anything is wrong: every thing at once, each with file, line and key.
    """
    if not isinstance(document.data, dict):
        refuse(
            [document.problem((), f"a mapping of keys to values is needed here, not {quoted(document.data)}")]
        )
    try:
        return model.model_validate(document.data, context=context)
    except ValidationError as error:
        refuse(problems_of(error, model, document))
        raise


def problems_of(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Translate pydantic's findings into problems with lines.

    Parameters
    ----------
    error : pydantic.ValidationError
        What pydantic found.
    model : type of BaseModel
        The model that was read, to know which keys are allowed where.
    document : Document
        Where it was read from.

    Returns
    -------
    list of Problem
        One for each finding.
    """
    found = []
    for item in error.errors(include_url=False):
        if item["type"] == "too_short" and item["input"]:
            continue  # there are items, and what is wrong with them is said below
        where = _in_file(tuple(item["loc"]), document.data)
        found.append(document.problem(where, _message(item, where, model, document)))
    return found


def fail(message: str) -> NoReturn:
    """Refuse a value inside a pydantic validator.

    Raises
    ------
    ValueError
        With the message, which pydantic collects with its place.
    """
    raise ValueError(message)


def _message(item: Mapping[str, Any], where: Location, model: type[BaseModel], document: Document) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        allowed = _keys_at(model, where[:-1])
        return f"unknown key{nearest(str(where[-1]), allowed)}; allowed: {', '.join(allowed)}"
    if kind == "missing":
        return "this key is needed and is not there"
    given = "a value that is kept secret" if document.is_secret(where) else quoted(item["input"])
    if kind == "value_error":
        return str(context["error"])
    if kind in {"literal_error", "enum"}:
        hint = nearest(
            str(item["input"]), str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        )
        return f"{given} is not allowed{hint}; allowed: {context['expected']}".replace("'", '"')
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return f"a mapping of keys to values is needed here, not {given}"
    if kind in {"list_type", "tuple_type"}:
        return f"a list is needed here, not {given}"
    if kind == "string_type":
        return f"a text is needed here, not {given}; put it between quotes"
    if kind.startswith("bool"):
        return f"true or false is needed here, not {given}"
    if kind.startswith("int"):
        return f"a whole number is needed here, not {given}"
    if kind.startswith("float"):
        return f"a number is needed here, not {given}"
    if kind.startswith("date"):
        return f"a date such as 2026-10-31 is needed here, not {given}"
    said = str(item["msg"])
    return f"{said[0].lower()}{said[1:]}, not {given}".replace("input should", "the value should")


def _in_file(where: Location, data: Any) -> Location:
    """Leave out of pydantic's location what is no key of the file: names of union members."""
    found: list[str | int] = []
    for position, part in enumerate(where):
        last = position == len(where) - 1
        if isinstance(data, dict) and (part in data or last):
            found.append(part)
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            found.append(part)
            data = data[part]
    return tuple(found)


def _keys_at(model: type[BaseModel], where: Location) -> list[str]:
    """Return the keys that are allowed at a place, in the order of the models."""
    kinds: list[Any] = [model]
    for part in where:
        kinds = [inner for kind in kinds for inner in _inside(kind, part)]
    return list(dict.fromkeys(key for kind in kinds for key in _fields(kind)))


def _inside(kind: Any, part: str | int) -> list[Any]:
    """Return the models that may stand under one key or index of a type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = _fields(kind)
        return _models(fields[part]) if isinstance(part, str) and part in fields else []
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is None or not arguments:
        return []
    return _models(arguments[-1] if issubclass(origin, Mapping) else arguments[0])


def _models(annotation: Any) -> list[Any]:
    """Unfold Annotated and unions into the types they allow."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _models(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [kind for member in typing.get_args(annotation) for kind in _models(member)]
    return [annotation]


def _fields(kind: Any) -> dict[str, Any]:
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return {}
    return {(info.alias or name): info.annotation for name, info in kind.model_fields.items()}


__all__ = ["ParamsError", "ParamsModel", "fail", "problems_of", "validated"]
