"""Updates of a set in the form in which exchanges give them: key to record or tombstone, and where to go on.

A delta never changes a release. It makes a new one, whole or absent, that says which release it was made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

from hashsets.delta_staging import Staging, Update
from hashsets.errors import HashSetError
from hashsets.formats.records import Reject
from hashsets.importing import Description
from hashsets.layering import Effect, resolve, write_entries, write_layer
from hashsets.manifests import DeltaFacts, Manifest, checked_set_name
from hashsets.placing import GROWING, put_in_place, workshop
from hashsets.releases import Release
from hashsets.watched_input import Progress

FORMAT = "delta"
POSITIONS = "update"


@dataclass(frozen=True, slots=True)
class Delta:
    """What a source says has changed since its last checkpoint.

    `updates` are read once, front to back: a key with its record from now on, or with None when the source retracts
    it. Of several updates of one key the last counts. A reject stands for an update that a file's reader could not
    take, or after one of which it could not take all. `checkpoint` is the source's own word for where to go on.
    `input_sha256`, asked once all updates are read, names the file that they came from, if it was one.
    """

    updates: Iterable[Update | Reject]
    checkpoint: str | None = None
    input_sha256: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """What applying a delta made: a sealed release, or none when the delta changes nothing."""

    manifest: Manifest | None
    facts: DeltaFacts
    rejects: Mapping[str, int]
    first_rejects: tuple[tuple[int, str], ...]


def make_release(
    delta: Delta,
    base: Path | None,
    releases: Path,
    description: Description,
    *,
    test_classes: Sequence[str],
    progress: Progress | None,
    described_anew: bool = False,
) -> Application:
    """Put a new release under `releases`, made of the one in the folder `base` and a delta. The base stays as it is.

    The new release is a layer on the base's ground, which is not written anew, nor read but where the delta concerns
    it. `progress` is told the updates taken so far, and 0 because nobody knows how many there are. Updates without
    effect make no release, unless it is `described_anew`: source, terms and expiry must not be lost with them.

    Raises HashSetError when there is no base and nothing usable in the delta, and when the disk does not take the
    release; Damaged.
    """
    checked_set_name(description.set_name)
    with workshop(releases) as folder, ExitStack() as open_now:
        staging = open_now.enter_context(closing(Staging(folder)))
        staging.take(_whole(delta.updates), progress)
        staging.finish()
        opened = open_now.enter_context(closing(Release.open(base))) if base else None
        effect = resolve(staging, opened)
        facts = _facts(effect, opened, delta.checkpoint)
        rejects, first_rejects = dict(sorted(staging.rejects.items())), tuple(staging.first_rejects)
        if effect.is_nothing and not (opened and described_anew):
            if not opened:
                raise HashSetError("no-entries", "the delta holds no usable entry, and the set has no release")
            return Application(None, facts, rejects, first_rejects)
        if opened:
            counts, layer = write_layer(opened, staging, effect, folder / GROWING, test_classes)
        else:
            fresh = write_entries(staging.records(), folder / GROWING, test_classes)
            counts, layer = replace(fresh, rejects=rejects), None
        unsealed = Manifest(
            set_name=description.set_name,
            set_kind=description.set_kind,
            source=description.source,
            terms=description.terms,
            created=description.created,
            format=FORMAT,
            positions=POSITIONS,
            input_sha256=staging.input_sha256,
            input_bytes=staging.input_bytes,
            counts=counts,
            first_rejects=first_rejects,
            replaced=description.replaced,
            expires=description.expires.isoformat() if description.expires else None,
            delta=facts,
            layer=layer,
        )
        return Application(put_in_place(folder, unsealed), facts, rejects, first_rejects)


def _whole(updates: Iterable[Update | Reject]) -> Iterator[Update | Reject]:
    """The updates; where their source fails, that is told apart from a disk of ours that fails."""
    try:
        yield from updates
    except OSError as error:
        raise HashSetError("delta-broken-off", "the updates broke off; nothing of them was applied") from error


def _facts(effect: Effect, base: Release | None, checkpoint: str | None) -> DeltaFacts:
    base_id = base.release_id if base else None
    return DeltaFacts(base_id, effect.added, effect.changed, effect.retracted, effect.unchanged, checkpoint)
