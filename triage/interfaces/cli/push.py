"""`triage push`: a unit sends a seizure to another deployment."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from triage.domain.errors import Refused, Unavailable
from triage.domain.legal import Handling

from .app import Json, app
from .output import console, print_json, progress, size
from .submit import found_source

_LONGEST_KEY = 200


@app.command()
def push(
    path: Annotated[Path, typer.Argument(help="A folder, or a single file.")],
    to: Annotated[str, typer.Option(help="Where to: https://HOST[:PORT].")],
    case: Annotated[str, typer.Option(help="Case reference.")],
    exhibit: Annotated[str, typer.Option(help="Exhibit reference.")],
    key_file: Annotated[
        Path, typer.Option(help="File with the key that you were given, mode 0600; - for standard input.")
    ],
    *,
    basis: Annotated[str, typer.Option(help="Lawful basis, where it is not the one agreed for your unit.")] = "",
    label: Annotated[str, typer.Option(help="Name of the source, to go on with the same push.")] = "",
    handling: Annotated[list[Handling] | None, typer.Option(help="Europol handling code; may be repeated.")] = None,
    may_share_with: Annotated[
        list[str] | None, typer.Option(help="Country or agency it may be passed on to; may be repeated.")
    ] = None,
    parallel: Annotated[int, typer.Option(min=1, max=64, help="Requests at once.")] = 4,
    reread: Annotated[bool, typer.Option("--reread", help="Digest every file, also what looks unchanged.")] = False,
    ca_file: Annotated[Path | None, typer.Option(help="Certificates to trust (PEM) instead of the system's.")] = None,
    allow_http: Annotated[bool, typer.Option("--allow-http", help="Send unencrypted to another machine.")] = False,
    patience: Annotated[float, typer.Option(min=0, help="Seconds without progress before giving up.")] = 600.0,
    as_json: Json = False,
) -> None:
    """Send a seizure to another deployment, sealed there. Interrupted? Run it again: what arrived is not sent twice.

    Names need not be text. Where both sides list the same files in the end, the far end has received it whole.
    """
    from triage.clients.far_end import FarEnd  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.clients.push import Pusher, PushPlan, PushProgress  # noqa: PLC0415 - keeps `triage --help` quick

    source = found_source(path)
    plan = PushPlan(
        source=source,
        case=case,
        exhibit=exhibit,
        label=label or f"{socket.gethostname()}:{source.decode(errors='backslashreplace')}",
        basis=basis,
        handling=tuple(code.value for code in handling) if handling else None,
        may_share_with=tuple(may_share_with) if may_share_with else None,
        parallel=parallel,
        reread=reread,
    )
    far = FarEnd(to, _key(key_file), allow_http=allow_http, ca_file=ca_file, seconds=patience)
    pusher = Pusher(far, plan)
    with progress("Pushing", quiet=as_json) as tell:

        def told(done: PushProgress) -> None:
            tell(f"files, {size(done.bytes_sent)} sent, {done.held:,} there already", done.files, None)

        result = pusher.run(told)
    done = pusher.progress
    if as_json:
        print_json(
            {
                "submission": result.submission,
                "manifest": result.manifest,
                "files": result.files,
                "bytes": result.bytes,
                "sent": done.sent,
                "held": done.held,
                "bytes_sent": done.bytes_sent,
                "problems": done.problems,
            }
        )
        return
    console().print(
        f"{result.submission} has received it whole: {result.files:,} files, {size(result.bytes)}; "
        f"{done.sent:,} sent, {done.held:,} there already, {done.problems:,} problems noted.\n"
        f"Both sides sum it up as {result.manifest}."
    )


def _key(path: Path) -> str:
    """The key's text. Raises Unavailable `key-missing`, Refused `key-exposed`."""
    from triage.vault.files import require_private  # noqa: PLC0415 - keeps `triage --help` quick

    if str(path) == "-":
        text = sys.stdin.readline()
    else:
        try:
            with path.open(encoding="ascii") as file:
                require_private(file.fileno())
                text = file.read(_LONGEST_KEY)
        except (OSError, UnicodeDecodeError):
            raise Unavailable("key-missing", "The key's file cannot be read.") from None
    if not text.strip():
        raise Refused("key-missing", "The key's file is empty.")
    return text.strip()
