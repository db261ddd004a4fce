"""A made-up deployment written by the database itself: rows as the pipeline leaves them, in a skew as units have it.

Most referrals hold 20 to 200 items, a few thousands, one a fifth of everything, and one is a network of hundreds of
small reports. No file, no picture and no value of anything real: numbers, and hashes of numbers. PostgreSQL alone.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from sqlalchemy import Connection, bindparam, text, update

from triage.bootstrap import open_application
from triage.domain.priority import assess
from triage.domain.priority_rules import PriorityRules
from triage.domain.referral_facts import ReferralFacts, facts_document
from triage.services.summing_up import sum_up
from triage.settings import load_settings
from triage.store.tables import referral

PEOPLE = 50
HUGE, FIRST_LARGE, LAST_LARGE, REPORTS = 1, 2, 6, 7
"""Referrals that are not like the others, by number."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is made. About 80 items for each further referral."""

    referrals: int
    huge: int  # items of the one
    large: int  # items of each of five
    reports: int  # submissions of four files in the network of reports


QUICK = Size(300, 10_000, 1_000, 100)
FULL = Size(10_000, 200_000, 10_000, 500)

_PLAN = """
CREATE FUNCTION pg_temp.u(n bigint, salt int) RETURNS float IMMUTABLE LANGUAGE sql AS
$$ SELECT (hashint8extended(n, salt) & 1073741823) / 1073741824.0 $$;

CREATE TEMP TABLE layout AS
SELECT r,
  CASE WHEN r = 1 THEN :huge WHEN r BETWEEN 2 AND 6 THEN :large WHEN r = 7 THEN 4 * :reports
       ELSE 20 + (180 * pg_temp.u(r, 1) ^ 2)::int END AS items,
  CASE WHEN r = 1 THEN 4 WHEN r BETWEEN 2 AND 6 THEN 3 WHEN r = 7 THEN :reports
       WHEN r % 5 = 0 THEN 2 ELSE 1 END AS parts,
  CASE WHEN r > 7 AND r % 3 = 0 OR r = 7 THEN 'provider' ELSE 'seizure' END AS origin
FROM generate_series(1, :referrals) AS r;

CREATE TEMP TABLE part AS
SELECT row_number() OVER (ORDER BY pg_temp.u(r, 2), p) AS s, r, origin, items / parts AS items
FROM layout, generate_series(1, parts) AS p;

CREATE TEMP TABLE held AS
SELECT s, r, origin, last - items + k AS i, k
FROM (SELECT *, sum(items) OVER (ORDER BY s) AS last FROM part) AS placed, generate_series(1, items) AS k;
CREATE INDEX ON held (i);
ANALYZE held;
"""

_ROWS = """
INSERT INTO submission SELECT s, 'C-' || r, 'E-' || s, 'made-up statute 1', convert_to('/made/' || s, 'UTF8'), false,
  'received', CASE WHEN s % 11 = 0 THEN current_date + (s % 300)::int END, now() - s * interval '1 minute',
  now(), false, origin, '["unit"]', '[]' FROM part;

INSERT INTO comparison VALUES (1, 'policy 1', 'made-a@1+made-b@1');
INSERT INTO provenance VALUES (1, 'made 1');

INSERT INTO item (id, sha256, sha1, md5, size, kind, depth, outcome, closed_because, because, comparison_id, first_seen)
SELECT i, sha256(int8send(i)), substr(sha256(int8send(i + 1)), 1, 20), substr(sha256(int8send(-i)), 1, 16),
  20000 + (4000000 * pg_temp.u(i, 3))::int, 'raster', 0, outcome,
  CASE WHEN outcome IN ('known', 'known-good') THEN 'exact' END, 'made', 1, now()
FROM (SELECT i, CASE WHEN v < .30 THEN 'known' WHEN v < .38 THEN 'near' WHEN v < .88 THEN 'unknown'
  WHEN v < .93 THEN 'known-good' WHEN v < .96 THEN 'too-poor' WHEN v < .98 THEN 'undecodable' ELSE 'container' END AS outcome
  FROM (SELECT i, pg_temp.u(i, 4) AS v FROM held) AS drawn) AS given;

-- Every tenth item lies in a second place, every hundredth in another submission too.
INSERT INTO occurrence (submission_id, item_id, parent_item_id, path, path_key, size, mtime_ns, linked, viewed)
SELECT s, i, 0, convert_to('folder/picture-' || i || '.jpg', 'UTF8'), substr(sha256(int8send(i)), 1, 16), 1000, 0, true,
  CASE WHEN origin = 'provider' THEN (ARRAY['yes', 'no', 'unknown'])[1 + i % 3] END FROM held;
INSERT INTO occurrence (submission_id, item_id, parent_item_id, path, path_key, size, mtime_ns, linked, viewed)
SELECT s, i, 0, convert_to('copy/picture-' || i || '.jpg', 'UTF8'), substr(sha256(int8send(-i)), 1, 16), 1000, 0, true,
  CASE WHEN origin = 'provider' THEN 'no' END FROM held WHERE i % 10 = 0;
INSERT INTO occurrence (submission_id, item_id, parent_item_id, path, path_key, size, mtime_ns, linked, viewed)
SELECT 1 + (s * 7) % (SELECT max(s) FROM part), i, 0, '\\x61', substr(sha256(int8send(i * 3)), 1, 16), 1000, 0, true, NULL
FROM held WHERE i % 100 = 1 ON CONFLICT DO NOTHING;

INSERT INTO sealed_object SELECT i, md5(i::text), 'segment-' || i / 1000, 0, 100, 100, '\\x00', 'made' FROM held;
INSERT INTO raster (item_id, format, width, height, mode, frames, concentration, thumbnail_distance, provenance_id)
SELECT i, 'jpeg', 4000, 3000, 'RGB', 1, 20, CASE WHEN i % 97 = 0 THEN 90 END, 1 FROM held WHERE i % 25 <> 0;
INSERT INTO processing_note SELECT i, 'metadata-cut', '', 'examine' FROM held WHERE i % 40 = 0;

INSERT INTO finding SELECT i, 'camera', jsonb_build_object('make', 'Example', 'model', 'M' || s % 7,
  'serial', CASE WHEN i % 2 = 0 THEN 'N' || s || '-' || i % 3 END), 1 FROM held WHERE pg_temp.u(i, 5) < .4;
INSERT INTO finding SELECT i, 'captured', jsonb_build_object('local',
  to_char(timestamp '2021-01-01' + pg_temp.u(i, 6) * interval '2100 days', 'YYYY-MM-DD"T"HH24:MI:SS'),
  'offset_minutes', NULL), 1 FROM held WHERE pg_temp.u(i, 7) < .5;
INSERT INTO finding SELECT i, 'place', jsonb_build_object('latitude', 10 + s % 10 + pg_temp.u(i, 8) / 5,
  'longitude', 95 + s % 8 + pg_temp.u(i, 9) / 5), 1 FROM held WHERE pg_temp.u(i, 10) < .15;

INSERT INTO match (item_id, release_id, entry_key, subject, algorithm, profile, set_name, set_kind, basis, distance,
  transform, opinion, standing, because, agreement, comparison_id, at)
SELECT item.id, set_name || '@1', 'k' || item.id % 5000, 'main', CASE outcome WHEN 'known' THEN 'sha256' ELSE 'pdq' END,
  CASE outcome WHEN 'known' THEN '' ELSE 'pdq-ref512' END, set_name, 'known',
  CASE outcome WHEN 'known' THEN 'exact' ELSE 'near' END, CASE outcome WHEN 'known' THEN 0 ELSE item.id % 31 END, 'identity',
  jsonb_build_object('category', 'made:' || 1 + (item.id + place) % 3, 'tags', '[]'::jsonb), 'decides', 'made', '', 1, now()
FROM item, (VALUES ('made-a', 0), ('made-b', 1)) AS sets (set_name, place)
WHERE outcome IN ('known', 'near') AND (place = 0 OR item.id % 5 = 0);

INSERT INTO look_alike (item_id, centre_id) SELECT i, i - (k - 1) % 6 FROM held
WHERE pg_temp.u((i - (k - 1) % 6), 11) < .35 AND i % 6 <> 5;
INSERT INTO link SELECT 'near-fingerprint', item_id, centre_id, 'strong', 'near', 9, 'identity' FROM look_alike
WHERE item_id <> centre_id;

INSERT INTO trait SELECT row_number() OVER (), 'same-camera', 'N' || s || '-' || c, 'strong', 'Example, same body serial',
  count(*) FROM (SELECT s, i % 3 AS c FROM held WHERE i % 2 = 0 AND pg_temp.u(i, 5) < .4) AS bodies GROUP BY s, c;
INSERT INTO trait_member SELECT trait.id, i FROM held JOIN trait ON trait.key = 'N' || s || '-' || i % 3
WHERE i % 2 = 0 AND pg_temp.u(i, 5) < .4;

INSERT INTO referral (id, state, danger, solvability, network, clock, sort_key, reasons, facts, edition, created_at, updated_at)
SELECT r, CASE WHEN r > 7 AND r % 50 = 0 THEN 'done' ELSE 'open' END, 0, 0, 0, 0, '', '[]', '{}', '',
  now() - r * interval '1 minute', now() FROM layout;
INSERT INTO referral_member SELECT s, r, now() FROM part;
INSERT INTO referral_event (referral_id, kind, details, at)
SELECT r, kind, '{}', now() FROM layout, unnest(ARRAY['opened', 'joined']) AS kind;
INSERT INTO network_join (low_id, high_id, kind, because, made_at)
SELECT * FROM (SELECT lag(s) OVER (PARTITION BY r ORDER BY s) AS low, s, 'same-case', 'one case', now() FROM part) AS pair
WHERE low IS NOT NULL;

INSERT INTO sender VALUES (1, 'example-provider', 'provider', 'TH', 'made-up statute 1', '[]', '[]', false, now(), NULL);
INSERT INTO report SELECT s, md5('r' || s), 1, false, 'api', 'ref-' || s, NULL, NULL, 'finished',
  '{"incident": {"types": ["material"], "escalated": false}}', now(), now(), now(), s FROM part WHERE origin = 'provider';
INSERT INTO reported_file SELECT i, md5('f' || i), s, k, '{"marks": [], "classification": "B1"}',
  (ARRAY['yes', 'no', 'unknown'])[1 + i % 3], '', NULL, i FROM held WHERE origin = 'provider';
INSERT INTO reported_identifier (report_id, submission_id, party, role, kind, value, normal, service, event, at, port, country)
SELECT id, id, 1, 'subject', kind, kind || id % 5000, kind || id % 5000, 'example', '', now(), 4711, 'TH'
FROM report, unnest(ARRAY['account', 'email', 'ip']) AS kind;
INSERT INTO preservation (submission_id, holder, holder_kind, country, identifier, since, expires_on, rule)
SELECT id, holder, 'subscriber-records', 'TH', 'made ' || id, now(), current_date + (id % 90)::int, 'made'
FROM report, unnest(ARRAY['example', 'network operator']) AS holder;

INSERT INTO principal (id, login, name, unit, language, time_zone, totp_last_step, failures, created_at)
SELECT n, 'analyst-' || n, 'Analyst ' || n, 'unit-' || n % 4, CASE WHEN n % 2 = 0 THEN 'th' ELSE 'en' END, 'Asia/Bangkok',
  0, 0, now() FROM generate_series(1, :people) AS n;
INSERT INTO role_held SELECT n, role, now(), 'made' FROM generate_series(1, :people) AS n,
  unnest(CASE WHEN n % 10 = 1 THEN ARRAY['analyst', 'supervisor', 'administrator'] ELSE ARRAY['analyst', 'supervisor'] END)
  AS role;
-- Every other one works in all cases, the rest in 400 of them and in those of the large referrals.
INSERT INTO membership (principal_id, case_ref, granted_at, granted_by) SELECT n, '*', now(), 'made' FROM generate_series(1, :people, 2) AS n;
INSERT INTO membership (principal_id, case_ref, granted_at, granted_by)
SELECT n, 'C-' || r, now(), 'made' FROM generate_series(2, :people, 2) AS n, layout WHERE r <= 7 OR pg_temp.u(r * 100 + n, 12) < .04;
INSERT INTO claim SELECT 20 + n * 3, n, now(), extract(epoch FROM now()) + 36000, 1 FROM generate_series(1, :people) AS n;
INSERT INTO declined SELECT n, 300 - n FROM generate_series(1, :people) AS n;
INSERT INTO access_asked (principal_id, action, subject, allowed, code, at)
SELECT 1 + n % :people, 'see-item', 'item:' || n, true, 'allowed', now() FROM generate_series(1, 20 * :referrals) AS n;
INSERT INTO decision (item_id, referral_id, principal_id, scheme, category, basis, because, decided_at, changed_at, state)
SELECT i, r, 1 + r % :people, :scheme, (CAST(:categories AS text[]))[1 + i % array_length(CAST(:categories AS text[]), 1)], 'facts', '',
  now() - interval '1 day', now() - interval '1 day', CASE WHEN i % 500 = 0 THEN 'awaiting-second' ELSE 'standing' END
FROM held JOIN item ON item.id = i WHERE r % 10 < 3 AND outcome IN ('near', 'unknown') AND pg_temp.u(i, 13) < .1;
INSERT INTO viewing (principal_id, item_id, referral_id, reason, words, level, of_known, of_decided, token_sha256, asked_at,
  token_until, shown_at, ended_at, seconds)
SELECT n, 1 + n * 30 + day, 8, 'court', '', 'reduced', false, false, sha256(int8send(n * 100000 + day * 100 + look)), at, at, at, at, 3
FROM generate_series(1, :people) AS n, generate_series(0, 29) AS day, generate_series(1, 20) AS look,
  LATERAL (SELECT now() - day * interval '1 day' - look * interval '1 minute' AS at) AS moment;
INSERT INTO job (stage, submission_id, item_ids, state, rank, lane, priority, attempts, fence, owner, lease_until, not_before, ring_at, made_at)
SELECT stage, s, '[]', CASE WHEN s % 400 = 0 THEN 'ready' WHEN s % 700 = 0 THEN 'dead' ELSE 'done' END, 1, s, 100, 1, 1, '', 0, 0, 0, 0
FROM part, unnest(ARRAY['examine', 'match', 'link', 'refer']) AS stage;
"""

_COUNTS = """
SELECT r, count(DISTINCT i) FILTER (WHERE outcome NOT IN ('container', 'known-good')) AS items,
  count(DISTINCT i) FILTER (WHERE outcome = 'known') AS known, count(DISTINCT i) FILTER (WHERE outcome = 'near') AS near,
  count(DISTINCT i) FILTER (WHERE outcome = 'unknown') AS unknown, count(DISTINCT s) AS submissions, min(origin) AS origin
FROM held JOIN item ON item.id = i GROUP BY r
"""


def fill(connection: Connection, size: Size, rules: PriorityRules, scheme: str, categories: list[str]) -> None:
    """Write it, with each referral assessed by the rules in force; the caller commits, and runs ANALYZE."""
    values = {"referrals": size.referrals, "huge": size.huge, "large": size.large, "reports": size.reports}
    told = {**values, "people": PEOPLE, "scheme": scheme, "categories": categories}
    for statement in (_PLAN + _ROWS).split(";\n"):
        if statement.strip():
            used = {name: value for name, value in told.items() if f":{name}" in statement}
            connection.execute(text(statement), used)
    _assess(connection, rules)
    for table in (
        "submission",
        "item",
        "referral",
        "trait",
        "principal",
        "report",
        "sender",
        "reported_file",
        "provenance",
        "comparison",
    ):
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        )


def _assess(connection: Connection, rules: PriorityRules) -> None:
    now = datetime.now(UTC)
    rows = []
    for one in connection.execute(text(_COUNTS)):
        facts = ReferralFacts(
            items=one.items,
            known_exact=one.known,
            known_categories={"made:1": one.known},
            near=one.near,
            unknown=one.unknown,
            unknown_with_camera_traces=one.unknown // 5 if one.r % 4 == 0 else 0,
            captured_last_30_days=one.unknown // 70,
            camera_bodies_with_serial=one.r % 4,
            places=one.items // 10,
            seen_nowhere_else=one.unknown,
            distinct_submissions=one.submissions,
            distinct_cases=1,
            incident_types=("material",) if one.origin == "provider" else (),
            accounts=one.submissions if one.origin == "provider" else 0,
        )
        found = assess(facts, rules, now)
        reasons = [
            {"axis": why.axis, "level": why.level, "rule": why.rule, "sentence": why.sentence, "lowers": why.lowers}
            for why in found.reasons
        ]
        levels = {
            "danger": found.danger,
            "clock": found.clock,
            "solvability": found.solvability,
            "network": found.network,
        }
        rows.append(
            {
                "b_id": one.r,
                "reasons": reasons,
                "facts": facts_document(facts),
                "near": one.near,
                "unknown": one.unknown,
                "sort_key": found.sort_key,
                **levels,
            }
        )
    names = ("reasons", "facts", "near", "unknown", "sort_key", "danger", "clock", "solvability", "network")
    changed = (
        update(referral).where(referral.c.id == bindparam("b_id")).values({name: bindparam(name) for name in names})
    )
    connection.execute(changed, rows)


def sign_in(connection: Connection, seconds: int = 36_000) -> list[str]:
    """A session for each person; their tokens, as a cookie carries them."""
    tokens = [secrets.token_urlsafe(32) for _ in range(PEOPLE)]
    connection.execute(
        text(
            "INSERT INTO session (token_sha256, principal_id, methods, created_at, seen_at, expires_at, stepped_up_at)"
            " VALUES (:token, :person, '[\"password\"]', now(), now(), now() + :seconds * interval '1 second', now())"
        ),
        [
            {"token": sha256(token.encode()).digest(), "person": person, "seconds": seconds}
            for person, token in enumerate(tokens, 1)
        ],
    )
    return tokens


def some(connection: Connection, query: str, count: int) -> list[int]:
    """Ids that a query names, spread over all of them, in the same order each time."""
    found = list(connection.execute(text(query)).scalars())
    step = max(1, len(found) // count)
    return found[::step][:count]


def main() -> None:
    """Sum up the referrals named on standard input, as referring them does; prints the seconds of each."""
    application = open_application(load_settings())
    took = []
    for referral_id in json.load(sys.stdin):
        started = time.perf_counter()
        now = datetime.now(UTC)
        with application.store.reading() as unit:
            found = sum_up(unit, unit.claims.submissions_of(referral_id), application.linking.rules)
        with application.store.writing() as unit:
            unit.networks.keep_summary(referral_id, found.document(), now)
            unit.commit()
        took.append(time.perf_counter() - started)
    application.close()
    json.dump(took, sys.stdout)


if __name__ == "__main__":
    main()
