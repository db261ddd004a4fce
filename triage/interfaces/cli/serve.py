"""`triage serve` and `triage metrics`: what machines that watch are told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import Json, app, opened, settings
from .output import print_json

if TYPE_CHECKING:
    from triage.bootstrap import Application


@app.command()
def serve(
    *,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = None,
    as_json: Json = False,
) -> None:
    """Answer over HTTP until stopped: pages, senders, health, metrics. On this machine unless set otherwise."""
    from triage.bootstrap import open_application  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.chamber.parent import layers_here  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.interfaces.ispws.schema_file import read_schema  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.interfaces.web.app import web_app  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.interfaces.web.deployment import Deployment  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.interfaces.web.serving import bound, settle  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.interfaces.web.serving import serve as answer  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.telemetry.logs import configure_logs  # noqa: PLC0415 - keeps `triage --help` quick
    from triage.vault.private_memory import keep_private  # noqa: PLC0415 - keeps `triage --help` quick

    keep_private()
    chosen = settings()
    configure_logs(chosen.log.format, chosen.log.level)
    if chosen.ispws.xsd:
        read_schema(Path(chosen.ispws.xsd))  # refused now, and not when a provider reports
    where = chosen.serve if port is None else chosen.serve.model_copy(update={"port": port})

    def open_it() -> Application:
        return open_application(chosen)

    web = web_app(Deployment(open_it, settle), layers_here(), (*where.names, where.host))
    with bound(where) as listening:
        address = f"http://{where.host}:{listening.getsockname()[1]}"
        if as_json:
            print_json({"listening": address})
            sys.stdout.flush()
        else:
            sys.stderr.write(f"Listening on {address}\n")
        answer(web, listening)


@app.command()
def metrics(*, as_json: Json = False) -> None:
    """What `/metrics` tells, once: for a collector that reads files, or for a person."""
    from triage.chamber.parent import layers_here  # noqa: PLC0415 - keeps `--help` quick
    from triage.interfaces.metrics import DeploymentCollector, families, page  # noqa: PLC0415 - keeps `--help` quick

    with opened() as application:
        observed, layers = application.observing.observe(), layers_here()
    if as_json:
        found = [
            {"name": sample.name, "labels": sample.labels, "value": sample.value}
            for family in families(observed, layers)
            for sample in family.samples
        ]
        print_json(found)
    else:
        sys.stdout.write(page(DeploymentCollector(lambda: observed, lambda: layers)).decode())
