"""A damaged index.db: no reading command panics, dies, hangs or gives another answer with exit code 0; check reports
every change to a record; a backup makes it again by itself, and reindex brings back every answer. A page that is whole but
old, because the disk lost a write, is what check alone can find. And a healthy one, of any shape, is never refused."""
from __future__ import annotations
import os, random, re, resource, shutil
from collections.abc import Iterator
import bolt, cases, judge, lab, tree
from lab import Violation

COUNT = 10_000 if lab.LONG else 240
HEALTHY = 300 if lab.LONG else 12  # destinations
MEMORY = 300 << 20


LOST = ('stale', 'torn')


class Damage(cases.Case):
    name, snapshots = 'damage', 4

    def argv(self, w: lab.World) -> list[str]:
        return ['version']

    def edit(self, w: lab.World, n: int) -> None:
        super().edit(w, n)
        if n == 0:  # enough for several pages of each kind
            for d in range(8):
                os.makedirs(os.path.join(w.src, 'wide', f'folder {d}'))
                for f in range(40):
                    tree.write(os.path.join(w.src, 'wide', f'folder {d}', f'file {f}'), f'{d} {f}')
        else:
            tree.write(os.path.join(w.src, 'wide', f'folder {n}', f'file {n}'), f'edit {n}')
        if n == 3:
            w.older = open(os.path.join(w.dest, '.snap/index.db'), 'rb').read()

    def control(self, w: lab.World) -> None:
        w.index = os.path.join(w.dest, '.snap/index.db')
        # What the last commands learned is in: from here on nothing is written.
        for _ in range(2):
            w.must(0, 'backup', '--time', cases.T[4], w.dest, w.src)
            cases.time.sleep(cases.OLD_ENOUGH)
        w.fine = open(w.index, 'rb').read()
        shutil.copyfile(w.index, w.index + '.fine')
        w.dump = bolt.dump(w.fine)
        os.rename(w.index + '.fine', os.path.join(w.top, 'index.fine'))
        w.answers = [ask(w, a) for a in asked()]
        for a, r in zip(asked(), w.answers):
            if r.rc:
                raise Violation(f'without damage: {r}')
        # An index whose newest meta page is damaged is the one before its last transaction.
        newest = bolt.metas(w.fine)[0][2]
        put(w, w.fine[:newest * 4096] + bytes(4096) + w.fine[(newest + 1) * 4096:])
        w.before = [ask(w, a) for a in asked()]
        w.dump_before = bolt.dump(open(w.index, 'rb').read())
        put(w, w.fine)
        w.trees = {n: tree.manifest(os.path.join(w.dest, n)) for n in judge.snapshots(w)}
        w.back = judge.answers(w)


def asked() -> list[list[str]]:
    out = [['list'], ['list', '--json'], ['ls', '-R', 'latest'], ['ls', '-lR', '--json', 'oldest'], ['diff', 'oldest', 'latest'],
           ['diff', '--json', 'latest~1', 'latest'], ['find', '--json', '*'], ['find', '--deleted', '*'],
           ['history', '--json', 'plain/deep/f4 moved'], ['cat', 'latest:wide/folder 1/file 1'], ['explain', 'SRC/plain/a'],
           ['restore', '-q', 'latest', '--target', 'TARGET']]
    return out + [a for a in (['stats'], ['stats', '--json']) if HAS['stats']]


HAS = {c: lab.knows(c) for c in ('stats', 'check')}


def ask(w: lab.World, args: list[str]) -> lab.Ran:
    if 'TARGET' in args:
        lab.remove(w.target)
    args = [a.replace('SRC', w.src).replace('TARGET', w.target) for a in args]
    r = w.snap(*args, '-d', w.dest, '--utc')
    if args[0] == 'list':  # how long ago the last run was differs by seconds, and what is free by what else goes on
        r.out = re.sub(rb'\nlast run .*|; \S+ \S+ of \S+ \S+ free|,"last_unchanged":"[^"]*"', b'', r.out)
    return r


def put(w: lab.World, data: bytes) -> None:
    with open(w.index, 'wb') as f:
        f.write(data)


def mutate(w: lab.World, seed: int) -> tuple[bytes, str]:
    """A damaged index, and what was done to it."""
    rnd = random.Random(seed)
    data, pages = bytearray(w.fine), len(w.fine) // 4096
    kind = rnd.choice(['flip'] * 6 + ['zero', 'swap', 'copy', 'noise', 'stale', 'cut', 'cut', 'bytes', 'random', 'meta', 'torn'])
    page = lambda: rnd.randrange(pages)
    at = lambda p: slice(p * 4096, (p + 1) * 4096)
    if kind == 'flip':
        for _ in range(rnd.choice([1, 1, 1, 2, 8])):
            data[rnd.randrange(len(data))] ^= 1 << rnd.randrange(8)
    elif kind == 'zero':
        p = page()
        data[at(p)] = bytes(4096)
    elif kind == 'swap':
        p, q = page(), page()
        data[at(p)], data[at(q)] = data[at(q)], data[at(p)]
    elif kind == 'copy':
        data[at(page())] = data[at(page())]
    elif kind == 'noise':
        data[at(page())] = rnd.randbytes(4096)
    elif kind == 'stale':  # a page that never reached the disk: it is what it was some snapshots ago
        p = rnd.randrange(min(pages, len(w.older) // 4096))
        data[at(p)] = w.older[at(p)]
    elif kind == 'torn':  # half a page
        p = rnd.randrange(min(pages, len(w.older) // 4096))
        half = rnd.choice([512 * k for k in range(1, 8)])
        data[p * 4096:p * 4096 + half] = w.older[p * 4096:p * 4096 + half]
    elif kind == 'cut':
        data = data[:rnd.choice([page() * 4096, rnd.randrange(len(data)), 0, 1, 4095, 8192])]
    elif kind == 'bytes':
        p = rnd.randrange(len(data) - 64)
        data[p:p + 64] = rnd.randbytes(64)
    elif kind == 'random':
        data = bytearray(rnd.randbytes(rnd.choice([1, 4096, 65536, len(data)])))
    elif kind == 'meta':
        data[rnd.randrange(8192)] ^= 1 << rnd.randrange(8)
    return bytes(data), kind


def point(w: lab.World, seed: int) -> str:
    data, kind = mutate(w, seed)
    if data == w.fine:
        return ''
    put(w, data)
    try:
        judge_point(w, seed, data, kind)
    except Violation as e:
        e.hit = kind
        raise Violation(f'{kind}: {e}')
    finally:
        put(w, w.fine)
    return kind


def judge_point(w: lab.World, seed: int, data: bytes, kind: str) -> None:
    meta = data[:8192] != w.fine[:8192]
    for args, fine, before in zip(asked(), w.answers, w.before):
        r = ask(w, args)
        if r.rc == 0:
            if kind in LOST:
                continue  # right or old, and check tells
            told, right = r.out, fine.out
            if kind == 'cut':  # pages without use
                told, right = unsized(told), unsized(right)
            if told != right and not (meta and r.out == before.out):
                raise Violation(f'exit code 0 and another answer: {r}: {difference(fine.out, r.out)}')
            if args[0] == 'restore':
                judge.equal('exit code 0', 'the restored tree', w.trees[cases.NAMES[4]], tree.manifest(w.target))
        elif r.rc not in (1, 3, 2 if kind in LOST else 1) and not (r.rc == 2 and meta):
            raise Violation(f'an exit code of another meaning: {r}')
        elif r.rc == 1 and b'snap reindex' not in r.err and kind not in LOST and not (meta and r.rc == before.rc):
            raise Violation(f'no way out is told: {r}')
    if HAS['check']:
        check(w, data, meta)
    if seed % 5 == 0:
        repair(w)
    if (used := resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10) > MEMORY:
        raise Violation(f'a command took {used >> 20} MiB')


def unsized(out: bytes) -> bytes:
    """Without what stats tells of the size of the file."""
    return re.sub(rb'^Index .*$|"index_bytes":[0-9]+', b'', out, flags=re.M)


def check(w: lab.World, data: bytes, meta: bool) -> None:
    """check reports every change to a record."""
    try:
        says = bolt.dump(data)
        same = says == w.dump or meta and says == w.dump_before
    except bolt.Damaged:
        same = False
    r = w.snap('check', '-d', w.dest)
    if r.rc not in (0, 1):
        raise Violation(f'an exit code of another meaning: {r}')
    if r.rc == 0 and not same:
        if other := [c for c in changed(w.dump, says) if not unlearned(*c)]:
            raise Violation(f'what the index says has changed, and check finds nothing: {r}: {other[:4]}')


RACY = 1 << 12  # in the bits of a record: its file is read again


def unlearned(key: tuple[bytes, ...], a: bytes | None, b: bytes | None) -> bool:
    """A record is as it was before a run learned that its file is not racy: old, true, and nobody else knows it."""
    if key[0] != b'records' or not a or not b:
        return False
    bits = lambda v: v[1] & 127 | v[2] << 7
    return a[3:-4] == b[3:-4] and a[0] == b[0] and bits(a) ^ bits(b) == RACY


def changed(a: list, b: list) -> list[tuple]:
    """The keys whose value is another, with the names of their buckets."""
    def flat(items: list, at: tuple[bytes, ...] = ()) -> Iterator[tuple[tuple[bytes, ...], bytes]]:
        for key, value in items:
            if isinstance(value, list):
                yield from flat(value, (*at, key))
            else:
                yield (*at, key), value
    x, y = dict(flat(a)), dict(flat(b))
    return [(k, x.get(k), y.get(k)) for k in sorted({*x, *y}) if x.get(k) != y.get(k)]


def repair(w: lab.World) -> None:
    """A backup is right: every change set is whole, so that it makes a damaged index again. reindex brings all back; the
    trees are as they were."""
    ran = w.snap('backup', '--json', w.dest, w.src)
    if ran.rc == 1 and b'newer version of snap' in ran.err:
        pass  # as far as it can be told
    elif ran.rc:
        raise Violation(f'a damaged index stops a backup: {ran}')
    elif not ran.summary()['skipped']:
        raise Violation(f'a snapshot was made of a source without changes: {ran}')
    elif b'made again' in ran.err:
        judge.same_answers('after a backup', w.back, judge.answers(w))
    w.must(0, 'reindex', '-d', w.dest)
    judge.same_answers('after reindex', w.back, judge.answers(w))
    w.must(0, 'backup', '--time', cases.T[4], w.dest, w.src)
    for n, m in w.trees.items():
        judge.equal('I1', n, m, tree.manifest(os.path.join(w.dest, n)))
    remove = [os.path.join(w.dest, '.snap', n) for n in os.listdir(os.path.join(w.dest, '.snap')) if n.startswith('index.db.')]
    lab.remove(*remove)


def lives(w: lab.World, seed: int) -> int:
    """A destination with a life of rotated logs, files that come and go, and deletions: what snap made it reads, all the
    time. How many snapshots there were."""
    rnd = random.Random(seed)
    lab.remove(w.src, w.dest)
    w.forget()
    os.makedirs(w.src), os.makedirs(w.dest)
    logs, others = rnd.randrange(1, 40), rnd.randrange(0, 60)
    length = rnd.choice([0, 0, 10, 100, 200])
    path = lambda what, i: os.path.join(w.src, f'{what}{"n" * length}.{i}')
    for i in range(logs):
        tree.write(path('log', i), f'before {i}')
    days = rnd.randrange(6, 30)
    for day in range(days):
        for i in reversed(range(logs)):
            os.rename(path('log', i), path('log', i + 1))
        lab.remove(path('log', logs))
        tree.write(path('log', 0), f'day {day}')
        for _ in range(rnd.randrange(others + 1)):
            other = path('other', rnd.randrange(others))
            if rnd.random() < .3:
                lab.remove(other)
            else:
                tree.write(other, f'{day} {rnd.random()}')
        w.must(0, 'backup', '-q', '--time', f'2026-03-01T00:00:00Z', '--force', w.dest, w.src)
        bolt.dump(open(os.path.join(w.dest, '.snap/index.db'), 'rb').read())
        if rnd.random() < .1 and day > 2:
            w.must(0, 'delete', rnd.choice(['oldest', 'latest~1', 'latest']), '-d', w.dest)
        if rnd.random() < .1:
            w.must(0, 'reindex', '-d', w.dest)
        for question in (['list'], ['ls', '-R', 'latest'], ['history', os.path.basename(path('log', logs - 1))]):
            w.must(0, *question, '-d', w.dest)
    w.must(0, 'check', '-d', w.dest)
    return days


def difference(a: bytes, b: bytes) -> str:
    x, y = set(a.splitlines()), set(b.splitlines())
    return f'{sorted(x - y)[:2]} {sorted(y - x)[:2]}'


def main() -> None:
    tally = lab.Tally('damage')
    print(f'  damage SEED={lab.SEED}')
    where = 'damage'
    os.makedirs(os.path.join(lab.WORK, where))
    for c in HAS:
        if not HAS[c]:
            tally.skip(c, f'snap has no command {c} yet')
    tally.case('index', [lab.SEED * 1_000_000 + n for n in range(COUNT)], Damage().fresh, point, where)
    tally.case('healthy', [lab.SEED * 1_000_000 + n for n in range(HEALTHY)], lambda w: w, lives, where)
    tally.last()


main()
