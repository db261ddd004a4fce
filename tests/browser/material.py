"""What the browser tests work on: a small made-up seizure with all situations in it, another case, and a report.

Names, camera facts and report texts are as hostile as text can be; the pictures are noise and gradients.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from demo.files import write_jpeg
from demo.pictures import flat_picture, photo_like, resized
from hashsets.algorithms.pdq import pdq_both
from tests.cybertip_documents import delivered
from tests.integration.deployments import Deployment
from tests.made_videos import made_video

SIDES = (320, 240)
CASE, OTHER_CASE = "CASE-1", "CASE-2"
SCRIPT = "<script>window.struck=1</script>"
ACTING = '<b hx-get="/struck" hx-trigger="load" hx-sse:connect="/struck">'
QUOTES = "\"'><svg onload=window.struck=1>"
TURNED = "\u202egpj.eno\u2066"
HOSTILE_CASE = f"CASE {QUOTES}{SCRIPT}{ACTING}{TURNED}"
LONG = "long " * 20_000
_LEAST_KINDS = 4
"""Different bytes in a piece that is looked for."""
MARKS = ("window.struck", "hx-trigger")
"""What hostile text comes down to; it may stand in a page as text and nowhere else."""


@dataclass(frozen=True)
class Numbers:
    """Referrals, and items of the first: which number things got depends on the order of the work."""

    seizure: int
    other: int
    hostile: int
    reported: int
    unknown: int
    known: int
    centre: int
    member: int
    not_viewed: int
    elsewhere: int
    moving: int

    @classmethod
    def of(cls, deployment: Deployment) -> Numbers:
        """Those of a deployment that was worked through."""
        rows = deployment.rows("select submission_id, referral_id from referral_member")
        referrals = [referral for _, referral in sorted(rows)]
        found = dict(deployment.rows("select path, item_id from occurrence"))
        centre = dict(deployment.rows("select item_id, centre_id from look_alike"))[found[b"alike/0.jpg"]]
        member = next(found[b"alike/%d.jpg" % one] for one in range(3) if found[b"alike/%d.jpg" % one] != centre)
        ((not_viewed,),) = deployment.rows("select item_id from occurrence where viewed = 'no'")
        return cls(
            *referrals,
            unknown=found[b"series/DSC_0000.JPG"],
            known=found[b"known/1.jpg"],
            centre=centre,
            member=member,
            not_viewed=not_viewed,
            elsewhere=found[b"70.jpg"],
            moving=found[b"film.mp4"],
        )


NOTHING = Numbers(*[0] * 11)


@dataclass(frozen=True)
class Worked:
    """A deployment that has been through all of it, for cloning, and every picture's bytes that went in."""

    deployment: Deployment
    pictures: tuple[bytes, ...]
    numbers: Numbers

    def planted(self) -> re.Pattern[bytes]:
        """Finds a piece of any of the pictures, plainly or in Base64 at any offset."""
        pieces = set()
        for data in self.pictures:
            for start in range(len(data) // 3, len(data) - 64, max(1, len(data) // 5)):
                piece = data[start : start + 48]
                if len(set(piece)) < _LEAST_KINDS:
                    continue  # zeros and fillings of a film's tables
                pieces.add(re.escape(piece))
                pieces |= {re.escape(base64.b64encode(piece[skip : skip + 30])) for skip in range(3)}
        return re.compile(b"|".join(sorted(pieces)))


def make_worked(folder: Path) -> Worked:
    """Make the evidence, the sets and the deployment, and work it through."""
    evidence = folder / "evidence"
    known, near = _seizure(evidence / "E-1")
    _other(evidence / "E-2")
    _hostile(evidence / "E-3")
    _report(evidence / "report.zip")
    deployment = Deployment(folder / "data")
    deployment.done("init")
    _import_sets(deployment, folder, known, near)
    deployment.submit(evidence / "E-1", "E-1", "--preserve-until", "2026-12-24", case=CASE)
    deployment.submit(evidence / "E-2", "E-2", case=OTHER_CASE)
    deployment.submit(evidence / "E-3", f"E-3 {SCRIPT}{LONG}", case=HOSTILE_CASE)
    told = ("--kind", "hotline", "--country", "US", "--basis", "made-up statute 1")
    deployment.done("senders", "add", "clearing-house", *told)
    deployment.done("reports", "import", evidence / "report.zip", "--sender", "clearing-house", "--json")
    deployment.work()
    files = [path.read_bytes() for path in evidence.rglob("*") if path.is_file()]
    pictures = tuple(data for data in files if data.startswith(b"\xff\xd8") or data[4:8] == b"ftyp")
    return Worked(deployment, pictures, Numbers.of(deployment))


def _seizure(folder: Path) -> tuple[list[Path], list[int]]:
    """Known, near, a camera's series with places, look-alikes, a film, too poor, broken, an archive."""
    known = [folder / f"known/{number}.jpg" for number in (1, 2)]
    for number, path in enumerate(known):
        write_jpeg(path, photo_like(10 + number, *SIDES))
    near = [20, 21]
    for seed in near:
        write_jpeg(folder / f"near/{seed}.jpg", resized(photo_like(seed, *SIDES), 0.7), quality=70)
    for number in range(3):
        write_jpeg(
            folder / f"series/DSC_{number:04d}.JPG",
            photo_like(30 + number, *SIDES),
            camera=("SynthCam", "Model S"),
            serial="S-4711",
            taken=datetime(2026, 3, 9, 12, 0) + timedelta(minutes=3 * number),  # noqa: DTZ001 - a camera's own clock
            offset=420,
            place=(9.5, 100.9),
            maker_note=True,
        )
    for number, quality in enumerate((92, 70, 40)):
        write_jpeg(folder / f"alike/{number}.jpg", photo_like(40, *SIDES), quality=quality)
    (folder / "film.mp4").write_bytes(made_video(folder, sides=SIDES))
    write_jpeg(folder / "poor.jpg", flat_picture(50, *SIDES))
    (folder / "broken.jpg").write_bytes(b"\x00broken" * 20)
    with zipfile.ZipFile(folder / "pictures.zip", "w") as archive:
        write_jpeg(folder / "60.jpg", photo_like(60, *SIDES))
        archive.write(folder / "60.jpg", "inside/60.jpg")
        archive.writestr(f"inside/{QUOTES}\x01{TURNED}.txt", b"made up")
    return known, near


def _other(folder: Path) -> None:
    for seed in (70, 71):
        write_jpeg(folder / f"{seed}.jpg", photo_like(seed, *SIDES))


def _hostile(folder: Path) -> None:
    """Names and camera facts that a page would stumble over if it ever took text for more than text."""
    names = (
        f"{SCRIPT}.jpg",
        f"{ACTING.replace('/', '_')}.jpg",
        f"{QUOTES}.jpg",
        f"{TURNED}.jpg",
        "line\r\nX-Injected: yes\r\n\r\n.jpg",
        "{{ 7 * 7 }}{% raw %}.jpg",
    )
    for number, name in enumerate(names):
        write_jpeg(
            folder / name,
            photo_like(80 + number, *SIDES),
            camera=(f"{SCRIPT}{TURNED}", f"{QUOTES}{ACTING}"),
            serial=f"{QUOTES}-1",
            software=f"{ACTING}{SCRIPT}",
            taken=datetime(2026, 3, 10, 12, number),  # noqa: DTZ001 - a camera's own clock
            place=(9.6, 101.0),
        )
    with open(os.path.join(os.fsencode(folder), b"\xff\xfe\x1b[31m.jpg"), "wb") as file:  # noqa: PTH118, PTH123 - no text
        file.write((folder / names[0]).read_bytes() + b"\x00")


def _report(path: Path) -> None:
    """One that nobody at the provider opened, with hostile text wherever a provider may write."""
    data = path.parent / "reported.jpg"
    write_jpeg(data, photo_like(90, *SIDES))
    document = delivered(uploadedFiles={"uploadedFiles": [_file("reported.jpg", data.read_bytes())]})
    told = json.dumps(document).replace("made_up", "PLACE").replace("ExampleHost", "ESP").replace("user-1", "USER")
    for word, text in (("PLACE", f"{SCRIPT}{TURNED}"), ("ESP", f"{QUOTES}{ACTING}"), ("USER", f"{QUOTES}{SCRIPT}")):
        told = told.replace(word, json.dumps(text)[1:-1])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("report.json", told)
        archive.write(data, "reported.jpg")


def _file(name: str, data: bytes) -> dict[str, object]:
    return {
        "filename": name,
        "originalFilename": f"{QUOTES}{SCRIPT}.jpg",
        "viewedByEsp": False,
        "verificationHash": hashlib.md5(data).hexdigest(),
        "additionalInformations": [{"value": f"{SCRIPT}{ACTING}"}],
        "espMetadata": {"metadatas": [{"name": QUOTES, "value": SCRIPT}]},
    }


def _import_sets(deployment: Deployment, folder: Path, known: list[Path], near: list[int]) -> None:
    listed = [_entry(number, path.read_bytes()) for number, path in enumerate(known, start=1)]
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
    (folder / "known.json").write_text(json.dumps({"@odata.context": context, "value": listed}))
    values = [pdq_both(photo_like(seed, *SIDES))[1].value.hex() for seed in near]
    (folder / "near.txt").write_text("".join(f"pdq {value}\n" for value in values))
    for file, name in (("known.json", "synthetic-known"), ("near.txt", "synthetic-near")):
        deployment.done("hashsets", "import", folder / file, "--name", name, "--kind", "known")


def _entry(number: int, data: bytes) -> dict[str, object]:
    return {
        "MediaID": number,
        "Category": 1,
        "MD5": hashlib.md5(data).hexdigest().upper(),
        "SHA1": hashlib.sha1(data).hexdigest().upper(),
        "MediaSize": len(data),
        "VictimIdentified": False,
        "Series": f"{SCRIPT}{QUOTES}",
        "Tags": f"{ACTING}",
    }
