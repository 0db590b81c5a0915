#!/usr/bin/env python3
"""Reads snap's index.db as docs/formats.md describes it, and shares no code with snap or bbolt.

  read_index.py DEST/.snap/index.db    a JSON object for each snapshot: its header and its entries, all of them

A test compares what it prints with what snap does.
"""
import json
import struct
import sys

from read_changes import Damaged, Parser, crc32c, parse_record, show


def bucket(data, page=None, inline=None):
    """The sorted pairs of a bucket; the value of a bucket in it is a list of such pairs."""
    p = inline or data[page * SIZE:(page + 1 + struct.unpack('<I', data[page * SIZE + 12:page * SIZE + 16])[0]) * SIZE]
    flags, count = struct.unpack('<HH', p[8:12])
    for at in range(16, 16 + 16 * count, 16):
        if flags & 1:  # a branch
            yield from bucket(data, struct.unpack('<Q', p[at + 8:at + 16])[0])
            continue
        is_bucket, pos, ksize, vsize = struct.unpack('<IIII', p[at:at + 16])
        k = at + pos
        key, value = p[k:k + ksize], p[k + ksize:k + ksize + vsize]
        if is_bucket:
            root, = struct.unpack('<Q', value[:8])
            value = list(bucket(data, root) if root else bucket(data, inline=value[16:]))
        yield key, value


def unseal(key, value):
    if crc32c(key + value[:-4]) != struct.unpack('<I', value[-4:])[0]:
        raise Damaged('a checksum does not match')
    return value[:-4]


def main(file):
    global SIZE
    with open(file, 'rb') as f:
        data = f.read()
    metas = []
    for at in (0, struct.unpack('<I', data[24:28])[0]):  # the second meta page, after the size that the first one tells
        magic, _, SIZE, _, root, _, _, _, tx, _ = struct.unpack('<IIIIQQQQQQ', data[at + 16:at + 80])
        if magic == 0xED0CDAED:
            metas.append((tx, root))
    top = dict(bucket(data, max(metas)[1]))
    if dict(top[b'meta'])[b'version'] != b'\1':
        raise Damaged('another version')
    records = {key: dict(pairs) for key, pairs in top[b'records']}
    paths = {}
    for key, value in top[b'paths']:
        p, seq, paths[key] = Parser(unseal(key, value)), 0, []
        while p.at < len(p.data):
            seq += p.uvarint()
            paths[key].append(seq)
    entries = sum(len(r) for r in records.values())
    if entries != sum(len(seqs) for seqs in paths.values()):
        raise Damaged('paths and records disagree')
    for key, value in top[b'snapshots']:
        header, held = json.loads(unseal(key, value)), []
        seq, = struct.unpack('>Q', key)
        for path in sorted(paths):
            before = [s for s in paths[path] if s <= seq]
            if before:
                r = parse_record(unseal(path, records[struct.pack('>Q', before[-1])][path]))
                if r['change'] != 'removed':
                    held.append(json.loads(show(b'' if path == b'\0' else path.replace(b'\0', b'/'), r)))
        print(json.dumps({'header': header, 'entries': held}))


if __name__ == '__main__':
    try:
        main(sys.argv[1])
    except (Damaged, OSError) as e:
        sys.exit(f'read_index: {e}')
