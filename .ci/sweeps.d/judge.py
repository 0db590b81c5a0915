"""The invariants I1-I7 of a destination, judged from outside."""
from __future__ import annotations
import base64, json, os, re
from collections.abc import Sequence
import lab, tree
from lab import Violation

Snapshots = dict[str, dict]  # what list --json says, by name


def snapshots(w: lab.World) -> Snapshots:
    """What list says: name -> snapshot, in the order of sequence numbers."""
    return {s['name']: s for s in json.loads(w.must(0, 'list', '--json', '-d', w.dest).out)}


def stamp(ns: int) -> str:
    """A time as snap's JSON writes it."""
    sec, nsec = divmod(ns, 1_000_000_000)
    import datetime
    day = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=sec)
    return day.strftime('%Y-%m-%dT%H:%M:%S') + (f'.{nsec:09d}'.rstrip('0') if nsec else '') + 'Z'


def listing(w: lab.World, name: str) -> dict[bytes, tuple]:
    """What the index says that a snapshot holds: path -> entry as JSON."""
    out = {}
    for e in json.loads(w.must(0, 'ls', '-R', '--json', name, '-d', w.dest).out):
        raw = lambda k: base64.b64decode(e[k + '_b64']) if k + '_b64' in e else e[k].encode() if e[k] is not None else None
        out[raw('path')] = (e['type'], e['mode'], e['uid'], e['gid'], e['size'], e['mtime'], e['sha256'], raw('target'), e.get('problem'))
    return out


def told(m: tree.Manifest) -> dict[bytes, tuple]:
    """A manifest as listing would tell it."""
    return {p: (e.kind, f'{e.mode:04o}', e.uid, e.gid, e.size, stamp(e.mtime), e.sha, e.target, None) for p, e in m.items() if p}


def show(diff: dict[bytes, str], n: int = 4) -> str:
    return '; '.join(f'{p[-60:]!r}: {what}' for p, what in sorted(diff.items())[:n]) + (f' and {len(diff) - n} more' if len(diff) > n else '')


def without(m: tree.Manifest, fields: Sequence[str]) -> tree.Manifest:
    """A manifest without some fields, those that a destination may not be able to keep in the tree."""
    return {p: e._replace(**{f: None for f in fields}) for p, e in m.items()} if fields else m


def equal(rule: str, what: str, a: tree.Manifest, b: tree.Manifest, but: Sequence[str] = ()) -> None:
    if diff := tree.differences(without(a, but), without(b, but)):
        raise Violation(f'{rule}: {what}: {show(diff)}')


def whole(w: lab.World, name: str, m: tree.Manifest, rule: str = 'I1', index: bool = True, but: Sequence[str] = ()) -> None:
    """The snapshot's tree is m, and the index says so too."""
    folder = os.path.join(w.dest, name)
    if not os.path.isdir(folder):
        raise Violation(f'{rule}: {name} is listed and its folder is gone')
    equal(rule, f'the tree of {name}', m, tree.manifest(folder), but)
    if index:
        a, b = told(m), listing(w, name)
        if bad := {p: f'{a.get(p)} {b.get(p)}' for p in a.keys() | b.keys() if a.get(p) != b.get(p)}:
            raise Violation(f'{rule}: the index about {name}: {show(bad)}')


def named(err: bytes) -> set[bytes]:
    """The paths that a run said something about on stderr."""
    out = set()
    for line in err.splitlines():
        if m := re.match(rb'snap: (?:restore |copy )?"((?:[^"\\]|\\.)*)": ', line):
            text = m[1]
            out.add(re.sub(rb'\\(x[0-9a-f]{2}|u[0-9a-f]{4}|.)', unescape, text))
        elif m := re.match(rb'snap: (?:restore |copy )?(.+?): ', line):
            out.add(m[1].rstrip(b'/'))
    return out


def unescape(m: re.Match[bytes]) -> bytes:
    c = m[1]
    if c[:1] == b'x':
        return bytes([int(c[1:], 16)])
    if c[:1] == b'u':
        return chr(int(c[1:], 16)).encode()
    return {b'n': b'\n', b't': b'\t', b'r': b'\r', b'a': b'\a', b'b': b'\b', b'f': b'\f', b'v': b'\v'}.get(c, c)


def but_named(m: tree.Manifest, got: tree.Manifest, err: bytes, what: str, but: Sequence[str] = ()) -> None:
    """Two manifests are equal but for paths that were named, and what lies below them."""
    m, got = without(m, but), without(got, but)
    names = named(err)
    excused = lambda p: any(p == n or p.startswith(n + b'/') for n in names)
    groups = {e.twin for p, e in m.items() if excused(p) and e.twin}  # the names left of a group may have another first one
    diff = {}
    for p, d in tree.differences(m, got).items():
        if excused(p):
            continue
        a, b = m.get(p), got.get(p)
        if a and b and a.twin in groups and a._replace(twin=None) == b._replace(twin=None):
            continue
        diff[p] = d
    if diff:
        raise Violation(f'I2: exit code 3, but {what} differs in what was not named ({sorted(names)[:6]}): {show(diff)}; it said: {err[-500:].decode(errors="replace")}')


def clean(w: lab.World, listed: Snapshots) -> None:
    """I4: nothing left over, latest right, a change set for each snapshot."""
    for d in ('tmp', 'trash'):
        if left := os.listdir(os.path.join(w.dest, '.snap', d)):
            raise Violation(f'I4: left in .snap/{d}: {left}')
    folders = sorted(n for n in os.listdir(w.dest) if os.path.isdir(os.path.join(w.dest, n)) and not os.path.islink(os.path.join(w.dest, n)) and n != '.snap')
    if folders != sorted(listed):
        raise Violation(f'I4: folders {folders}, listed {sorted(listed)}')
    sets = sorted(n for n in os.listdir(os.path.join(w.dest, '.snap/changes')) if n.isdigit())
    if sets != sorted(f'{s["seq"]:010d}' for s in listed.values()):
        raise Violation(f'I4: change sets {sets}, listed {[s["seq"] for s in listed.values()]}')
    if (latest := os.readlink(os.path.join(w.dest, 'latest'))) != list(listed)[-1]:
        raise Violation(f'I4: latest leads to {latest}, the newest is {list(listed)[-1]}')


def reads(w: lab.World, *flags: str) -> None:
    """I1: check, before a run that writes has put right what a disturbed one left: that alone sets `latest`, and check says so."""
    r = w.must((0, 1), 'check', *flags, '-d', w.dest)
    if r.rc and not (r.out.startswith(b'latest: ') and b': 1 damaged' in r.out):
        raise Violation(f'I1: {r}')


def checked(w: lab.World) -> None:
    """I4: check finds nothing, where there is a check."""
    if HAS_CHECK:
        w.must(0, 'check', '--read-data', '-d', w.dest)


HAS_CHECK = lab.knows('check')


def usage(w: lab.World) -> int:
    """Bytes that the snapshots' inodes take, each once."""
    seen = {}
    for d, folders, files in os.walk(os.fsencode(w.dest)):
        if b'.snap' in folders:
            folders.remove(b'.snap')
        for n in files:
            s = os.lstat(os.path.join(d, n))
            seen[s.st_dev, s.st_ino] = s.st_blocks
    return sum(seen.values()) * 512


NOT_COMPARED = {'time', 'finished', 'seq', 'user', 'last_unchanged'}  # what every run says differently


def same_answers(rule: str, a: list[str], b: list[str]) -> None:
    if a == b:
        return
    if len(a) != len(b):
        raise Violation(f'{rule}: {len(b)} answers, without the fault {len(a)}')
    x, y = next((x, y) for x, y in zip(a, b) if x != y)
    lines = sorted(set(x.splitlines()) - set(y.splitlines()))[:3], sorted(set(y.splitlines()) - set(x.splitlines()))[:3]
    first = next((i for i, (c, d) in enumerate(zip(lines[0][0], lines[1][0])) if c != d), 0) if all(lines) else 0
    cut = [[l[max(0, first - 60):first + 240] for l in ls] for ls in lines]
    raise Violation(f'{rule}: another answer than without the fault to {x.splitlines()[0]}: {cut[0]}, now {cut[1]}')


def answers(w: lab.World, rename: Sequence[tuple[str, str]] = ()) -> list[str]:
    """What list, ls, diff, find and history say of everything, without what every run says differently."""
    names, out = list(snapshots(w)), []
    asked = [('list', '--json')] + [('ls', '-R', '--json', n) for n in names] + [('diff', '--json', a, b) for a, b in zip(names, names[1:])]
    for args in asked + [('find', '--json', '*'), ('history', '--json', 'plain/a')]:
        r = w.must((0, 1), *args, '-d', w.dest)
        text = r.out.decode()
        if args[0] == 'list':
            text = json.dumps([{k: v for k, v in s.items() if k not in NOT_COMPARED} for s in json.loads(text)])
        text = ' '.join(args) + '\n' + text
        for a, b in rename:
            text = text.replace(a, b)
        out.append(text)
    return out
