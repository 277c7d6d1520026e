"""The words of the language parse what people type, and refuse what only looks like it."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from homeport.stack import words


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        ("512M", 512 * 1024**2),
        ("1G", 1024**3),
        ("1.5G", 1536 * 1024**2),
        ("10MiB", 10 * 1024**2),
        ("64k", 65536),
        ("1048576", 1048576),
        ("5 B", 5),
        (7, 7),
    ],
)
def test_sizes(typed: object, size: int) -> None:
    assert words.parse_size(typed) == size


@pytest.mark.parametrize("typed", ["", "M", "1X", "-1", "1G2", "1_000", "0x10", True, [1]])
def test_not_sizes(typed: object) -> None:
    with pytest.raises(ValueError, match="size"):
        words.parse_size(typed)


@pytest.mark.parametrize("size", [1, 1023, 1024, 65536, 512 * 1024**2, 3 * 1024**3, 1024**4])
def test_size_text_is_read_back(size: int) -> None:
    assert words.parse_size(words.size_text(size)) == size


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("10s", 10.0),
        ("1m30s", 90.0),
        ("500ms", 0.5),
        ("24h", 86400.0),
        ("1d", 86400.0),
        ("1.5m", 90.0),
        (3, 3.0),
    ],
)
def test_durations(typed: object, seconds: float) -> None:
    assert words.parse_duration(typed) == seconds


@pytest.mark.parametrize("typed", ["", "10", "s", "ten seconds", "10s later", "-1s", True, ["1s"]])
def test_not_durations(typed: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        words.parse_duration(typed)


@pytest.mark.parametrize("seconds", [0.0, 0.25, 1.0, 90.0, 3600.0, 86400.0, 5400.0])
def test_duration_text_is_read_back(seconds: float) -> None:
    assert words.parse_duration(words.duration_text(seconds)) == seconds


@pytest.mark.parametrize("typed", ["", "08", "0o10", "0x50", "1_000", "1.0", "1e3", "１", " 1", "+1", True])
def test_not_whole_numbers(typed: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        words.parse_whole(typed)


@pytest.mark.parametrize("typed", ["yes", "no", "on", "off", "1", "0", "y", ""])
def test_flags_are_true_or_false_only(typed: str) -> None:
    with pytest.raises(ValueError, match="true or false"):
        words.parse_flag(typed)


def test_words_are_split_as_a_shell_does() -> None:
    assert words.parse_words("sh -c 'echo \"a b\"'") == ("sh", "-c", 'echo "a b"')


# What would break out of its place in nginx.conf, a compose file, an ssh call or a shell.
BREAKOUTS = [
    "a;b",
    "a b",
    "a\nb",
    "a\n",
    "a\rb",
    "a{b",
    "a}b",
    "a$b",
    "a\\b",
    'a"b',
    "a'b",
    "a`b",
    "a#b",
    "-a",
    "a\0",
    "a|b",
]
RENDERED = [
    "Name",
    "Identifier",
    "EnvName",
    "HttpPath",
    "Domain",
    "Host",
    "Image",
    "MountPath",
    "User",
    "Stage",
]


@pytest.mark.parametrize("word", RENDERED)
@pytest.mark.parametrize("breakout", BREAKOUTS)
def test_no_word_breaks_out(word: str, breakout: str) -> None:
    breakout = breakout if breakout == "-a" else f"a{breakout}b"
    adapter: TypeAdapter[str] = TypeAdapter(getattr(words, word))
    for typed in (
        breakout,
        f"/{breakout}",
        f"{breakout}.example.com",
        f"deploy@{breakout}",
        f"web:{breakout}",
    ):
        if typed == "/-a" and word in ("HttpPath", "MountPath"):
            continue
        with pytest.raises(ValidationError):
            adapter.validate_python(typed)


@pytest.mark.parametrize("typed", ['x"', "x$uri", "x\\", "x{", "x}", "x\ny", "x\r", "x\t", ""])
def test_no_header_breaks_out(typed: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(words.HeaderValue).validate_python(typed)


@pytest.mark.parametrize("typed", ["..", "../a", "a/../b", "a/..", "/etc", "-x", "a\nb", ""])
def test_no_folder_leaves_the_project(typed: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(words.Folder).validate_python(typed)


@pytest.mark.parametrize("typed", [".", "a", "a/b", "./a", "a..b", "my app"])
def test_folders(typed: str) -> None:
    assert TypeAdapter(words.Folder).validate_python(typed) == typed


@pytest.mark.parametrize(
    "typed",
    [
        "web:1",
        "axllent/mailpit:v1.21",
        "registry.example:5000/team/web_app:1.0-rc.1",
        f"web@sha256:{'0' * 64}",
        f"a.b/c:1@sha256:{'f' * 64}",
        "web",
    ],
)
def test_images(typed: str) -> None:
    assert TypeAdapter(words.Image).validate_python(typed) == typed
