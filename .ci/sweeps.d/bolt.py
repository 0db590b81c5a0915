"""A reader of bbolt files that shares no code with bbolt: what the file says, or that it is damaged."""
from __future__ import annotations
import struct

PAGE, MAGIC, BRANCH, LEAF = 4096, 0xED0CDAED, 1, 2


class Damaged(Exception):
    pass


def fnv64a(data: bytes) -> int:
    h = 0xcbf29ce484222325
    for b in data:
        h = (h ^ b) * 0x100000001b3 & 0xffffffffffffffff
    return h


def metas(data: bytes) -> list[tuple[int, int, int]]:
    """The valid meta pages, newest first: (txid, root page, page number)."""
    out = []
    for n in (0, 1):
        m = data[n * PAGE + 16:n * PAGE + 80]
        if len(m) < 64:
            continue
        magic, _, _, _, root, _, _, _, txid, sum = struct.unpack('<IIIIQQQQQQ', m)
        if magic == MAGIC and sum == fnv64a(m[:56]):
            out.append((txid, root, n))
    return sorted(out, reverse=True)


def dump(data: bytes) -> list:
    """All that the newest meta page leads to: sorted pairs of key and value, the value of a bucket such a list."""
    if not (ms := metas(data)):
        raise Damaged('no meta page')
    seen = set()
    try:
        return tree(data, ms[0][1], seen)
    except (struct.error, IndexError) as e:
        raise Damaged(str(e))


def tree(data: bytes, page: int, seen: set[int]) -> list:
    if page in seen or page < 2:
        raise Damaged(f'page {page} twice')
    seen.add(page)
    start = page * PAGE
    if start + PAGE > len(data):
        raise Damaged(f'page {page} is not there')
    number, _, _, overflow = struct.unpack('<QHHI', data[start:start + 16])
    if number != page:
        raise Damaged(f'page {page} says {number}')
    return elements(data, data[start:start + (1 + overflow) * PAGE], seen)


def elements(data: bytes, p: bytes, seen: set[int]) -> list:
    _, flags, count, _ = struct.unpack('<QHHI', p[:16])
    out = []
    for i in range(count):
        at = 16 + i * 16
        if flags == BRANCH:
            pos, size, child = struct.unpack('<IIQ', p[at:at + 16])
            piece(p, at + pos, size)  # where to look, not what is there
            out += tree(data, child, seen)
        elif flags == LEAF:
            bucket, pos, ksize, vsize = struct.unpack('<IIII', p[at:at + 16])
            key, value = piece(p, at + pos, ksize), piece(p, at + pos + ksize, vsize)
            if bucket:
                root, = struct.unpack('<Q', value[:8])
                value = tree(data, root, seen) if root else elements(data, value[16:], seen)
            out.append((key, value))
        else:
            raise Damaged(f'flags {flags}')
    return out


def piece(p: bytes, at: int, size: int) -> bytes:
    if at + size > len(p):
        raise Damaged('an element ends outside of its page')
    return p[at:at + size]
