"""The stage graph as data. Each stage writes the jobs of the next in the commit that finishes it.

    receive ─▶ expand ─▶ (members: examine or expand) ─▶ match ─▶ … all items answered … ─▶ link ─▶ refer
                                                       ▲     │
                                                       └── look closer (what estimates cannot decide)

Expanding comes before its members exist; examining before matching, which needs fingerprints; linking after every
item of a submission has its answer, because known-good items link nothing and unmatched ones join networks.

    what is known changes ─▶ rematch (lists its batches) ─▶ rematch … ─▶ the last one ─▶ link, refer

New items are matched first: they have no answer yet, and the others have one that says what it rests on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from triage.domain.jobs import Lease, Stage
from workers.context import StageContext
from workers.stages.examine import examine
from workers.stages.expand import expand
from workers.stages.link import link
from workers.stages.look_closer import look_closer
from workers.stages.match import match
from workers.stages.refer import refer
from workers.stages.rematch import rematch

STAGES: Mapping[Stage, Callable[[Lease, StageContext], None]] = {
    Stage.EXPAND: expand,
    Stage.EXAMINE: examine,
    Stage.LOOK_CLOSER: look_closer,
    Stage.MATCH: match,
    Stage.REMATCH: rematch,
    Stage.LINK: link,
    Stage.REFER: refer,
}
