"""Whatever a compose file holds, init ends with a Draft or with words for a person, never with a traceback."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from homeport.errors import HomeportError, StackError
from homeport.importer.convert import convert
from homeport.importer.finding import Findings
from homeport.importer.folder import Folder
from homeport.importer.keys import TABLE
from homeport.importer.project import read
from homeport.stack.load import load

KEYS = sorted(
    {
        *TABLE,
        "image",
        "build",
        "command",
        "entrypoint",
        "user",
        "read_only",
        "tmpfs",
        "stop_grace_period",
        "mem_limit",
    }
    | {
        "cpus",
        "scale",
        "deploy",
        "volumes",
        "network_mode",
        "extra_hosts",
        "environment",
        "env_file",
        "ports",
    }
    | {
        "expose",
        "healthcheck",
        "depends_on",
        "secrets",
        "labels",
        "profiles",
        "extends",
        "configs",
        "x-a",
        "typo",
    }
)
SHAPES = (
    "",
    "~",
    "5",
    "-1",
    "1e999",
    "true",
    '""',
    "' '",
    "a:b:c:d",
    '"${"',
    '"${A"',
    '"${A:-${B:-${C}}}"',
    '"$"',
    "/",
    "..",
    "'*'",
    "é∆",
    '"a\\nb"',
    '"\'"',
    "{}",
    "[]",
    "[[]]",
    "[{}]",
    "[~]",
    "[5, {a: b}]",
    "{a: ~}",
    "{a: {b: [c]}}",
    "{test: [], target: 0, source: {}}",
    "{context: {}, args: [x, y=z], target: [], dockerfile: ''}",
    "{limits: 3, resources: {limits: {memory: x, cpus: y}, reservations: []}, replicas: many}",
    "[{type: bind}, {type: volume, target: relative}, {target: 99999999}]",
    "[x, x, x]",
)
DOCUMENTS = (
    "",
    "just text",
    "[1, 2]",
    "services:",
    "services: []",
    "services: web",
    "services: {}",
    "services: {web: }",
    "services: {web: 5}",
    "services: {'': {image: a:1}}",
    "services: {../x: {image: a:1}, ÄÖ: {image: b:1}, 123: {image: c:1}}",
    "services: {web: {image: a:1}}\nvolumes: 5\nnetworks: [a]\nsecrets: x\nconfigs: {a: {file: {}}}\ninclude: {a: b}",
    "services: {web: {image: a:1}}\ninclude: [compose.yaml]",
    "services: {a: {extends: b}, b: {extends: {service: a, file: compose.yaml}}}",
    "services: {a: {extends: {service: b, file: ../../../etc/passwd}}}",
    "services: {a: {image: x:1, depends_on: [b]}, b: {image: y:1, depends_on: [a]}}",
    "a: &a [*a]",
    "services: &s {web: {image: a:1, x: *s}}",
    "services: {web: {image: !!python/object:os.system x}}",
    "services:\n\tweb: {}",
    "\x00\x01",
    "services: {web: {image: a:1}}\n---\nservices: {}",
    "services: {" + ", ".join(f"s{n}: {{image: 'a:1', ports: ['80:80']}}" for n in range(200)) + "}",
    "x: " + "[" * 60 + "]" * 60,
    "services: {app: {image: a:1}, app-blue: {image: a:1}, nginx: {image: a:1}, a_b: {image: a:1}, a-b: {image: b:1}}",
)


def survives(folder: Path, text: str) -> bool:
    """Whether a Draft came of it; any other end than words for a person fails the test."""
    (folder / "compose.yaml").write_text(text)
    try:
        draft = convert(Folder(folder), ("compose.yaml",))
    except HomeportError as fault:
        assert fault.message
        return False
    target = folder / "homeport.yaml"
    target.write_text(draft.text)
    try:
        load(target)
    except StackError as fault:
        assert "not YAML" not in fault.message
        assert draft.findings
    return True


@pytest.mark.parametrize("key", KEYS)
def test_any_shape_of_any_key(key: str, tmp_path: Path) -> None:
    for shape in SHAPES:
        assert survives(
            tmp_path,
            f"services:\n  web:\n    image: a:1\n    {key}: {shape}\n  db: {{image: 'postgres:17'}}\n",
        )


@pytest.mark.parametrize(
    "role", ["postgres:16", "rabbitmq:3", "nginx:1", "traefik:3", "redis:7", "mysql:8", "mailhog:1"]
)
def test_any_shape_in_any_role(role: str, tmp_path: Path) -> None:
    for key in KEYS:
        for shape in SHAPES[::6]:
            if key != "image":
                survives(
                    tmp_path,
                    f"services:\n  it:\n    image: {role}\n    {key}: {shape}\n  web: {{image: 'a:1'}}\n",
                )


@pytest.mark.parametrize("text", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_odd_documents(text: str, tmp_path: Path) -> None:
    survives(tmp_path, text)


def test_damaged_files(tmp_path: Path) -> None:
    """Files of the cases with bytes taken out, put in and doubled; the seed is fixed."""
    dice = random.Random(7)
    texts = [p.read_text() for p in sorted((Path(__file__).parent / "cases").glob("*/*compose*.y*ml"))]
    for _ in range(300):
        text = dice.choice(texts)
        at = dice.randrange(len(text))
        damage = dice.choice(["", "{", "]", ":", "\n", "  ", "&a ", "*a", "${", '"', text[at : at + 9] * 2])
        survives(tmp_path, text[:at] + damage + text[at + dice.randrange(4) :])


def test_every_key_of_every_service_has_a_finding() -> None:
    """Nothing is dropped in silence: each line of a service that has a key is named by a finding."""
    for case in sorted((Path(__file__).parent / "cases").glob("*/*compose.y*ml")):
        folder, files = Folder(case.parent), (case.name,)
        draft = convert(folder, files)
        said = {(finding.place.file, finding.place.line) for finding in draft.findings}
        paths = [finding.path for finding in draft.findings]
        out = {
            f.path.split(".")[1]
            for f in draft.findings
            if re.fullmatch(r"services\.[^.]+(\.profiles)?", f.path)
        }
        for name, service in read(folder, files, Findings()).services.items():
            for key, value in (service.entries or {}).items():
                named = any(path.startswith(f"services.{name}.{key}") for path in paths)
                left_out = name in out and f"  {name}:\n" not in draft.text
                assert named or left_out or (value.place.file, value.place.line) in said, (case, name, key)
