"""Two writers of one vault: a disk was copied, keys, mirror and all, and both copy at the same time, one of them prunes, and
time goes by. With a store that knows If-None-Match, and with one that does not."""
from __future__ import annotations
import os, random, subprocess
from collections.abc import Callable
import cases, far, farcases, judge, lab, tree
from lab import Violation

ROUNDS = int(os.environ.get('SWEEP_ROUNDS', 200 if lab.LONG else 4))
KEPT = 3  # snapshots, by the prunes


class Two(farcases.Case):
    """The world of both; the second has its disk in w.other."""
    name, snapshots, copied = 'writers', 2, 2

    def argv(self, w: lab.World) -> list[str]:
        return ['copy', 'b2', '-d', w.dest]

    def control(self, w: lab.World) -> None:
        w.other = w.dest + '.other'
        lab.copy(w.dest, w.other)
        w.fork = w.dest + '.fork'
        lab.copy(w.dest, w.fork)


def clone(w: lab.World) -> None:
    """The second disk is as the first, but for what it knows of the vault."""
    mine, kept = os.path.join(w.other, '.snap/remotes'), w.other + '.remotes'
    os.rename(mine, kept)
    lab.copy(w.dest, w.other)
    lab.remove(mine)
    os.rename(kept, mine)


def together(w: lab.World, *commands: tuple[str, list[str]]) -> list[lab.Ran]:
    """Commands at the same time, each with its destination."""
    ps = [subprocess.Popen([lab.SNAP, *args], env={**w.env, 'SNAP_DEST': dest}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE) for dest, args in commands]
    return [lab.healthy(lab.Ran(p.args, p.returncode, out, err, 0)) for p in ps for out, err in [p.communicate(timeout=120)]]


def rounds(top: str, *how: str) -> int:
    case = Two(lambda t: far.Server(t, *how))
    w = case.fresh(lab.World(os.path.join(lab.WORK, top)))
    rnd = random.Random(lab.SEED)
    prune = ['prune', '--keep-last', str(KEPT), '--allow-most', '-d', 'b2']
    for n in range(ROUNDS):
        tree.write(os.path.join(w.src, 'many/f0'), os.urandom(50_000))
        tree.write(os.path.join(w.src, f'round {n % 5}'), os.urandom(20_000))
        w.must(0, 'backup', w.dest, w.src)
        name = list(judge.snapshots(w))[-1]
        w.manifests[name] = tree.manifest(w.src)
        clone(w)
        before = far.everything(w.store.objects)
        # Each request that is slow from here on is a chance for the other one.
        w.store.plan(rnd.randrange(1, 6), 'slow', rnd.randrange(1, 8))
        commands = [(w.dest, ['copy', 'b2']), (w.other, ['copy', 'b2'])]
        if n % 3 == 1:
            commands.append((w.dest, prune) if n % 2 else (w.other, prune))
        for ran in together(w, *commands):
            if ran.rc not in (0, 11):
                raise Violation(f'round {n + 1}: {ran}')
        w.must(0, 'copy', 'b2')
        far.replay(w.store.requests(), before, w.store.objects, w.identity)
        far.finds_all(w.store.objects, w.identity)
        listed = [h['name'] for h in far.read_vault.Vault(w.store.objects, w.identity).snapshots()]
        if listed[-1] != name:
            raise Violation(f'round {n + 1}: both have copied {name}, and the vault has {listed}')
        if n % 10 == 9 or n == ROUNDS - 1:
            w.must(0, 'check', '--read-data', '-d', 'b2')
            case.read(w, name)
            case.forget(w)
            case.restored(w, name)
        if n % 4 == 3:
            far.age(w.store.objects, 9)
    return ROUNDS


def fork(top: str) -> int:
    """The copied disk is backed up to on its own: what the vault has stays one history, and the other one is told."""
    case = Two()
    w = case.fresh(lab.World(os.path.join(lab.WORK, top)))
    tree.write(os.path.join(w.src, 'many/f0'), 'one')
    w.must(0, 'backup', '--time', cases.T[4], w.dest, w.src)
    tree.write(os.path.join(w.src, 'many/f0'), 'other')
    w.must(0, 'backup', '--time', cases.T[5], w.fork, w.src)
    w.must(0, 'copy', 'b2')
    was = far.everything(w.store.objects)
    ran = lab.healthy(lab.run([lab.SNAP, 'copy', 'b2'], env={**w.env, 'SNAP_DEST': w.fork}))
    if ran.rc != 4 or not ran.err.startswith(b'snap: '):
        raise Violation(f'a history of its own is copied, or not told: {ran}')
    if far.everything(w.store.objects) != was:
        raise Violation('the vault was changed')
    w.must(0, 'check', '--read-data', '-d', 'b2')
    return 1


def all_of(tally: lab.Tally, wanted: Callable[[str], bool]) -> None:
    for name, work in (('writers', lambda: rounds('writers')), ('writers without If-None-Match', lambda: rounds('writers-old', '-unconditional')),
                       ('writers of two histories', lambda: fork('fork'))):
        if wanted(name):
            tally.one(name, None, work)
            for top in ('writers', 'writers-old', 'fork'):
                lab.remove(os.path.join(lab.WORK, top))
