"""How often one address may try to sign in, and whose word about the address is believed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from tests.unit.triage.people import House
from triage.domain.people import Role
from triage.interfaces.web.addresses import Attempts, address_of, place_of
from triage.interfaces.web.statuses import TooManyRequests
from triage.settings import ServeSettings, load_settings

SETTINGS = load_settings().sign_in.model_copy(update={"address_tries": 3, "address_tries_a_minute": 6.0})


def limited(house: House, **serve: object) -> None:
    """Three tries, and no more while a test runs."""
    settings = house.application.settings
    few = SETTINGS.model_copy(update={"address_tries_a_minute": 0.01})
    chosen = settings.model_copy(update={"sign_in": few, "serve": settings.serve.model_copy(update=serve)})
    house.application = replace(house.application, settings=chosen)


def tries(client: TestClient, house: House, times: int, login: str = "nobody-{}", **headers: str) -> list[int]:
    """The statuses of so many wrong tries, each with another login."""
    return [
        client.post("/sign-in", data=house.form("dara", login=login.format(one), password="wrong"), headers=headers)
        .status_code
        for one in range(times)
    ]  # fmt: skip


def test_one_address_tries_many_logins_and_is_told_to_wait(house: House) -> None:
    """429 before anything is hashed or kept; the right password as well, and a code for enrolling."""
    house.enrolled("dara", Role.ANALYST)
    limited(house)
    client = house.client()
    assert tries(client, house, 3) == [403] * 3
    hashed, kept = len(house.passwords.checked), rulings(house)
    answer = client.post("/sign-in", data=house.form("dara"))
    assert (answer.status_code, "set-cookie" in answer.headers) == (429, False)
    assert int(answer.headers["retry-after"]) > 60
    assert "Too many tries from this address" in answer.text
    assert client.post("/enrol", data={"code": "made-up"}).status_code == 429
    assert (len(house.passwords.checked), rulings(house)) == (hashed, kept)


def rulings(house: House) -> int:
    """How many are kept."""
    with house.application.store.reading() as unit:
        return int(unit.connection.exec_driver_sql("SELECT count(*) FROM access_asked").scalar_one())


def test_what_succeeds_does_not_count(house: House) -> None:
    """An office behind one address signs in, all of it."""
    limited(house)
    client = house.client()
    for number in range(6):
        house.enrolled(f"person-{number}", Role.ANALYST)
        assert client.post("/sign-in", data=house.form(f"person-{number}")).status_code == 303
    assert tries(client, house=with_secret(house), times=3) == [403] * 3


def with_secret(house: House) -> House:
    """A house in which `form` can be filled in for somebody."""
    house.secrets.setdefault("dara", "A" * 32)
    return house


def test_without_a_proxy_of_ours_nobody_is_believed(house: House) -> None:
    """Whoever writes another address into each request is the same address all the same."""
    limited(with_secret(house))
    client = house.client(client=("198.51.100.7", 1))
    found = [tries(client, house, 1, **{"X-Forwarded-For": f"203.0.113.{one}"})[0] for one in range(4)]
    assert found == [403, 403, 403, 429]
    assert tries(client, house, 1, **{"Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"}) == [429]


def test_a_proxy_tells_one_address_from_another(house: House) -> None:
    """Each has its own tries; what an attacker wrote before the proxy's own entry is not read."""
    limited(with_secret(house), proxies=("192.0.2.0/24",))
    client = house.client(client=("192.0.2.1", 1))
    written = [{"X-Forwarded-For": f"203.0.113.{one}, 198.51.100.7"} for one in range(4)]
    assert [tries(client, house, 1, **one)[0] for one in written] == [403, 403, 403, 429]
    assert tries(client, house, 1, **{"X-Forwarded-For": "198.51.100.8"}) == [403]


@pytest.mark.parametrize(
    ("peer", "said", "asks"),
    [
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], "203.0.113.9"),
        ("192.0.2.1", ["203.0.113.9, 192.0.2.2"], "203.0.113.9"),
        ("192.0.2.1", ["10.0.0.1", "203.0.113.9"], "203.0.113.9"),
        ("192.0.2.1", ["192.0.2.7"], "192.0.2.7"),
        ("::ffff:192.0.2.1", ["2001:db8::1"], "2001:db8::1"),
        ("192.0.2.1", ["no address"], "no address"),
    ],
)
def test_whose_word_is_believed(peer: str, said: list[str], asks: str) -> None:
    """The connection's, then what each proxy of ours says, from the end."""
    headers = [(b"x-forwarded-for", one.encode()) for one in said]
    request = Request({"type": "http", "headers": headers, "client": (peer, 1)})
    assert address_of(request, ("192.0.2.0/24", "2001:db8:ffff::/48")) == asks


def test_a_place_is_an_address_or_a_subscribers_network() -> None:
    """One subscriber has 2^64 addresses of IPv6; text that is no address is cut."""
    assert place_of("2001:db8::1") == place_of("2001:db8::ffff") != place_of("2001:db8:0:1::1")
    assert place_of("::ffff:192.0.2.1") == place_of("192.0.2.1") == "192.0.2.1"
    assert place_of("fe80::1%eth0") == place_of("fe80::2")
    assert len(place_of("x" * 1_000)) == 64


class _Wrong(Exception):
    """A try that fails."""


def _go_wrong() -> None:
    raise _Wrong


def test_tries_come_back_with_time_and_memory_is_bounded() -> None:
    """One every ten seconds here, three at most."""
    now = [0.0]
    attempts, tried = Attempts(lambda: now[0]), list[str]()

    def fails(place: str) -> bool:
        """Whether the address had a try left, which fails."""
        with suppress(_Wrong, TooManyRequests), attempts.one(place, SETTINGS):
            tried.append(place)
            _go_wrong()
        return bool(tried) and tried.pop() == place

    assert [fails("a") for _ in range(4)] == [True, True, True, False]
    assert fails("b")
    now[0] = 10.0
    assert [fails("a") for _ in range(2)] == [True, False]
    now[0] = 10_000.0
    assert [fails("a") for _ in range(4)] == [True, True, True, False]
    for number in range(20_000):
        fails(f"place {number}")
    assert len(attempts._left) <= 10_000


@pytest.mark.parametrize("proxies", [("no address",), ("192.0.2.1/24",)])
def test_a_proxy_that_is_no_address_refuses_to_start(proxies: tuple[str, ...]) -> None:
    """Rather than believing nobody, or somebody else."""
    with pytest.raises(ValueError, match=r"address|network|host bits"):
        ServeSettings(host="127.0.0.1", port=1, names=(), proxies=proxies)
