"""Running the application in this process, until it is told to stop."""

from __future__ import annotations

import gc
import signal
import socket

import uvicorn
from starlette.types import ASGIApp

from triage.domain.errors import Unavailable
from triage.settings import ServeSettings
from triage.telemetry.events import Event
from triage.telemetry.logs import logger_of

_log = logger_of("web")
STOP_SECONDS = 3
"""An open stream of events would keep the process up for ever."""
_MADE_BETWEEN = 20_000
"""Objects between two looks for what nothing refers to any more: those of some hundred reports."""


def bound(settings: ServeSettings) -> socket.socket:
    """A listening socket. Raises Unavailable `address-in-use`, so that nobody is told of a page that is not there."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        sentence = f"Port {settings.port} cannot be listened on at [serve] host (error {error.errno})."
        raise Unavailable("address-in-use", sentence) from None
    return listening


def settle() -> None:
    """What is there by now stays: the collector walks it no more, and walks the rest less often.

    A walk over all that is loaded stops every thread for a tenth of a second, and reports that come many at a time
    bring one about every second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_MADE_BETWEEN, 10, 10)


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Answer until SIGTERM or SIGINT, then finish what is being answered."""
    config = uvicorn.Config(
        app,
        log_config=None,  # the root's handler takes uvicorn's lines too
        access_log=False,  # paths; `Told` logs routes
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        proxy_headers=False,
        lifespan="on",
    )
    port = listening.getsockname()[1]
    _log.info(Event.STARTED, command="serve", port=port)
    for one in (signal.SIGTERM, signal.SIGINT):
        # Uvicorn stops at them, and raises them again when it has: being asked to stop is no failure.
        signal.signal(one, lambda _number, _frame: None)
    uvicorn.Server(config).run(sockets=[listening])
    _log.info(Event.STOPPED, command="serve", port=port)
