"""`triage acts …`: what takes two people. Each command is signed in for, and asks the policy as pages do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from triage.domain.access import Action
from triage.domain.errors import Conflict, Refused
from triage.domain.plans import DeletionGround, KeyBefore, Plan, PlanState
from triage.services.clock import system_clock

from .acting import Login, signed_in
from .app import Json, app, number_of, opened
from .output import console, print_json, table

if TYPE_CHECKING:
    from triage.bootstrap import Application
    from triage.domain.people import Principal

acts = typer.Typer(
    name="acts", help="What takes two people: export of evidence, deletion, splits.", no_args_is_help=True
)
app.add_typer(acts)

PlanLabel = Annotated[str, typer.Argument(help="P-NUMBER.")]
Referral = Annotated[str, typer.Argument(help="R-NUMBER.")]
Because = Annotated[str, typer.Option(help="Why, in a sentence: the second person judges it.")]
Items = Annotated[list[str] | None, typer.Option("--item", help="I-NUMBER; repeat it.")]


@acts.command("list")
def list_(
    *, limit: Annotated[int, typer.Option(min=1, max=100_000, help="Plans at most.")] = 50, as_json: Json = False
) -> None:
    """What was asked for, the latest first, and where it stands."""
    with opened() as application, application.store.reading() as unit:
        found = unit.plans.latest(limit)
    if as_json:
        print_json([labelled(one) for one in found])
        return
    rows = [(f"P-{one.id}", one.action.value, _about(one), one.asked_login, _state(one).value) for one in found]
    console().print(table("Acts that take two people, the latest first", ["", "what", "about", "by", "state"], rows))


@acts.command()
def show(plan: PlanLabel, *, as_json: Json = False) -> None:
    """One plan: its terms, who asked, who answered, what became of it."""
    with opened() as application, application.store.reading() as unit:
        found = unit.plans.get(number_of(plan, "P"))
        before = application.planning.keys_before([found]).get(found.id)
    _told(found, before, as_json=as_json)


@acts.command()
def export(
    referral: Referral,
    *,
    receiver: Annotated[str, typer.Option("--to", help="A country or agency that the senders named.")],
    key: Annotated[str, typer.Option(help="The receiver's public age key: age1…")],
    because: Because,
    login: Login,
    item: Items = None,
    with_known: Annotated[bool, typer.Option("--with-known", help="Known items too.")] = False,
    as_json: Json = False,
) -> None:
    """Ask to export items of a referral: those named, or those that people decided as unlawful."""
    with opened() as application, signed_in(application, login) as who:
        items = [number_of(one, "I") for one in item] if item else None
        number = application.exporting_media.plan(
            who, number_of(referral, "R"), receiver, key, because, items, with_known=with_known
        )
        found = application.planning.plan(who, number)
    _told(found, as_json=as_json)


@acts.command()
def delete(
    submission: Annotated[str | None, typer.Argument(help="S-NUMBER: all that came with it alone.")] = None,
    *,
    ground: Annotated[DeletionGround, typer.Option(help="What it rests on.")],
    reference: Annotated[str, typer.Option(help="Where the order, the rule or the note can be found.")],
    because: Because,
    login: Login,
    item: Items = None,
    as_json: Json = False,
) -> None:
    """Ask to delete the bytes of a submission, or of items wherever they occur. Facts and records stay."""
    if (submission is None) == (not item):
        raise Refused("plan-about", "Name a submission, or items: one of the two.")
    with opened() as application, signed_in(application, login) as who:
        terms = (ground, reference, because)
        number = (
            application.erasing.plan_submission(who, number_of(submission, "S"), *terms)
            if submission is not None
            else application.erasing.plan_items(who, [number_of(one, "I") for one in item or ()], *terms)
        )
        found = application.planning.plan(who, number)
    _told(found, as_json=as_json)


@acts.command()
def split(
    referral: Referral,
    *,
    apart: Annotated[list[str], typer.Option(help="S-NUMBER that does not belong to the others; repeat it.")],
    because: Because,
    login: Login,
    as_json: Json = False,
) -> None:
    """Ask to set submissions of a referral apart, whatever rules tie them to the others."""
    with opened() as application, signed_in(application, login) as who:
        chosen = [number_of(one, "S") for one in apart]
        found = application.planning.plan(
            who, application.splitting.plan(who, number_of(referral, "R"), chosen, because)
        )
    _told(found, as_json=as_json)


@acts.command()
def answer(
    plan: PlanLabel,
    *,
    agree: Annotated[bool, typer.Option("--agree/--decline", help="What the second person says.")],
    login: Login,
    as_json: Json = False,
) -> None:
    """Be the second person: agree to exactly this plan, or decline it."""
    with opened() as application, signed_in(application, login) as who:
        found = application.planning.plan(who, number_of(plan, "P"))
        application.approving.answer(who, found.request_id, granted=agree)
        with application.store.reading() as unit:
            found = unit.plans.get(found.id)
    _told(found, as_json=as_json)


@acts.command("carry-out")
def carry_out(
    plan: PlanLabel,
    *,
    login: Login,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Of an export: the new file.")] = None,
    as_json: Json = False,
) -> None:
    """Do what was agreed to, once. An export is written to a new file, encrypted to its receiver."""
    with opened() as application, signed_in(application, login) as who:
        found = application.planning.plan(who, number_of(plan, "P"))
        if found.action is Action.EXPORT_MEDIA:
            _write(application, who, found.id, out)
        elif found.action is Action.DELETE:
            application.erasing.erase(who, found.id)
        else:
            application.splitting.split(who, found.id)
        with application.store.reading() as unit:
            found = unit.plans.get(found.id)
    _told(found, as_json=as_json)


@acts.command("join-again")
def join_again(
    referral: Referral,
    *,
    plan: Annotated[str, typer.Option(help="P-NUMBER of the split.")],
    because: Because,
    login: Login,
    as_json: Json = False,
) -> None:
    """End what a split set apart: from now on the rules count again."""
    with opened() as application, signed_in(application, login) as who:
        parts = application.splitting.join_again(who, number_of(referral, "R"), number_of(plan, "P"), because)
    if as_json:
        print_json({"referrals": [f"R-{one}" for one in parts]})
    else:
        console().print(f"Joined by the rules again: {', '.join(f'R-{one}' for one in parts)}.")


def _write(application: Application, who: Principal, plan_id: int, out: Path | None) -> None:
    """The file is made before the grant is spent: a folder that is not there costs nobody an approval."""
    if out is None:
        raise Refused("out-missing", "Say with --out where the package is to be written.")
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Conflict("out-exists", "There is a file of that name: nothing is written over.") from None
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - it is open already
            application.exporting_media.begin(who, plan_id).write(file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def labelled(plan: Plan) -> dict[str, Any]:
    """As JSON shows it."""
    terms = plan.what.terms.document()
    return {
        "plan": f"P-{plan.id}",
        "action": plan.action.value,
        "state": _state(plan).value,
        "referral": f"R-{plan.what.referral_id}" if plan.what.referral_id else None,
        "submission": f"S-{plan.what.submission_id}" if plan.what.submission_id else None,
        "terms": {
            **terms,
            **({"items": [f"I-{one}" for one in terms["items"]]} if "items" in terms else {}),
            **({"apart": [f"S-{one}" for one in terms["apart"]]} if "apart" in terms else {}),
        },
        "reason": plan.reason,
        "asked_by": plan.asked_login,
        "asked_at": plan.asked_at,
        "answered_by": plan.answered_login or None,
        "answered_at": plan.answered_at,
        "expires_at": plan.expires_at,
        "done_at": plan.done_at,
        "result": dict(plan.result),
    }


def _same(before: KeyBefore) -> str:
    return f"the same in P-{before.same}" if before.same else "none: compare it with the receiver by another way"


def _told(plan: Plan, before: KeyBefore | None = None, *, as_json: bool) -> None:
    if as_json:
        same, other = (before.same, before.other) if before else (None, None)
        keys = {"same": f"P-{same}" if same else None, "other": f"P-{other}" if other else None}
        print_json({**labelled(plan), **({"key_before": keys} if before else {})})
        return
    out, terms = console(), plan.what.terms.document()
    out.print(f"P-{plan.id} · {plan.action.value} · {_about(plan)} · {_state(plan).value}")
    told = [(name, ", ".join(map(str, value)) if isinstance(value, list) else value) for name, value in terms.items()]
    if before:
        told.append(("key before", f"another in P-{before.changed}" if before.changed else _same(before)))
    told += [("because", plan.reason), ("asked by", plan.asked_login), ("answered by", plan.answered_login)]
    told += list(plan.result.items())
    out.print(table("Terms, and what became of it", ["", ""], [(name, str(value)) for name, value in told if value]))
    if _state(plan) is PlanState.WAITING:
        out.print(f"A second person answers: triage acts answer P-{plan.id} --agree --as LOGIN")
    if _state(plan) is PlanState.GRANTED:
        out.print(f"{plan.asked_login} carries it out, once: triage acts carry-out P-{plan.id} --as LOGIN")


def _state(plan: Plan) -> PlanState:
    return plan.state(system_clock())


def _about(plan: Plan) -> str:
    if plan.what.referral_id is not None:
        return f"R-{plan.what.referral_id}"
    if plan.what.submission_id is not None:
        return f"S-{plan.what.submission_id}"
    return "items"
