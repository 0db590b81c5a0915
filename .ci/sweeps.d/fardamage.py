"""What the store, or somebody who can write to it, may do to a vault: objects that are gone, cut, changed, exchanged; heads that
are forged, rolled back, of another vault; keys that are wrong. Each is named, and nothing wrong comes back."""
from __future__ import annotations
import base64, json, os, subprocess
from collections.abc import Callable
import far, farcases, judge, lab, tree
from lab import Violation

SHORT = 2  # objects, for each harm


class Damage(farcases.Case):
    name, snapshots, copied = 'damage', 3, 3

    def argv(self, w: lab.World) -> list[str]:
        return ['check', '--read-data', '-d', 'b2']

    def control(self, w: lab.World) -> None:
        w.must(0, *self.argv(w))
        w.sheet = w.must(0, 'remote', 'key', 'b2').out
        lab.copy(w.store.objects, w.templates[w.store.objects])
        self.alone(w, 'latest', (0,))

    def alone(self, w: lab.World, ref: str, codes: tuple[int, ...], *flags: str) -> lab.Ran:
        """A restore on a machine that has only keys and verify key: what comes back is right, or named."""
        self.forget(w)
        verify = w.sheet.partition(b'Verify key:\n')[2].split()[0].decode()
        env, w.env = w.env, {k: v for k, v in w.env.items() if k != 'SNAP_DEST'}
        try:
            ran = w.snap('restore', '-q', '-d', w.store.place, ref, '--target', w.target,
                         *(flags or ('--identity', w.identity, '--verify-key', verify)))
        finally:
            w.env = env
        if ran.rc not in codes or ran.rc and not ran.err.startswith(b'snap: '):
            raise Violation(f'not of {codes}: {ran}')
        got = tree.manifest(w.target) if os.path.isdir(w.target) else {}
        if ran.rc == 0 and got not in w.manifests.values():
            raise Violation(f'exit code 0, and what came back never was: {ran}')
        if ran.rc == 3:
            judge.but_named(w.manifests[farcases.NAMES[self.copied - 1] if ref == 'latest' else ref], got, ran.err, 'what came back')
        return ran


# --- objects ----------------------------------------------------------------------------------------------

HARMS = ('gone', 'cut', 'empty', 'byte', 'exchanged')


def objects(w: lab.World) -> list:
    """(harm, number of the object): its name is another one in each world."""
    return [(harm, i - 1) for n, harm in enumerate(HARMS) for i in lab.spread(len(far.objects(w.store.objects)), SHORT, 31 * n)]


def harm(w: lab.World, how: str, name: str) -> list[str]:
    """Which are damaged now."""
    path = os.path.join(w.store.objects, name)
    if how == 'exchanged':
        same = [o for o in sorted(far.objects(w.store.objects)) if o != name and o[:4] == name[:4]]
        other = os.path.join(w.store.objects, same[len(name) % len(same)])
        os.rename(path, path + '.x')
        os.rename(other, path)
        os.rename(path + '.x', other)
        return [name, os.path.relpath(other, w.store.objects)]
    size = os.path.getsize(path)
    if how == 'gone':
        os.unlink(path)
    elif how == 'byte':
        with open(path, 'r+b') as f:
            f.seek(size * 2 // 3)
            b = f.read(1)
            f.seek(-1, 1)
            f.write(bytes([b[0] ^ 4]))
    else:
        os.truncate(path, size // 2 if how == 'cut' else 0)
    return [name]


def damaged(case: Damage, w: lab.World, point: tuple[str, int]) -> str:
    case.reset(w)
    how, n = point
    bad = harm(w, how, sorted(far.objects(w.store.objects))[n])
    r = w.must(1, *case.argv(w))
    if unnamed := [b for b in bad if b.rsplit('/', 1)[1].encode()[:12] not in r.out + r.err]:
        raise Violation(f'check does not name {unnamed}: {r}')
    for ref in w.manifests if lab.LONG else list(w.manifests)[-1:]:
        case.alone(w, ref, (0, 1, 3))
    case.forget(w)
    w.must((0, 1), *case.argv(w), '--repair')
    w.must(0, 'copy', 'b2')
    case.whole(w)
    case.finish(w)
    return how


# --- heads ------------------------------------------------------------------------------------------------

def text(w: lab.World, head: str) -> list[bytes]:
    with open(os.path.join(w.store.objects, head), 'rb') as f:
        return far.read_vault.unzip(far.read_vault.run(['age', '-d', '-i', w.identity], f.read()), far.read_vault.LIMIT).split(b'\n')


def put(w: lab.World, number: int, lines: list[bytes]) -> None:
    """As anybody can who has the recipients."""
    keys = open(w.identity).read()
    to = [a for l in keys.splitlines() if 'recipient: ' in l for a in ('-r', l.split(': ')[1])]
    body = far.read_vault.run(['age', *to], far.read_vault.run(['zstd', '-qc'], b'\n'.join(lines)))
    tree.write(os.path.join(w.store.objects, f'head/{number:010d}'), body)


def forged(w: lab.World, newest: str, number: int) -> None:
    """A snapshot less, signed by nobody."""
    line, signature, end = text(w, newest)
    says = json.loads(line)
    says['number'], says['snapshots'] = number + 1, says['snapshots'][:-1]
    put(w, number + 1, [json.dumps(says, separators=(',', ':')).encode(), b'ed25519 ' + base64.b64encode(os.urandom(64)), end])


def signed_for_another(w: lab.World, newest: str, number: int) -> None:
    """Other content under the signature of the true head."""
    line, signature, end = text(w, newest)
    says = json.loads(line)
    says['number'], says['snapshots'] = number + 1, says['snapshots'][:1]
    put(w, number + 1, [json.dumps(says, separators=(',', ':')).encode(), signature, end])


def older_again(w: lab.World, newest: str, number: int) -> None:
    """A true head of before, under a number above all."""
    lab.copy(os.path.join(w.store.objects, far.heads(w.store.objects)[0]), os.path.join(w.store.objects, f'head/{number + 1:010d}'))


def rolled_back(w: lab.World, newest: str, number: int) -> None:
    os.unlink(os.path.join(w.store.objects, newest))


def emptied(w: lab.World, newest: str, number: int) -> None:
    lab.remove(w.store.objects)


def head_byte(w: lab.World, newest: str, number: int) -> None:
    harm(w, 'byte', newest)


def head_cut(w: lab.World, newest: str, number: int) -> None:
    harm(w, 'cut', newest)


def rubbish(w: lab.World, newest: str, number: int) -> None:
    tree.write(os.path.join(w.store.objects, f'head/{number + 1:010d}'), os.urandom(500))


# Each with the exit codes of a copy that finds it, and of a restore on a new machine: (0,) is what an older head says, which
# a new machine cannot know to be old.
HEADS: dict[Callable, tuple[tuple[int, ...], tuple[int, ...]]] = {
    forged: ((1, 4), (1, 4)), signed_for_another: ((1, 4), (1, 4)), older_again: ((1, 4), (1, 4)), rolled_back: ((1, 4), (0,)),
    emptied: ((1, 4, 10), (10,)), head_byte: ((0, 1), (1,)), head_cut: ((0, 1), (1,)), rubbish: ((1, 4, 12), (1, 12))}


def heads(case: Damage, w: lab.World, point: str) -> str:
    case.reset(w)
    newest = far.heads(w.store.objects)[-1]
    how = next(h for h in HEADS if h.__name__ == point)
    how(w, newest, int(newest[5:15]))
    was = far.everything(w.store.objects)
    copying, restoring = HEADS[how]
    tree.write(os.path.join(w.src, 'many/f0'), point)
    w.must(0, 'backup', w.dest, w.src)
    r = w.must(copying, 'copy', 'b2')
    if r.rc and far.everything(w.store.objects) != was:
        raise Violation(f'something was built on it: {r}')
    if r.rc:
        case.alone(w, 'latest', restoring)
    return point


# --- keys -------------------------------------------------------------------------------------------------

def keys(case: Damage, w: lab.World, point: str) -> str:
    case.reset(w)
    other = os.path.join(w.top, 'other')
    if point == 'another identity':
        lab.remove(other)
        subprocess.run(['age-keygen', '-o', other], check=True, stderr=subprocess.DEVNULL)
        case.alone(w, 'latest', (12,), '--identity', other)
    elif point == 'another passphrase':
        tree.write(other, 'some words that open nothing\n')
        w.env['SNAP_PASSPHRASE_FILE'] = other
        case.alone(w, 'latest', (12,), '-q')
        del w.env['SNAP_PASSPHRASE_FILE']
    elif point == 'no key':
        case.alone(w, 'latest', (12,), '-q')
    elif point == 'another verify key':
        wrong = case.alone(w, 'latest', (1, 2, 4, 12), '--identity', w.identity, '--verify-key', '00' * 32 + '-00000000')
        if os.path.isdir(w.target) and os.listdir(w.target):
            raise Violation(f'something came back: {wrong}')
    elif point == 'keys gone':
        os.unlink(w.keys)
        w.must(12, 'copy', 'b2')
    elif point == 'keys of another vault':
        place = 'vault:' + os.path.join(w.top, 'another vault')
        os.makedirs(place[6:])
        w.must(0, 'remote', 'add', 'other', place)
        lab.copy(os.path.join(w.dest, '.snap/remotes/other/keys'), w.keys)
        w.must((4, 12), 'copy', 'b2')
        lab.remove(place[6:])
    elif point == 'keys cut':
        os.truncate(w.keys, 200)
        w.must((1, 12), 'copy', 'b2')
    return point


KEYS = ['another identity', 'another passphrase', 'no key', 'another verify key', 'keys gone', 'keys of another vault', 'keys cut']


def points(w: lab.World) -> list:
    return [(damaged, p) for p in objects(w)] + [(heads, h.__name__) for h in HEADS] + [(keys, k) for k in KEYS]


def all_of(tally: lab.Tally, wanted: Callable[[str], bool]) -> None:
    if wanted('damage'):
        case = Damage()
        tally.case('damage', points, case.fresh, lambda w, p: p[0](case, w, p[1]), 'damage')
