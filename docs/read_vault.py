#!/usr/bin/env python3
"""Reads a vault of snap as docs/formats.md describes it, and shares no code with snap. Needs age and zstd.

  read_vault.py VAULT list                        its snapshots, a JSON object a line
  read_vault.py VAULT ls SNAPSHOT                 what one holds, a JSON object a line
  read_vault.py VAULT extract SNAPSHOT FOLDER     brings it back into a new folder, every hash verified
  --identity FILE                                 identities of age, as `age -d keys/0001.age >FILE` makes them

VAULT is a folder that has the objects. A head's signature is not verified: Python has no Ed25519. The exit code is 1
if anything is damaged or missing; what is whole is brought back even so.
"""
import hashlib
import json
import os
import struct
import subprocess
import sys
import threading

from read_changes import Damaged, crc32c, read_set_bytes, show

PIECE = 4 << 20
LIMIT = 64 << 20  # what an object of head/ or meta/ has in it
FRAME = 8 << 20   # what a frame of a pack has in it


def run(command, data):
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        raise Damaged(f'{command[0]}: {done.stderr.decode(errors="replace").strip()}')
    return done.stdout


def unzip(frames, limit):
    """What frames have in them. zstd is read as far as the limit, so that a bomb fills no memory."""
    with subprocess.Popen(['zstd', '-dcq'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
        feeder = threading.Thread(target=feed, args=(p.stdin, frames))
        feeder.start()
        plain = p.stdout.read(limit + 1)
        if len(plain) > limit:
            p.kill()
        feeder.join()
    if len(plain) > limit:
        raise Damaged(f'there is more in it than {limit} bytes')
    if p.returncode:
        raise Damaged('zstd cannot read it')
    return plain


def feed(pipe, data):
    try:
        pipe.write(data)
        pipe.close()
    except BrokenPipeError:
        pass


class Vault:
    def __init__(self, folder, identity):
        self.folder, self.identity = folder, identity
        about = json.loads(self.stored('vault.json'))
        if about['format'] != 1:
            raise Damaged('the vault is of a newer snap')
        self.sealed = about['sealed']
        if self.sealed and not identity:
            raise Damaged('the vault is sealed: --identity FILE, made with `age -d keys/0001.age >FILE`')
        names = sorted(os.listdir(os.path.join(folder, 'head')))
        number = max(int(n.split('-')[0]) for n in names)
        newest = [n for n in names if int(n.split('-')[0]) == number]
        # Of several with one number the one counts that the store took first.
        newest.sort(key=lambda n: (os.stat(os.path.join(folder, 'head', n)).st_mtime_ns, n))
        text = unzip(self.opened(self.stored('head/' + newest[0])), LIMIT)
        line, signature, rest = text.split(b'\n')
        self.head = json.loads(line)
        if not signature.startswith(b'ed25519 ') or rest or self.head['format'] != 1 or self.head['number'] != number:
            raise Damaged('the head is damaged, or of a newer snap')
        self.tables, self.packs = None, {}

    def stored(self, name):
        with open(os.path.join(self.folder, *name.split('/')), 'rb') as f:
            return f.read()

    def named(self, name):
        """An object that has its SHA-256 as name."""
        data = self.stored(name)
        if hashlib.sha256(data).hexdigest() != name.rsplit('/', 1)[1]:
            raise Damaged(f'{name} has other bytes than its name says')
        return data

    def opened(self, data):
        return run(['age', '-d', '-i', self.identity], data) if self.sealed else data

    def parts(self, sums):
        return b''.join(unzip(self.opened(self.named('meta/' + s)), LIMIT) for s in sums)

    def snapshots(self):
        return [s['header'] for s in self.head['snapshots']]

    def tree(self, name):
        """What a snapshot holds: path → record."""
        if name not in [h['name'] for h in self.snapshots()]:
            raise Damaged(f'there is no snapshot {name}')
        state = {}
        for s in self.head['snapshots']:
            records, _ = read_set_bytes(self.parts(s['parts']))
            for path, r in records:
                if r['change'] == 'removed':
                    state.pop(path, None)
                else:
                    state[path] = r
            if s['header']['name'] == name:
                return state

    def place(self, key):
        """Where a content is: (pack, frame, length of the frame, offset, size); or the keys of its pieces."""
        if self.tables is None:
            self.tables = {}
            condemned = self.head.get('condemned', {})
            for t in self.head['tables']:
                for key_, where in read_table(self.parts(t['parts'])):
                    if isinstance(where, list) or pack_name(where[0]) not in condemned:
                        self.tables.setdefault(key_, where)
        if key not in self.tables:
            raise Damaged('the vault does not have its bytes')
        return self.tables[key]

    def content(self, key):
        """The bytes of a file of one piece, or of a piece."""
        where = self.place(key)
        if isinstance(where, list):
            raise Damaged('a piece that has pieces')
        pack, at, length, off, size = where
        if pack not in self.packs:
            self.packs = {pack: self.opened(self.named(pack_name(pack)))}  # the last one only
        frame = unzip(self.packs[pack][at:at + length], FRAME)
        if off + size > len(frame):
            raise Damaged('a frame is shorter than what is to be in it')
        return frame[off:off + size]

    def chunks(self, r):
        """The bytes of a file, a piece at a time."""
        if r['size'] == 0:
            return
        hash_ = bytes.fromhex(r['sha256'] or r['sha256_sparse'])
        key = hash_ if r['sha256'] else hashlib.sha256(b'snap sparse form\n' + hash_).digest()
        where = self.place(key)
        if not isinstance(where, list):
            yield self.content(key)
            return
        for piece in where:
            data = self.content(piece)
            if hashlib.sha256(data).digest() != piece:
                raise Damaged('a piece has other bytes than its key says')
            yield data


def pack_name(pack):
    return f'data/{pack.hex()[:2]}/{pack.hex()}'


def read_table(data):
    """Rows as (key, (pack, frame, length, offset, size)) and lists as (key, [key of each piece])."""
    if data[:8] != b'snaptbl1':
        raise Damaged('not a table, or one of a newer snap')
    check(3, 0, data[-36:])
    rows, lists, pieces, packs = struct.unpack('<4Q', data[-36:-4])
    at_lists = 8 + 56 * rows
    at_pieces = at_lists + 56 * lists
    at_packs = at_pieces + 32 * pieces
    if at_packs + 44 * packs + 36 != len(data):
        raise Damaged('a table has another size than what is in it')
    names = []
    for i in range(packs):
        element = data[at_packs + 44 * i:at_packs + 44 * (i + 1)]
        check(2, i, element)
        names.append(element[:32])
    for i in range(rows):
        element = data[8 + 56 * i:8 + 56 * (i + 1)]
        check(0, i, element)
        pack, *where = struct.unpack('<5I', element[32:52])
        yield element[:32], (names[pack], *where)
    for i in range(lists):
        element = data[at_lists + 56 * i:at_lists + 56 * (i + 1)]
        check(1, i, element)
        first, n, crc = struct.unpack('<QQI', element[32:52])
        keys = data[at_pieces + 32 * first:at_pieces + 32 * (first + n)]
        if len(keys) != 32 * n or first + n > pieces or crc32c(keys) != crc:
            raise Damaged('the pieces of a list')
        yield element[:32], [keys[j:j + 32] for j in range(0, len(keys), 32)]


def check(section, number, element):
    if crc32c(bytes([section]) + struct.pack('<Q', number) + element[:-4]) != struct.unpack('<I', element[-4:])[0]:
        raise Damaged('a checksum in a table does not match')


class SparseForm:
    """The hash of files with large holes."""

    def __init__(self):
        self.sum, self.size = hashlib.sha256(), 0

    def update(self, data):  # of whole blocks, but for the last
        for at in range(0, len(data), 65536):
            block = data[at:at + 65536]
            if block.strip(b'\0'):
                self.sum.update(struct.pack('<Q', self.size + at) + block)
        self.size += len(data)

    def hexdigest(self):
        whole = self.sum.copy()
        whole.update(struct.pack('<Q', self.size))
        return whole.hexdigest()


def write_file(vault, r, path):
    digest = hashlib.sha256() if r['sha256'] else SparseForm()
    size = 0
    with open(path, 'xb') as f:
        try:
            for data in vault.chunks(r):
                digest.update(data)
                size += len(data)
                if data.strip(b'\0'):
                    f.write(data)
                else:
                    f.seek(len(data), os.SEEK_CUR)
            f.truncate(size)
            if size != r['size'] or digest.hexdigest() != (r['sha256'] or r['sha256_sparse']):
                raise Damaged('its bytes are not those that were backed up')
        except BaseException:
            os.unlink(path)
            raise


def extract(vault, name, folder):
    """Brings a snapshot back; the number of entries that could not be."""
    os.mkdir(folder)
    bad, tree = 0, vault.tree(name)
    paths = sorted(tree, key=lambda path: path.replace(b'/', b'\0'))
    names = {}  # volume and inode → the first name
    for path in paths:
        r, to = tree[path], os.path.join(os.fsencode(folder), path) if path else os.fsencode(folder)
        try:
            bring(vault, r, to, names)
        except (Damaged, OSError) as e:
            print(f'read_vault: {os.fsdecode(path)!r}: {e}', file=sys.stderr)
            bad += 1
    for path in reversed(paths):
        if tree[path]['type'] == 'dir':
            to = os.path.join(os.fsencode(folder), path) if path else os.fsencode(folder)
            attributes(tree[path], to)
    return bad


def bring(vault, r, to, names):
    if r['type'] == 'dir':
        os.makedirs(to, exist_ok=True)
        return
    if r['unreadable']:
        raise Damaged('it could not be read when it was backed up')
    same = (r['volume'], r['ino'])
    if r['nlink'] > 1 and same in names:
        os.link(names[same], to, follow_symlinks=False)
        return
    if r['type'] == 'symlink':
        os.symlink(r['target'], to)
    elif r['type'] == 'fifo':
        os.mkfifo(to)
    elif r['type'] == 'file':
        write_file(vault, r, to)
    else:
        raise Damaged(f'a {r["type"]} is not brought back by this program')
    attributes(r, to)
    names[same] = to


def attributes(r, to):
    if r['type'] != 'symlink':
        os.chmod(to, r['mode'] & 0o7777)
    seconds, ns = r['mtime']
    os.utime(to, ns=(seconds * 10**9 + ns,) * 2, follow_symlinks=False)


def main(args):
    identity = None
    if '--identity' in args:
        at = args.index('--identity')
        identity = args[at + 1]
        del args[at:at + 2]
    if len(args) < 2 or (args[1], len(args)) not in (('list', 2), ('ls', 3), ('extract', 4)):
        sys.exit(__doc__)
    vault = Vault(args[0], identity)
    if args[1] == 'list':
        for header in vault.snapshots():
            print(json.dumps(header))
    elif args[1] == 'ls':
        tree = vault.tree(args[2])
        for path in sorted(tree, key=lambda path: path.replace(b'/', b'\0')):
            print(show(path, tree[path]))
    elif extract(vault, args[2], args[3]):
        sys.exit(1)


if __name__ == '__main__':
    try:
        main(sys.argv[1:])
    except (Damaged, OSError, ValueError, KeyError, IndexError) as e:
        sys.exit(f'read_vault: {e}')
