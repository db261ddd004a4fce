"""A set of a single PDQ value meets one picture in every form in which it may come."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo.files import PICTURE_KINDS, write_picture
from demo.pictures import Raster, photo_like
from hashsets.algorithms.pdq import pdq_full
from tests.integration.deployments import Deployment

TURNED = {
    "turned": np.rot90,
    "upside-down": lambda raster: np.rot90(raster, 2),
    "mirrored": np.fliplr,
    "transposed": lambda raster: raster.swapaxes(0, 1),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """File name → answer, of one picture in many forms and of one that is another."""
    folder = tmp_path_factory.mktemp("one-entry")
    seizure = folder / "seizure"
    seizure.mkdir()
    raster = photo_like(77, 640, 480)
    for kind in PICTURE_KINDS:
        write_picture(seizure / kind, raster, kind)
    for name, turn in TURNED.items():
        turned: Raster = np.ascontiguousarray(turn(raster))
        write_picture(seizure / name, turned, "webp")
    write_picture(seizure / "another", photo_like(78, 640, 480), "webp")
    listed = folder / "one.txt"
    listed.write_text(f"pdq {pdq_full(raster).value.hex()}\n", encoding="ascii")
    deployment = Deployment(folder / "deployment")
    deployment.done("init")
    deployment.done("hashsets", "import", listed, "--name", "one", "--kind", "known")
    deployment.submit(seizure, "EXH-1")
    deployment.work()
    rows = deployment.rows("SELECT path, outcome FROM occurrence JOIN item ON item.id = item_id")
    return {Path(path.decode()).stem: outcome for path, outcome in rows}


@pytest.mark.parametrize("name", [*PICTURE_KINDS, *TURNED])
def test_every_form_of_the_picture_is_near(outcomes: dict[str, str], name: str) -> None:
    """Palette, ink, one bit, sixteen bits, transparency, turned and mirrored: peers miss most of them silently."""
    assert outcomes[name] == "near"


def test_another_picture_is_not(outcomes: dict[str, str]) -> None:
    """Nor is anything else left."""
    assert outcomes["another"] == "unknown"
    assert len(outcomes) == len(PICTURE_KINDS) + len(TURNED) + 1
