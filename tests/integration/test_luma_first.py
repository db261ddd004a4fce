"""A seizure examined by luma first is answered as by exact decoding, whenever sets come and whatever is killed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.drawn_pages import text_page
from demo.pictures import photo_like
from hashsets.algorithms.pdq import pdq_full, pdq_ref512
from tests.integration.deployments import Deployment, Facts, finish
from tests.integration.test_kill import wait_until

SIDES = (1200, 900)
EXACTLY = {"TRIAGE_EXAMINE__LUMA_FIRST": "false"}


@pytest.fixture(scope="module")
def seizure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large JPEGs: copies in other forms of listed pictures, strangers, a page, and a small one."""
    folder = tmp_path_factory.mktemp("large")
    for seed in range(4):
        image = Image.fromarray(photo_like(seed, *SIDES))
        image.save(folder / f"{seed}-again.jpg", quality=60)
        image.transpose(Image.Transpose.ROTATE_90).save(folder / f"{seed}-turned.jpg", quality=80)
    for seed in range(100, 104):
        Image.fromarray(photo_like(seed, *SIDES)).save(folder / f"{seed}.jpg", quality=80)
    Image.fromarray(text_page(1)).save(folder / "page.jpg", quality=80)
    Image.fromarray(photo_like(200, 300, 200)).save(folder / "small.jpg", quality=80)
    return folder


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two originals in either profile, one of them as far as the reach allows, and the page."""
    lines = []
    for seed, take, bits in ((0, pdq_full, 0), (1, pdq_ref512, 0), (2, pdq_full, 25), (3, pdq_ref512, 25)):
        value = np.unpackbits(np.frombuffer(take(photo_like(seed, *SIDES)).value, np.uint8))
        value[np.random.default_rng(seed).choice(256, bits, replace=False)] ^= 1
        lines.append(f"pdq {np.packbits(value).tobytes().hex()}\n")
    lines.append(f"pdq {pdq_full(text_page(1)).value.hex()}\n")
    path = tmp_path_factory.mktemp("listed") / "listed.txt"
    path.write_text("".join(lines))
    return path


@pytest.fixture(scope="module")
def exactly(tmp_path_factory: pytest.TempPathFactory, seizure: Path, listed: Path) -> Facts:
    """What exact decoding says of it."""
    deployment = Deployment(tmp_path_factory.mktemp("exactly"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in EXACTLY.items():
            patch.setenv(name, value)
        deployment.done("init")
        import_listed(deployment, listed)
        deployment.submit(seizure, "E")
        deployment.work()
    assert not estimates(deployment)
    return deployment.facts()


def import_listed(deployment: Deployment, listed: Path) -> None:
    deployment.done("hashsets", "import", listed, "--name", "listed", "--kind", "known")


def estimates(deployment: Deployment) -> list[int]:
    """Items that have no exact value of their picture."""
    rows = deployment.rows(
        "SELECT item_id FROM fingerprint WHERE subject = 'main' AND algorithm = 'pdq'"
        " GROUP BY item_id HAVING sum(profile IN ('pdq-full', 'pdq-ref512')) = 0"
    )
    return [item_id for (item_id,) in rows]


def assert_the_same(found: Facts, exactly: Facts) -> None:
    assert found.outcomes == exactly.outcomes
    assert found.matches == exactly.matches
    assert found.look_alikes == exactly.look_alikes
    assert found.notes == exactly.notes


def test_every_answer_and_match_is_that_of_exact_decoding(
    deployment: Deployment, seizure: Path, listed: Path, exactly: Facts
) -> None:
    """Only the strangers were spared the exact decode; copies in both profiles were found by it."""
    import_listed(deployment, listed)
    deployment.submit(seizure, "E")
    deployment.work()
    assert sorted(exactly.outcomes.values()).count("near") == 8
    assert_the_same(deployment.facts(), exactly)
    assert len(estimates(deployment)) == 4
    deployment.assert_audit_is_clean()


def test_a_set_that_comes_later_leads_to_the_same(
    deployment: Deployment, seizure: Path, listed: Path, exactly: Facts
) -> None:
    """A re-match looks closer where estimates cannot say, and is finished when all is answered."""
    deployment.submit(seizure, "E")
    deployment.work()
    assert len(estimates(deployment)) > 8  # copies of listed pictures among them
    import_listed(deployment, listed)
    deployment.work()
    found = deployment.facts()
    assert_the_same(found, exactly)
    (run,) = deployment.done("rematch", "--list", "--json").json
    assert run["finished_at"]
    assert run["result"]["changes"] == {"unknown>near": 8, "unknown>too-poor": 1}
    deployment.assert_audit_is_clean()


@pytest.mark.parametrize("after", ["pdq-luma", "pdq-full"])
def test_killed_between_the_looks_it_comes_to_the_same(
    deployment: Deployment, seizure: Path, listed: Path, exactly: Facts, after: str
) -> None:
    """As soon as the first estimates, or the first exact values, are on record."""
    import_listed(deployment, listed)
    deployment.submit(seizure, "E")
    worker = deployment.start("work", "--threads", "1", env=dict(os.environ))
    query = "SELECT 1 FROM fingerprint WHERE profile = ? LIMIT 1"
    wait_until(lambda: bool(deployment.rows(query, after)), worker)
    worker.kill()
    finish(worker)
    deployment.work()
    assert_the_same(deployment.facts(), exactly)
    assert deployment.rows("SELECT DISTINCT state FROM job") == [("done",)]
    deployment.assert_audit_is_clean()
