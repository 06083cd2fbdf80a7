"""Strings and requests that nobody sends by mistake."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from urllib.parse import parse_qsl, quote, quote_from_bytes, quote_plus

from tests.attacks.crawl import BOUNDARY
from tests.attacks.visitor import FORM, Sent

TEXTS = (
    *("", " ", "\0", "a\0b", "\r\n", "王\0芳", "a\r\nSet-Cookie: a=b", "\u202e\u202dabc", "\ufeff", "\u200b"),
    *("👨‍👩‍👧‍👦", "e" + "\u0301" * 300, "\ufdfa" * 400, "１２３", "١٢٣", "²", "①", "½", "Ⅷ", "੧", "𠮷", "\ufffe", "🏴󠁧󠁢"),
    *(
        "0",
        "-1",
        "-0",
        "+1",
        " 1 ",
        "1.5",
        "1,5",
        "1_000",
        "0x10",
        "1e309",
        "1e-9",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "00000001",
    ),
    *(str(2**31 - 1), str(2**31), str(-(2**31) - 1), str(2**63 - 1), str(2**63), str(2**64), "9" * 20, "9" * 400),
    *("9" * 4300, "9" * 4301, "9" * 10_000, "-" + "9" * 10_000, "0" * 10_000, "１" * 5000, "0." + "0" * 5000 + "1"),
    *("0001-01-01", "9999-12-31", "2026-02-30", "2026-13-01", "20261125", "2026-W01-1", "-001-01-01", "10000-01-01"),
    *("2026-11-25T00:00", "2026-11", "202613", "202600", "000000", "999912", "999999", "000001", "24:00", "99:99"),
    *(
        "'",
        "' OR 1=1 --",
        '"; DROP TABLE holder; --',
        "%",
        "%_%",
        "\\",
        "a\\",
        "') UNION SELECT 1 --",
        "$1",
        "%(id)s",
        ":id",
        "?",
    ),
    *("<script>alert(1)</script>", "{{7*7}}", "${7*7}", "{%", "{0}", "{0.__class__}", "%s%s%n", "%d", "%"),
    *("../../../etc/passwd", "..\\..\\x", "/etc/passwd", "file:///etc/passwd", "//evil.example", "/\\evil.example"),
    *("javascript:alert(1)", "http://[", "http://[::1", "/desk?\n", "/[", "//[", "/kiosk/..//evil.example", "/%00"),
    *(
        "true",
        "null",
        "None",
        "[]",
        "{}",
        "on",
        "__class__",
        "self",
        "id",
        "~",
        "~~",
        "~" + "A" * 64,
        "(a+)+$",
        "[",
        "*",
        "(",
    ),
    *(
        "中" * 5000,
        "a" * 70_000,
        "a b " * 10_000,
        "\n" * 5000,
        "-" * 200,
        "," * 3000,
        "1," * 3000,
        "☃" * 60,
        "=1+1",
        "@",
        "＝1",
    ),
)
#: Percent-encoded already: what is no text at all.
BYTES = (
    b"%ED%A0%80",
    b"%ED%B0%80%ED%A0%80",
    b"%C0%AF",
    b"%FF%FE",
    b"%",
    b"%zz",
    b"%u0041",
    b"%25%30%30",
    b"+",
    b"&",
    b"=",
    b";",
)
WORDS = ("1", "2", "3", "0", "-1", "on", "a", "all", "open", "household", "2026-10-01", "202610")  # nearly right
HEADERS = (
    *(
        ("If-Modified-Since", value)
        for value in ("x", "Thu, 99 Foo 2026 00:00:00 GMT", "0", "9" * 5000, "Mon, 01 Jan 0001 00:00:00 GMT")
    ),
    *(("If-None-Match", value) for value in ("*", '"', 'W/"', "x" * 5000, '"a","b"', "\xff")),
    *(("If-Match", value) for value in ("*", '"x"')),
    *(("If-Range", value) for value in ("x", '"x"', "Thu, 01 Jan 1970 00:00:00 GMT")),
    *(
        ("Range", value)
        for value in (
            "bytes=0-0",
            "bytes=-1",
            "bytes=9-1",
            "bytes=a-b",
            "bytes=0-" + "9" * 30,
            "x=1",
            "bytes=" + "0-1," * 500,
            "bytes",
        )
    ),
    *(("HX-Request", value) for value in ("true", "TRUE", "\xff", "1")),
    *(("HX-Current-URL", value) for value in ("http://[", "javascript:1", "\xff", "//evil.example", "x" * 5000)),
    *(("HX-Target", value) for value in ("<b>", "\xff" * 10)),
    ("HX-Boosted", "true"),
    ("HX-History-Restore-Request", "true"),
    *(("Referer", value) for value in ("http://[", "\xff", "//", "http://localhost\x7f/")),
    *(
        ("Origin", value)
        for value in ("null", "http://[", "http://[::1", "http://]", "\xff", "http://localhost", "//localhost")
    ),
    *(("Sec-Fetch-Site", value) for value in ("cross-site", "none", "\xff")),
    *(("Host", value) for value in ("evil.example", "localhost:99999", "[", "a b", "\xff", "x" * 300, "")),
    *(("X-Forwarded-For", value) for value in ("1.2.3.4", "'", "\xff", "," * 500)),
    *(("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "gopher"), ("X-HTTP-Method-Override", "DELETE")),
    *(("Accept", value) for value in ("*/*;q=x", "a" * 3000, "text/html;level=" + "9" * 400)),
    *(("Accept-Language", value) for value in ("*", "x;q=9e9", "\xff", "zh-CN;q=" + "9" * 400)),
    *(
        ("Accept-Encoding", "gzip;q=x"),
        ("Accept-Charset", "utf-7"),
        ("Content-Encoding", "gzip"),
        ("Expect", "100-continue"),
    ),
    *(("User-Agent", value) for value in ("", "\xff\xfe", "x" * 5000, "MicroMessenger")),
    *(("Authorization", value) for value in ("Basic", "Basic !!!", "Digest a=", "Bearer \xff")),
    *(("Transfer-Encoding", "chunked"), ("X-CSRFToken", "x" * 4000), ("Cache-Control", "max-age=x")),
    *(("Content-Length-Two", "1"), ("Cookie-Two", "1")),
)
COOKIES = ("session=;", "=", ";;;", "shanzhi=x", "shanzhi=.eJ", "resident=\xff", "resident=" + "a" * 4000, "kiosk=\0", "visit=a.b.c", "visit=..", "visit=a.zz.b", "device=\xff", "a=\"\\", "shanzhi=e30.e30.e30", "large=9" * 50)  # fmt: skip

#: What is done to a request: (request, chance, names of fields in use) -> a hostile one.
Deed = Callable[[Sent, Random, tuple[str, ...]], Sent]


def nasty(random: Random) -> bytes:
    """A value as it stands percent-encoded in a query or a form."""
    kind = random.random()
    if kind < 0.12:
        return random.choice(BYTES)
    if kind < 0.25:
        return random.choice(WORDS).encode()
    if kind < 0.26:
        return b"a" * (1 << 20)
    return quote_plus(random.choice(TEXTS), errors="replace").encode()


def pairs(encoded: bytes) -> list[tuple[bytes, bytes]]:
    found = parse_qsl(encoded.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="replace")
    return [(quote_plus(name).encode(), quote_plus(value).encode()) for name, value in found]


def joined(fields: list[tuple[bytes, bytes]]) -> bytes:
    return b"&".join(name + b"=" + value for name, value in fields)


def spoiled(encoded: bytes, random: Random, names: tuple[str, ...]) -> tuple[bytes, str]:
    """Fields with one or all of them changed, doubled, dropped, or with others added."""
    fields = pairs(encoded)
    deed = random.random()
    if fields and deed < 0.5:
        place = random.randrange(len(fields))
        fields[place] = (fields[place][0], nasty(random))
        return joined(fields), f"{fields[place][0].decode()} changed"
    if fields and deed < 0.6:
        return joined([(name, nasty(random)) for name, _ in fields]), "all changed"
    if fields and deed < 0.68:
        place = random.randrange(len(fields))
        return joined([*fields, (fields[place][0], nasty(random))]), "a field twice"
    if fields and deed < 0.76:
        return joined([field for field in fields if random.random() < 0.6]), "fields missing"
    added = [(quote_plus(random.choice(names)).encode(), nasty(random)) for _ in range(random.randint(1, 4))]
    if deed < 0.97:
        return joined([*fields, *added]), "fields added"
    return b"".join(random.choice(BYTES) + b"&" for _ in range(30)) + b"[]=1&a[]=2&a[b]=3&=&", "no fields"


def every_name(sent: Sent, random: Random, names: tuple[str, ...], value: str = "") -> Sent:
    """Every name that any view reads, each with a hostile value or all with the same: whatever a view takes as it comes,
    it meets here."""
    short = [text for text in TEXTS if len(text) < 100]
    fields = [(name.encode(), quote_plus(value or random.choice(short), errors="replace").encode()) for name in names]
    return sent.plus(f"query: every name {value[:9]}", query=joined(fields))


def in_the_query(sent: Sent, random: Random, names: tuple[str, ...]) -> Sent:
    query, what = spoiled(sent.query, random, names)
    return sent.plus(f"query: {what}", query=query[:60_000])


def in_the_form(sent: Sent, random: Random, names: tuple[str, ...]) -> Sent:
    if sent.content_type.startswith("multipart") and random.random() < 0.7:
        return in_the_parts(sent, random, names)
    if random.random() < 0.2:  # a key where none is expected
        return sent.plus("a once-key", body=sent.body + b"&_once=" + str(random.random()).encode(), content_type=FORM)
    body, what = spoiled(sent.body, random, names)
    return sent.plus(f"form: {what}", body=body, content_type=FORM)


def in_the_parts(sent: Sent, random: Random, names: tuple[str, ...]) -> Sent:
    """A multipart body: broken, cut, with a value of bytes, with hostile file names."""
    edge, body = f"--{BOUNDARY}".encode(), sent.body or f"--{BOUNDARY}--\r\n".encode()
    pieces = body.split(edge)
    deed = random.randrange(8)
    if deed == 0:
        return sent.plus("multipart cut", body=body[: random.randrange(len(body) + 1)])
    if deed == 1:
        return sent.plus("another boundary", content_type="multipart/form-data; boundary=other")
    if deed == 2:
        return sent.plus("no boundary", content_type="multipart/form-data")
    if deed == 3:
        return sent.plus("500 parts", body=b"".join([edge, pieces[1] if len(pieces) > 2 else b""] * 500) + body)
    if deed == 4:
        name = random.choice(('a"b.jpg', "../../x.jpg", "\0.jpg", "a" * 4000, "ａ．xlsx", "x.xlsx\r\nX: y", ""))
        return sent.plus("file name", body=body.replace(b'filename="a.jpg"', f'filename="{name}"'.encode()))
    value = random.choice((b"\0", b"\xff\xfe", b"\xed\xa0\x80", "中".encode() * 400, b"9" * 5000, b"", b"\r\n--"))
    place = random.randrange(1, len(pieces)) if len(pieces) > 2 else 0
    head, found, _ = pieces[place].partition(b"\r\n\r\n")
    pieces[place] = head + found + value + b"\r\n" if found else pieces[place]
    return sent.plus("value of bytes", body=edge.join(pieces))


def in_the_path(sent: Sent, random: Random, _: tuple[str, ...]) -> Sent:
    steps = sent.path.split(b"/")
    places = [place for place, step in enumerate(steps) if step and (step.isdigit() or len(step) > 7)]
    place = random.choice(places) if places and random.random() < 0.85 else random.randrange(1, len(steps) + 1)
    text = quote(random.choice(TEXTS)[:2000], safe="").encode() if random.random() < 0.8 else random.choice(BYTES)
    steps[place : place + 1] = [text]
    return sent.plus(f"path: step {place}", path=b"/".join(steps) or b"/")


def in_the_headers(sent: Sent, random: Random, _: tuple[str, ...]) -> Sent:
    return sent.plus("headers", headers=(*sent.headers, *random.sample(HEADERS, random.randint(1, 4))))


def in_the_cookies(sent: Sent, random: Random, _: tuple[str, ...]) -> Sent:
    return sent.plus("cookies", headers=(*sent.headers, ("Cookie", random.choice(COOKIES))))


def another_body(sent: Sent, random: Random, _: tuple[str, ...]) -> Sent:
    """A body of another kind than the form's."""
    kind, body = random.choice(
        (
            ("application/json", b'{"a": [1, {"b": null}]}'),
            ("application/json", b"{"),
            ("application/json", b"[" * 100_000),
            ("text/plain", b"a=b"),
            ("application/xml", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'),
            ("application/octet-stream", bytes(range(256)) * 40),
            (f"{FORM}; charset=utf-16", sent.body),
            (f"{FORM}; charset=nonsense", sent.body),
            ("x" * 3000, sent.body),
            ("\xff/\xfe", sent.body),
            ("", sent.body),
            (FORM, b"a=" + b"b" * (1 << 20)),
            (FORM, b"&".join(b"a%d=1" % number for number in range(3000))),
        )
    )
    return sent.plus(f"body of {kind[:40]!r}", body=body, content_type=kind)


def another_length(sent: Sent, random: Random, _: tuple[str, ...]) -> Sent:
    return sent.plus("length", length=random.choice((0, len(sent.body) // 2, len(sent.body) + 9, 5 << 30)))


def another_method(sent: Sent, random: Random, _: tuple[str, ...]) -> Sent:
    return sent.plus("method", method=random.choice(("HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "PATCH", "GE\xff")))


READING: tuple[tuple[Deed, int], ...] = (
    (in_the_query, 12),
    (in_the_path, 4),
    (in_the_headers, 3),
    (in_the_cookies, 1),
    (another_method, 1),
)
WRITING: tuple[tuple[Deed, int], ...] = (
    (in_the_form, 14),
    (in_the_query, 2),
    (in_the_path, 3),
    (in_the_headers, 2),
    (in_the_cookies, 1),
    (another_body, 2),
    (another_length, 1),
)


def spoil(sent: Sent, random: Random, names: tuple[str, ...]) -> Sent:
    """A hostile request made of an honest one."""
    deeds = WRITING if sent.method == "POST" else READING
    chosen: Deed = random.choices([deed for deed, _ in deeds], [weight for _, weight in deeds])[0]
    spoiled_one = chosen(sent, random, names)
    return in_the_query(spoiled_one, random, names) if random.random() < 0.1 else spoiled_one


def encoded(value: str) -> str:
    return quote_from_bytes(value.encode("utf-8", "surrogatepass"))
