#!/usr/bin/env python3
"""Reads snap's change sets as docs/formats.md describes them, and shares no code with snap.

  read_changes.py DEST/.snap/changes/0000000002   the records of one set, a JSON object a line, then its header
  read_changes.py --tree SET…                     what the snapshot of the last set holds; all sets from the first on

A test compares what it prints with what snap does.
"""
import base64
import json
import struct
import sys

KINDS = ['none', 'file', 'dir', 'symlink', 'fifo', 'socket', 'chardev', 'blockdev']
CHANGES = ['', 'added', 'modified', 'metadata', 'moved', 'type', 'removed', 'silent']
STORED = ['absent', 'copied', 'linked', 'cloned', 'made', 'joined']
STAT, BTIME, HASHED, RACY, XATTRS, RDEV, TARGET, FROM, TO, INCONSISTENT, UNREADABLE, LINK, HOLES, CAPPED, SPARSE, SINCE, PATCHED = (
    1 << n for n in range(9, 26))

TABLE = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
    TABLE.append(n)


class Damaged(Exception):
    pass


def crc32c(data, crc=0):
    crc ^= 0xFFFFFFFF
    for b in data:
        crc = crc >> 8 ^ TABLE[(crc ^ b) & 255]
    return crc ^ 0xFFFFFFFF


class Parser:
    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, n):
        self.at += n
        if self.at > len(self.data):
            raise Damaged('it ends too early')
        return self.data[self.at - n:self.at]

    def uvarint(self):
        b = self.bytes(1)[0]
        return b if b < 128 else b & 127 | self.uvarint() << 7

    def varint(self):
        u = self.uvarint()
        return u >> 1 ^ -(u & 1)

    def string(self):
        return self.bytes(self.uvarint())

    def time(self, base=(0, 0)):
        ns = base[1] + self.varint()
        return base[0] + self.varint(), ns


def parse_record(data):
    p = Parser(data)
    if p.bytes(1) != b'\1':
        raise Damaged('a record of another version')
    bits = p.uvarint()
    r = {'reason': p.bytes(1)[0], 'type': KINDS[bits & 7], 'change': CHANGES[bits >> 3 & 7], 'stored': STORED[bits >> 6 & 7],
         'racy': bool(bits & RACY), 'inconsistent': bool(bits & INCONSISTENT), 'unreadable': bool(bits & UNREADABLE)}
    if bits & STAT:
        for field in ('mode', 'uid', 'gid', 'nlink', 'size'):
            r[field] = p.uvarint()
        r['mtime'] = p.time()
        r['ctime'] = p.time(r['mtime'])
        r['btime'] = p.time(r['ctime']) if bits & BTIME else (0, 0)
        r['volume'], r['ino'] = p.uvarint(), p.uvarint()
    r['rdev'] = p.uvarint() if bits & RDEV else 0
    digest = p.bytes(32).hex() if bits & HASHED else None
    r['sha256'], r['sha256_sparse'] = (None, digest) if bits & SPARSE else (digest, None)
    r['target'] = p.string() if bits & TARGET else None
    r['xattrs'] = {p.string().decode(errors='replace'): p.string() for _ in range(p.uvarint())} if bits & XATTRS else {}
    for field, bit in (('from', FROM), ('to', TO), ('link', LINK)):
        r[field] = p.string() if bits & bit else None
    r['holes'] = p.uvarint() if bits & HOLES else 0
    r['since'] = p.uvarint() if bits & SINCE else 0
    r['shared'], r['patched'] = (p.uvarint(), p.uvarint()) if bits & PATCHED else (0, 0)
    if p.at != len(data):
        raise Damaged('a record with something behind it')
    return r


def frames(data):
    if data[:8] != b'snapchg1':
        raise Damaged('not a change set')
    p = Parser(data)
    p.at = 8
    while p.at < len(data):
        head = p.bytes(5)
        size, = struct.unpack('<I', head[1:])
        payload = p.bytes(size)
        if crc32c(head + payload) != struct.unpack('<I', p.bytes(4))[0]:
            raise Damaged('a checksum does not match')
        yield head[:1], payload


def read_set(file):
    """The records of a change set, (path, record) in key order, and the snapshot's header."""
    with open(file, 'rb') as f:
        return read_set_bytes(f.read())


def read_set_bytes(data):
    records, header, kind = [], None, b''
    for kind, payload in frames(data):
        if kind == b'R':
            p, path = Parser(payload), b''
            while p.at < len(payload):
                shared = p.uvarint()
                path = path[:shared] + p.string()
                records.append((path, parse_record(p.string())))
        elif kind == b'E':
            header = json.loads(payload)
    if kind != b'E' or header['records'] != len(records):
        raise Damaged('cut off')
    return records, header


def show(path, r):
    return json.dumps({'path': path, **r}, default=lambda b: base64.b64encode(b).decode())


def main(args):
    tree = args[:1] == ['--tree']
    state, header = {}, None
    for file in args[tree:]:
        records, header = read_set(file)
        for path, r in records:
            if not tree:
                print(show(path, r))
            elif r['change'] == 'removed':
                state.pop(path, None)
            else:
                state[path] = r
    for path in sorted(state, key=lambda path: path.replace(b'/', b'\0')):
        print(show(path, state[path]))
    if header and not tree:
        print(json.dumps(header))


if __name__ == '__main__':
    try:
        main(sys.argv[1:])
    except (Damaged, OSError) as e:
        sys.exit(f'read_changes: {e}')
