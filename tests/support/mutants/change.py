"""Random changes to a file: of its bytes, of the fields of a DICOM file, of the words of a text.

A mutant is a list of edits, so that one that was ever found wanting can be kept although the dice change.
"""

import random
import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

Edit = tuple[int, int, bytes]
"""Where, how many bytes go, what comes in their place; each edit is of the file as the one before left it."""
Kind = Literal["dicom", "text", "binary"]

MOST_MORE = 30_000
"""Bytes that one repetition may add."""
_LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
_VRS = ("AE", "AS", "CS", "DA", "DS", "FD", "FL", "IS", "LO", "OB", "OW", "PN", "SQ", "SS", "UI", "UN", "US", "UT")
_NUMBERS = (
    b"0", b"1", b"-1", b"nan", b"inf", b"-inf", b"1e400", b"1e-320", b"65535", b"65536", b"2147483647", b"4294967296",
    b"-2147483648", b"99999999999999999999", b"0x10", b"1,5", b"", b" ", b"1\\2", b"1/0", b"9" * 400, b"\xd9\xa3",
    b"true", b"null", b"0.0\\nan\\0.0", b"1e308", b"0.1.2",
)  # fmt: skip
_TEXTS = (
    b"../../../../etc/passwd", b"..\\..\\x", b"/dev/zero", b"CON", b"a\0b", b"\xe2\x80\xae\xe2\x80\xadgnp.exe",
    b"x" * 300, b"\x1b$B\x1b(J", b"\xff\xfe\xfd", b"", b"%s%n", b"<!ENTITY a SYSTEM 'file:///etc/passwd'>", b"{}", b"[",
    b"ISO 2022 IR 87\\ISO_IR 9999", b"GB18030", b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.5", b"1.2.3.4",
    b"1.2.840.10008.5.1.4.1.1.66.4", b"1.2.840.10008.1.2.1.99", b"nan", b"SEG", b"ECG", b"PALETTE COLOR",
)  # fmt: skip
_SYNTAXES = tuple(
    f"1.2.840.10008.1.2{tail}".encode()
    for tail in ("", ".1", ".2", ".5", ".1.99", ".4.50", ".4.51", ".4.57", ".4.70", ".4.80", ".4.90", ".4.201")
)
_WORD = re.compile(rb"[A-Za-z_]{2,40}|[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")


def applied(content: bytes, edits: Sequence[Edit]) -> bytes:
    """The file after all edits."""
    out = bytearray(content)
    for at, gone, new in edits:
        out[at : at + gone] = new
    return bytes(out)


def edits_of(content: bytes, kind: Kind, number: int) -> tuple[Edit, ...]:
    """One to six changes, the same for the same file and number."""
    dice = random.Random(number)
    out: list[Edit] = []
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 6))):
        now = applied(content, out)
        if not now:
            break
        if kind == "dicom" and not out and dice.random() < 0.7 and (fields := _fields(content)):
            out.append(_field_edit(now, fields[dice.randrange(len(fields))], dice))
        elif kind == "text" and dice.random() < 0.75:
            out.append(_word_edit(now, dice))
        else:
            out.append(_byte_edit(now, dice))
    return tuple(out)


def _byte_edit(now: bytes, dice: random.Random) -> Edit:
    """Anywhere, but more often near the beginning, where headers lie."""
    at = dice.randrange(min(len(now), dice.choice((64, 400, 2000, len(now)))))
    kind = dice.randrange(9)
    if kind == 0:
        return at, 1, bytes([dice.randrange(256)])
    if kind == 1:
        return at, 1, bytes([now[at] ^ 1 << dice.randrange(8)])
    if kind == 2:
        return at, 4, dice.choice((b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\0\x80"))
    if kind == 3:
        return at, dice.randrange(1, 40), b""
    if kind == 4:
        return at, 0, dice.randbytes(dice.randrange(1, 20))
    if kind == 5:
        return at, len(now) - at, b""  # cut short
    if kind == 6:
        start = dice.randrange(len(now))
        return at, 0, now[start : start + dice.randrange(1, 200)]
    if kind == 7:
        return at, dice.randrange(1, 64), bytes(dice.randrange(1, 64))
    order = dice.choice(("<", ">"))
    return at, 2, struct.pack(order + "H", dice.choice((0, 1, 2, 255, 256, 32768, 65535)))


def _word_edit(now: bytes, dice: random.Random) -> Edit:
    """A word or number replaced; a line taken away, repeated or moved."""
    start = dice.randrange(min(len(now), dice.choice((200, 2000, len(now)))))
    if dice.random() < 0.25:
        line = now.rfind(b"\n", 0, start) + 1
        end = now.find(b"\n", start) + 1 or len(now)
        again = (now[line:end] * dice.choice((1, 2, 50)))[:MOST_MORE]
        return (line, end - line, b"") if dice.random() < 0.5 else (line, 0, again)
    found = _WORD.search(now, start) or _WORD.search(now)
    if found is None:
        return _byte_edit(now, dice)
    numeric = not found[0][:1].isalpha()
    new = dice.choice(_NUMBERS if numeric and dice.random() < 0.8 else _TEXTS)
    return found.start(), len(found[0]), new


# --- DICOM -------------------------------------------------------------------------------------------------------

Element = tuple[int, int, int, int, str, int]
"""Tag, offset of the element, offset of its length, width of the length in bytes, VR, length of the value."""


@lru_cache(maxsize=64)
def _fields(content: bytes) -> tuple[Element, ...]:
    """Elements of a file in little or big endian, nested ones among them; those up to where it is no longer sound."""
    if content[128:132] != b"DICM":
        return ()
    meta = content[132:1024]
    order = ">" if b"1.2.840.10008.1.2.2\0" in meta else "<"
    implicit = b"1.2.840.10008.1.2\0" in meta
    at, out = 132, []
    while at + 8 <= len(content):
        first = content[at : at + 2] == b"\x02\0"
        way = "<" if first else order
        group, number = struct.unpack_from(way + "HH", content, at)
        tag, vr = group << 16 | number, content[at + 4 : at + 6].decode("latin-1")
        if group == 0xFFFE or (implicit and not first):
            vr, where, width = "", at + 4, 4
        elif vr in _LONG:
            where, width = at + 8, 4
        else:
            where, width = at + 6, 2
        if where + width > len(content):
            break
        (length,) = struct.unpack_from(way + ("I" if width == 4 else "H"), content, where)
        inside = group == 0xFFFE or vr == "SQ" or length == 0xFFFFFFFF
        out.append((tag, at, where, width, vr, 0 if inside else length))
        at = where + width + (0 if inside else length)
    return tuple(out)


def _field_edit(now: bytes, field: Element, dice: random.Random) -> Edit:
    """A value, VR or length changed; or the element gone, twice, or of another tag."""
    tag, at, where, width, vr, length = field
    order = ">" if b"1.2.840.10008.1.2.2\0" in now[132:1024] and tag >> 16 != 2 else "<"
    end = where + width + length
    code = order + ("I" if width == 4 else "H")
    kind = dice.randrange(10)
    if kind == 0 and vr:
        return at + 4, 2, dice.choice(_VRS).encode()
    if kind == 1:
        wrong = dice.choice((0, 1, length + 1, length + 2, max(length - 2, 0), 0xFFFF, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFE))
        return where, width, struct.pack(code, min(wrong, 0xFFFFFFFF if width == 4 else 0xFFFF))
    if kind == 2:
        return at, end - at, b""
    if kind == 3:
        return end, 0, (now[at:end] * dice.choice((1, 1, 3, 30)))[:MOST_MORE]
    if kind == 4:
        return at, 4, struct.pack(order + "HH", dice.choice((2, 8, 0x10, 0x20, 0x28, 0x5200, 0x7FE0)), tag & 0xFFFF)
    value = _value(tag, vr, length, order, dice)
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB") else b" "
    return where, width + length, struct.pack(code, len(value)) + value


def _value(tag: int, vr: str, length: int, order: str, dice: random.Random) -> bytes:
    if tag == 0x00020010 and dice.random() < 0.8:
        return dice.choice(_SYNTAXES)
    if vr in ("US", "SS") or (not vr and length == 2):
        return struct.pack(order + "H", dice.choice((0, 1, 2, 7, 8, 9, 12, 16, 32, 64, 255, 4096, 32768, 65535)))
    if vr in ("FD", "FL"):
        number = dice.choice((0.0, -1.0, float("nan"), float("inf"), 1e300, 1e-300))
        if vr == "FD":
            return struct.pack(order + "d", number)
        return struct.pack(order + "f", 0.0 if abs(number) > 1e38 else number)
    if vr in ("OB", "OW", "UN", "UL", "SL"):
        return dice.randbytes(dice.choice((0, 1, 2, 3, 4, 8, length // 2, min(length * 2, 4096))))
    if vr in ("DS", "IS"):
        number = dice.choice(_NUMBERS)
        return b"\\".join([number] * dice.choice((1, 1, 2, 3, 6))) if dice.random() < 0.7 else dice.choice(_TEXTS)
    return dice.choice(_TEXTS + _NUMBERS)
