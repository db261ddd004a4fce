"""What a refusal says on a page, by its code. Services say it in English, with numbers; other languages here."""

from __future__ import annotations

from collections.abc import Mapping

from .language import Speaking
from .words import N_

SENTENCES: Mapping[str, str] = {
    # The policy
    "disabled": N_("You may do nothing here any more."),
    "role-lacks": N_("Your roles do not include this."),
    "never-with-that-role": N_("Whoever runs the system opens no evidence."),
    "not-a-member": N_("There is no such thing, or it lies in no case of yours."),
    "not-your-own": N_("Somebody else has to do this for you."),
    "only-their-own": N_("This is for the person and the welfare lead."),
    "too-few-people": N_("Fewer than five people: a total would say something of one of them."),
    "same-person": N_("A second person has to answer."),
    "same-unit": N_("A supervisor of another unit has to answer."),
    "purpose-unfit": N_("A look needs a reason that is one."),
    "step-up-needed": N_("Show once more who you are."),
    "second-person-needed": N_("A second person has to agree first."),
    "grant-used": N_("That was granted once, and has been used."),
    "reason-missing": N_("Say why, in writing: the second person judges the reason."),
    "approval-needless": N_("One person may do this alone."),
    "request-answered": N_("Somebody answered meanwhile."),
    "cross-site": N_("This came from a page of another site."),
    # Signing in
    "too-many-requests": N_("Too many tries from this address: wait some minutes."),
    "sign-in-failed": N_("That did not work. After several failures sign-in pauses for some minutes."),
    "password-differs": N_("The two passwords differ."),
    "password-length": N_("A password has 12 to 256 characters."),
    "password-common": N_("That password is among the first that anybody would try."),
    "code-wrong": N_("That is not the code that your authenticator shows now."),
    "enrolment-invalid": N_("This code opens nothing: ask for another one."),
    "passkeys-many": N_("You have as many passkeys as one person may have."),
    "passkey-last": N_("Without it you could not sign in any more."),
    "passkey-refused": N_("That passkey was not accepted: begin again."),
    # Claims and decisions
    "claim-taken": N_("It cannot be claimed now."),
    "claim-lost": N_("It is not in your hands any more."),
    "hand-over-impossible": N_("It cannot be handed to this person."),
    "view-name": N_("A name has 1 to 80 printable characters."),
    "no-saved-view": N_("There is no such saved filter."),
    "proposal-changed": N_("The group proposes another thing by now: look at its facts again."),
    "proposal-divided": N_("The group's decisions contradict each other: decide item by item."),
    "referral-closed": N_("It is not open."),
    "referral-open": N_("It is open already."),
    "decided-already": N_("Another decision stands: supersede it, or dissent."),
    "decision-awaits-second": N_("Another person's decision waits to be confirmed: confirm or dissent."),
    "decision-words": N_("This needs a reason in words: a sentence, and no more than 1,000 characters."),
    "nothing-to-dissent-from": N_("No other person's decision says another thing."),
    "not-awaiting": N_("It does not wait for a second person."),
    "undo-not-own": N_("A decision is taken back by the person who made it."),
    "undo-ended": N_("It is over already."),
    "undo-confirmed": N_("Another person has confirmed it: supersede it instead."),
    "undo-too-late": N_("It is too late to take it back: supersede it instead."),
    "no-decision": N_("There is no such decision."),
    "outcome-words": N_("The words are too long, or hold what cannot be printed."),
    "blind-answered": N_("This one is not yours to judge, or was judged."),
    # Looks
    "look-token": N_("This look was not allowed, was used, or has waited too long: ask again."),
    "look-words": N_("A look at this needs a reason in words: a sentence, and no more than 500 characters."),
    "look-reason": N_("A look needs one of the reasons that are listed."),
    "look-known": N_("It is known: a look needs the agreement of a second person."),
    "look-representative-first": N_("Another item stands for its group: look at that one first."),
    "look-still": N_("It has no such still."),
    "look-reduced-first": N_("It is shown reduced first; that may be enough."),
    "look-flagged": N_("It is marked as violent: it is shown only to whoever chooses that."),
    "look-flagged-limit": N_("Of what is marked as violent you have looked at as much today as is good for anybody."),
    "look-outside-shift": N_("Nothing is shown outside your shift, nor near its end."),
    "look-day-limit": N_("You have looked as long today as is good for anybody."),
    "look-hour-limit": N_("You have looked as long this hour as is good for anybody."),
    "look-break-due": N_("A break is due first."),
    # The legal gate
    "gate-not-viewed": N_("Nobody at the sender opened it, and no authority is recorded."),
    "gate-viewing-unknown": N_("Whether anybody at the sender opened it is not known, and no authority is recorded."),
    "gate-no-basis": N_("No lawful basis is recorded."),
    "gate-not-at-hand": N_("It is in none of the cases at hand."),
    # Acts that take two people
    "plan-empty": N_("There is nothing that this could be done to."),
    "plan-too-many": N_("One plan lists at most 10,000 items: make several."),
    "plan-words": N_("A reference and a receiver have 1 to 200 printable characters."),
    "plan-ground": N_("A deletion rests on one of the grounds that are listed."),
    "plan-not-own": N_("Whoever asked for it carries it out."),
    "plan-over": N_("It was carried out; a grant is good once."),
    "plan-changed": N_("It is not what was agreed to: tell whoever runs the system."),
    "no-plan": N_("There is no such plan."),
    "label-invalid": N_("Write items as I-3 I-7."),
    "export-key": N_("That is no public age key: it begins with age1."),
    "may-not-share": N_("It may not be shared with this receiver: its sender named others."),
    "bytes-erased": N_("Its bytes were lawfully deleted; its facts remain."),
    "bytes-not-held": N_("Nothing of it is held."),
    "in-place-not-ours": N_("It lies at its source, which is not ours: it is deleted there."),
    "archive-holds-it": N_("The same bytes lie in an archive that is held: name it too."),
    "nothing-to-erase": N_("It has no bytes in the vault that are its alone."),
    "retention-not-ended": N_("It is to be kept for longer."),
    "split-nothing": N_("Name some of its submissions, and not all: the others stay together."),
    "split-too-large": N_("One split sets at most 10,000 pairs apart: make several."),
    "no-parting": N_("That keeps nothing apart from it."),
    # Things that are not there, and forms
    "no-referral": N_("There is no such referral."),
    "no-submission": N_("There is no such submission."),
    "no-item": N_("There is no such item."),
    "no-person": N_("There is no such person."),
    "http-404": N_("There is no such page."),
    "form-invalid": N_("That is no form of ours."),
    "request-invalid": N_("The address or its parameters are not as documented."),
    "unexpected": N_("A fault of ours; the log has its kind and place under this request's number."),
}


def fault_told(code: str, sentence: str, say: Speaking) -> str:
    """A refusal in the reader's language; in English as the service said it, but for the web's own codes."""
    if code not in SENTENCES or (say.language == "en" and not code.startswith("http-")):
        return say.sentences.gettext(sentence)
    return say.sentences.gettext(SENTENCES[code])
