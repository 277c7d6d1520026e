"""Which layers travel: those that the host lacks, and those that lie on others there."""

import gzip
import io
import tarfile

from homeport.engine import ship
from homeport.engine.images import Image

BASE, PYTHON, APP, OTHER = (f"sha256:{digit * 64}" for digit in "1234")


def test_layers_in_the_same_chain_stay_here() -> None:
    there = {(BASE,), (BASE, PYTHON)}
    found = ship._layers([(BASE, PYTHON, APP)], there)
    assert found.there == {BASE, PYTHON} and found.all == {BASE, PYTHON, APP}


def test_a_layer_on_other_ground_travels() -> None:
    """The engine knows a layer by what lies below it as well."""
    there = {(BASE,), (BASE, PYTHON)}
    found = ship._layers([(BASE, PYTHON, APP), (OTHER, PYTHON)], there)
    assert found.there == {BASE}


def test_the_same_image_in_two_kinds_of_store() -> None:
    mine = Image("sha256:config", (BASE, APP), "2026-01-01T00:00:00Z")
    assert mine.same(Image("sha256:manifest", (BASE, APP), "2026-01-01T00:00:00Z"))
    assert not mine.same(Image("sha256:manifest", (BASE, APP), "2026-01-02T00:00:00Z"))


def archive(names: list[str]) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = len(name)
            tar.addfile(entry, io.BytesIO(name.encode()))
    packed.seek(0)
    return packed


def test_the_archive_keeps_everything_but_what_is_there() -> None:
    names = [f"blobs/sha256/{layer.removeprefix('sha256:')}" for layer in (BASE, APP)] + ["manifest.json"]
    wire = io.BytesIO()
    counter, notes = ship._Counter(wire), list[str]()
    layers = ship._Layers(frozenset({BASE}), frozenset({BASE, APP}))
    assert ship._filter(archive(names), counter, layers, notes.append) == 1
    assert counter.count == len(wire.getvalue()) and notes == ["layer 1, 0.1 kB"]
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(wire.getvalue()))) as tar:
        assert tar.getnames() == names[1:]


def test_what_docker_save_complained_of_is_told() -> None:
    fault = ship._not_saved(io.BytesIO(b"Error response from daemon: reference does not exist\n"))
    assert fault.details == "Error response from daemon: reference does not exist"
    assert "nothing was changed on the host" in fault.message and fault.hint
