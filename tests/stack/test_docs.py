"""One source per fact: the reference, the schema and explain say what the models say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from click.testing import CliRunner
from pydantic.fields import FieldInfo

from homeport.cli import explain as explain_command
from homeport.cli import schema as schema_command
from homeport.errors import HomeportError
from homeport.stack.explain import explain, reference
from homeport.stack.keys import all_parts, example_text
from homeport.stack.load import examine
from homeport.stack.model import Stack
from homeport.stack.part import Part
from homeport.stack.schema import schema

ROOT = Path(__file__).parents[2]
WRONG = ROOT / "tests" / "wrong"
EXAMPLES = sorted(ROOT.glob("examples/*/homeport.yaml"))
KEYS = [(part, key) for part in all_parts() for key in part.model_fields]


def test_the_reference_is_what_the_models_say() -> None:
    assert (ROOT / "docs" / "reference.md").read_text() == reference(), (
        "python -m homeport.stack.reference > docs/reference.md"
    )


def test_explain_prints_the_same_reference() -> None:
    assert CliRunner().invoke(explain_command.command, ["--markdown"]).output == reference()


@pytest.mark.parametrize(("part", "key"), KEYS, ids=lambda value: getattr(value, "__name__", value))
def test_every_key_has_a_description_and_an_example_that_is_right(part: Any, key: str) -> None:
    field = part.model_fields[key]
    assert field.description
    assert part.model_validate({**required(part), **typed(key, field)})


def typed(key: str, field: FieldInfo) -> dict[str, Any]:
    """A key's example, as text."""
    found: dict[str, Any] = yaml.load(example_text(key, field), Loader=yaml.BaseLoader)
    return found


def required(part: type[Part]) -> dict[str, Any]:
    """Examples of the keys that must be there."""
    fields = part.model_fields.items()
    return {key: typed(key, field)[key] for key, field in fields if field.is_required()}


@pytest.mark.parametrize(("part", "key"), KEYS, ids=lambda value: getattr(value, "__name__", value))
def test_the_schema_takes_every_example(part: Any, key: str) -> None:
    whole = schema()
    about = whole if part is Stack else whole["$defs"][part.__name__]
    entry = about.get("properties") or about["anyOf"][1]["properties"]
    example = yaml.safe_load(example_text(key, part.model_fields[key]))
    jsonschema.validate(example[key], {"$defs": whole["$defs"], **entry[key]})
    assert entry[key]["description"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_schema_takes_the_examples(path: Path) -> None:
    jsonschema.Draft202012Validator(schema()).validate(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_examples_pass_check_and_use_nothing_that_is_not_there_yet(path: Path) -> None:
    assert examine(path).problems == ()


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = [
    pytest.param(block, id=f"{path.name}-{at}")
    for path in PAGES
    for at, block in enumerate(re.findall(r"^```yaml\n(homeport: 1\n.*?)^```", path.read_text(), re.M | re.S))
]


@pytest.mark.parametrize("block", SHOWN)
def test_a_whole_stack_that_a_page_shows_passes_check(block: str, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "homeport.yaml").write_text(block)
    assert examine(tmp_path / "homeport.yaml").problems == ()


@pytest.mark.parametrize(
    "name", ["prot", "wrong_kinds", "unknown_top_key", "domain_syntax", "csp_quotes", "volumes", "sizes"]
)
def test_the_schema_refuses_what_check_refuses(name: str) -> None:
    validator = jsonschema.Draft202012Validator(schema())
    assert list(validator.iter_errors(yaml.safe_load((WRONG / f"{name}.yaml").read_text())))


def test_the_schema_is_a_schema() -> None:
    printed = json.loads(CliRunner().invoke(schema_command.command).output)
    jsonschema.Draft202012Validator.check_schema(printed)
    assert printed == schema()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("", "homeport.yaml: The whole file."),
        ("services", "services.NAME: One program of yours"),
        ("services.health", "Short form: health: /health/ready"),
        ("services.web.health.start", "Default: 60s"),
        ("services.memory", "Default: 512M"),
        ("environments.local.env", "Example: env: {LOG_LEVEL: info}"),
        ("environments.domain", "It must be there."),
        ("edge.routes.strip", "Example: strip: true"),
    ],
)
def test_explain(asked: str, words: str) -> None:
    assert words in explain(asked)


@pytest.mark.parametrize(
    ("asked", "near"), [("services.helth", "health"), ("service", "services"), ("edge.route", "routes")]
)
def test_explain_what_does_not_exist(asked: str, near: str) -> None:
    with pytest.raises(HomeportError) as raised:
        explain(asked)
    assert raised.value.hint == f'did you mean "{near}"?'
