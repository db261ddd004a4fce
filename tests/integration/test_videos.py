"""Videos through the pipeline: known ones close unseen, others are open on facts, and no two are look-alikes."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from PIL import Image

from tests.integration.deployments import Deployment
from tests.made_videos import made_video
from triage.domain.items import Outcome


def test_what_becomes_of_videos(tmp_path: Path) -> None:
    """Known by bytes, unknown with the same opening, in an archive, called a picture, broken; an animation beside."""
    evidence = tmp_path / "E-1"
    evidence.mkdir()
    known, like_it = made_video(tmp_path, frames=60), made_video(tmp_path, frames=80)
    (evidence / "known.mp4").write_bytes(known)
    (evidence / "same-opening.mp4").write_bytes(like_it)
    (evidence / "renamed.jpg").write_bytes(made_video(tmp_path, "webm"))
    (evidence / "broken.mp4").write_bytes(known[:40] + bytes(5000))
    with zipfile.ZipFile(evidence / "films.zip", "w") as archive:
        archive.writestr("inside/film.avi", made_video(tmp_path, "avi"))
    frames = [Image.new("RGB", (64, 48), (grey, 40, 90)) for grey in (10, 90, 200)]
    frames[0].save(evidence / "moving.gif", save_all=True, append_images=frames[1:])
    deployment = Deployment(tmp_path / "data")
    deployment.done("init")
    (tmp_path / "known.txt").write_text(f"sha256 {hashlib.sha256(known).hexdigest()}\n")
    deployment.done("hashsets", "import", tmp_path / "known.txt", "--name", "made-up", "--kind", "known")
    deployment.submit(evidence, "E-1")
    deployment.work()
    rows = deployment.rows(
        "select o.path, i.kind, i.outcome, i.closed_because from occurrence o join item i on i.id = o.item_id"
    )
    answers = {path.rpartition(b"/")[2].decode(): (kind, outcome, closed) for path, kind, outcome, closed in rows}
    assert answers.pop("films.zip")[:2] == ("container", "container")
    assert answers.pop("moving.gif")[0] == "raster"
    assert answers == {
        "known.mp4": ("video", Outcome.KNOWN, "exact match: known"),
        "same-opening.mp4": ("video", Outcome.TOO_POOR, None),
        "renamed.jpg": ("video", Outcome.TOO_POOR, None),
        "film.avi": ("video", Outcome.TOO_POOR, None),
        "broken.mp4": ("video", Outcome.UNDECODABLE, None),
    }
    formats = deployment.rows("select format, frames from raster where seconds is not null")
    assert sorted(formats) == [("avi", 90), ("matroska", 90), ("mp4", 60), ("mp4", 80)]
    assert deployment.rows("select count(*) from look_alike") == [(0,)]
    moving = "select count(*) from fingerprint f join item i on i.id = f.item_id where i.kind = 'video'"
    assert deployment.rows(moving) == [(0,)]
    notes = deployment.rows("select code, count(*) from processing_note group by code")
    assert dict(notes)["video-not-compared"] == 4
    assert dict(notes)["type-disagrees"] == 1
