"""Statements of an SQL script, told apart and never run: only the few kinds that deltas of databases are made of.

    INSERT INTO t [(column, …)] VALUES (literal, …), (…);
    UPDATE t SET column = literal, … WHERE condition;
    DELETE FROM t WHERE condition;

A condition is `column = literal`, `column IN (literal, …)`, `column IS literal` or `column IS NULL`, several joined
by AND. `BEGIN`, `COMMIT`, `END` and `PRAGMA` say nothing about rows. Whatever else occurs is one `Unread`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from hashsets.errors import HashSetError
from hashsets.formats.lines import utf8_chunks

TOKEN_MAX = 1 << 20
READ_SIZE = 1 << 16
LISTED_MAX = 1000
"""Columns, assignments, conditions, or literals after IN, of one statement."""

T = TypeVar("T")
Literal = str | int | float | bytes | None

TOKEN = re.compile(
    r"""(?P<blank>\s+|--[^\n]*(?:\n|\Z)|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)
      | (?P<blob>[xX]'[^']*')
      | (?P<string>'[^']*(?:''[^']*)*'(?!'))
      | (?P<quoted>"[^"]*(?:""[^"]*)*"(?!")|`[^`]*`|\[[^\]]*\])
      | (?P<unclosed>[xX]?'|["`\[]|/\*)
      | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d]\w*)
      | (?P<mark>.)""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)

Token = tuple[str, str]
"""Kind (a group of `TOKEN`) and text as written."""

EXPONENT_BEGUN = 2
"""Characters that may follow a whole token and yet turn out to belong to it: `e-` after a number."""

OPENING, COMMA, SEMICOLON = ("mark", "("), ("mark", ","), ("mark", ";")


@dataclass(frozen=True, slots=True)
class Insertion:
    """One row of an INSERT; an Unread of the same statement takes it back. No columns: as the table has them."""

    statement: int
    table: str
    columns: tuple[str, ...] | None
    values: tuple[Literal, ...]


Condition = tuple[str, tuple[Literal, ...]]
"""A column and what it may be equal to; None among them means IS NULL."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A DELETE of the rows that meet all conditions, of which there is at least one."""

    statement: int
    table: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """An UPDATE of the rows that meet all conditions, of which there is at least one."""

    statement: int
    table: str
    assigned: tuple[tuple[str, Literal], ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """A statement of another kind or shape."""

    statement: int


@dataclass(frozen=True, slots=True)
class Silent:
    """A statement that says nothing of rows."""

    statement: int


Statement = Insertion | Removal | Change | Unread | Silent


def read_statements(stream: BinaryIO, before: int = 0) -> Iterator[Statement]:
    """Statements in order, counted from 1 after so many `before`; names in lower case.

    Raises HashSetError when the script breaks off in a statement, a string or a transaction, takes something back
    (ROLLBACK), makes a trigger (whose body would look like statements), or holds a token of more than `TOKEN_MAX`
    characters.
    """
    tokens = _Tokens(_tokens(stream))
    number = before
    open_transaction = False
    while (token := tokens.ahead()) is not None:
        if token == SEMICOLON:
            tokens.take()
            continue
        number += 1
        word = tokens.word()
        if word in {"begin", "commit", "end"}:
            open_transaction = word == "begin"
        try:
            yield from _statement(number, word, tokens)
        except _NotUnderstoodError:
            tokens.skip_statement()
            yield Unread(number)
    if open_transaction:
        raise _broken_off()


class _NotUnderstoodError(Exception):
    """The statement is of no shape that is read."""


def _statement(number: int, word: str, tokens: _Tokens) -> Iterator[Statement]:
    if word == "insert":
        yield from _insertions(number, tokens)
    elif word in {"delete", "update"}:
        concerning_rows = _removal(number, tokens) if word == "delete" else _change(number, tokens)
        tokens.expect(";")
        yield concerning_rows
    elif word in {"begin", "commit", "end", "pragma"}:
        tokens.skip_statement()
        yield Silent(number)
    elif word == "rollback":
        raise HashSetError("sql-takes-back", "the script takes statements back; what it means cannot be told")
    elif word == "create" and tokens.skip_words({"temp", "temporary"}) == "trigger":
        raise HashSetError("sql-makes-trigger", "the script makes a trigger; what it means cannot be told")
    else:
        raise _NotUnderstoodError


def _removal(number: int, tokens: _Tokens) -> Removal:
    tokens.expect("from")
    return Removal(number, tokens.name(), _conditions(tokens))


def _change(number: int, tokens: _Tokens) -> Change:
    table = tokens.name()
    tokens.expect("set")
    return Change(number, table, _assignments(tokens), _conditions(tokens))


def _insertions(number: int, tokens: _Tokens) -> Iterator[Insertion]:
    tokens.expect("into")
    table = tokens.name()
    columns: tuple[str, ...] | None = None
    if tokens.ahead() == OPENING:
        columns = _listed(tokens, tokens.name)
    tokens.expect("values")
    while True:
        yield Insertion(number, table, columns, _listed(tokens, tokens.literal))
        if tokens.ahead() != COMMA:
            break
        tokens.take()
    tokens.expect(";")


def _assignments(tokens: _Tokens) -> tuple[tuple[str, Literal], ...]:
    found: list[tuple[str, Literal]] = []
    while len(found) < LISTED_MAX:
        column = tokens.name()
        tokens.expect("=")
        found.append((column, tokens.literal()))
        if tokens.ahead() != COMMA:
            return tuple(found)
        tokens.take()
    raise _NotUnderstoodError


def _conditions(tokens: _Tokens) -> tuple[Condition, ...]:
    tokens.expect("where")
    found: list[Condition] = []
    while len(found) < LISTED_MAX:
        found.append(_condition(tokens))
        if tokens.ahead_word() != "and":
            return tuple(found)
        tokens.take()
    raise _NotUnderstoodError


def _condition(tokens: _Tokens) -> Condition:
    column = tokens.name()
    relation = tokens.take()[1].lower()
    if relation == "is":
        return column, (tokens.literal(),)
    if relation == "=":
        value = tokens.literal()
        return column, () if value is None else (value,)  # nothing equals NULL
    if relation == "in":
        return column, tuple(value for value in _listed(tokens, tokens.literal) if value is not None)
    raise _NotUnderstoodError


def _listed(tokens: _Tokens, one: Callable[[], T]) -> tuple[T, ...]:
    """What stands in brackets, with commas between."""
    tokens.expect("(")
    found = [one()]
    while tokens.ahead() == COMMA:
        if len(found) == LISTED_MAX:
            raise _NotUnderstoodError
        tokens.take()
        found.append(one())
    tokens.expect(")")
    return tuple(found)


class _Tokens:
    """Tokens without blanks and comments, with one to look ahead at."""

    def __init__(self, tokens: Iterator[Token]) -> None:
        self._tokens = tokens
        self._ahead = next(tokens, None)

    def ahead(self) -> Token | None:
        return self._ahead

    def ahead_word(self) -> str:
        """The word ahead in lower case; empty when it is something else."""
        return self._ahead[1].lower() if self._ahead and self._ahead[0] == "word" else ""

    def take(self) -> Token:
        taken = self._ahead
        if taken is None:
            raise _broken_off()
        self._ahead = next(self._tokens, None)
        return taken

    def word(self) -> str:
        kind, text = self.take()
        return text.lower() if kind == "word" else ""

    def skip_words(self, words: Collection[str]) -> str:
        """The first word that is none of `words`."""
        while (word := self.ahead_word()) in words:
            self.take()
        return word

    def expect(self, text: str) -> None:
        if self._ahead is not None and self._ahead[1].lower() != text:
            raise _NotUnderstoodError
        self.take()

    def name(self) -> str:
        """A table or column, in lower case."""
        kind, text = self._ahead or self.take()
        if kind not in {"word", "quoted"}:
            raise _NotUnderstoodError
        self.take()
        if kind == "quoted":
            text = text[1:-1].replace(text[0] * 2, text[0]) if text[0] != "[" else text[1:-1]
        return text.lower()

    def literal(self) -> Literal:
        kind, text = self._ahead or self.take()
        read = LITERALS.get(kind)
        if read is None or (kind == "word" and text.lower() != "null"):
            raise _NotUnderstoodError
        try:
            value = read(text)
        except ValueError:  # no number, or no hexadecimal digits
            raise _NotUnderstoodError from None
        self.take()
        return value

    def skip_statement(self) -> None:
        """Up to the semicolon, which stays."""
        while self._ahead != SEMICOLON:
            self.take()


def _number(text: str) -> int | float:
    if not text.lstrip("+-").isdigit():
        return float(text)
    number = int(text)
    return number if -(1 << 63) <= number < 1 << 63 else float(text)


LITERALS: Mapping[str, Callable[[str], Literal]] = {
    "string": lambda text: text[1:-1].replace("''", "'"),
    "blob": lambda text: bytes.fromhex(text[2:-1]),
    "number": _number,
    "word": lambda _: None,
}


def _tokens(stream: BinaryIO) -> Iterator[Token]:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    text = ""
    for chunk in utf8_chunks(stream, READ_SIZE):
        text += decoder.decode(chunk)
        used = yield from _whole_tokens(text, final=False)
        text = text[used:]
        if len(text) > TOKEN_MAX:
            raise HashSetError("sql-token-too-long", f"a value of the script exceeds {TOKEN_MAX >> 20} MiB")
    text += decoder.decode(b"", final=True)
    yield from _whole_tokens(text, final=True)


def _whole_tokens(text: str, *, final: bool) -> Generator[Token, None, int]:
    """The tokens of a text that may go on; returns where the first one begins that may not be whole."""
    for match in TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if not final and (kind == "unclosed" or match.end() + EXPONENT_BEGUN >= len(text)):
            return match.start()
        if kind == "unclosed":
            raise _broken_off()
        if kind != "blank":
            yield kind, match[0]
    return len(text)


def _broken_off() -> HashSetError:
    return HashSetError("sql-broken-off", "the script breaks off; nothing of it is taken")
