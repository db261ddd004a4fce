"""From a request's stream into a spool: one block is sealed in a thread while the next one comes in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from triage.domain.errors import Refused, TriageError
from triage.services.uploading import Standing, Writing

BLOCK = 1 << 20
"""Bytes sealed as one frame: a request holds two such blocks in memory, never more."""


class _BrokenOffError(Exception):
    """The sender went, or says nothing any more."""


async def receive_into(writing: Writing, request: Request, idle_seconds: float) -> Standing:
    """All of a request's bytes; what is durable then. Lets go of `writing` whatever happens.

    A sender that goes, falls silent or is refused keeps what has come. Raises Refused `upload-broken-off`, and what
    sealing raises.
    """
    try:
        return await _received(writing, request, idle_seconds)
    finally:
        await run_in_threadpool(writing.__exit__, None, None, None)


async def _received(writing: Writing, request: Request, idle_seconds: float) -> Standing:
    sealing: asyncio.Task[None] | None = None
    try:
        async for block in _blocks(request, idle_seconds):
            if sealing:
                await sealing
            sealing = asyncio.create_task(run_in_threadpool(writing.append, block))
        if sealing:
            await sealing
    except _BrokenOffError:
        await _settled(sealing)
        await run_in_threadpool(writing.break_off)
        raise Refused("upload-broken-off", "The request ended before its time: ask how far it is.") from None
    except TriageError:
        await run_in_threadpool(writing.break_off)
        raise
    finally:
        await _settled(sealing)
    return await run_in_threadpool(writing.finish)


async def _settled(sealing: asyncio.Task[None] | None) -> None:
    """Wait until no thread seals any more, whatever came of it."""
    if sealing:
        await asyncio.wait({sealing})


async def _blocks(request: Request, idle_seconds: float) -> AsyncIterator[bytearray]:
    block = bytearray()
    more = True
    while more:
        try:
            async with asyncio.timeout(idle_seconds):
                message = await request.receive()
        except TimeoutError:
            message = {"type": "http.disconnect"}
        if message["type"] == "http.disconnect":
            if block:
                yield block
            raise _BrokenOffError
        body, more = memoryview(message.get("body", b"")), message.get("more_body", False)
        while body:
            room = BLOCK - len(block)
            block += body[:room]
            body = body[room:]
            if len(block) == BLOCK:
                yield block
                block = bytearray()
    if block:
        yield block
