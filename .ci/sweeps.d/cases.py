"""The commands under fault, for the sweeps kill and errno: how each begins, and what must hold after it."""
from __future__ import annotations
import collections, os, time
from collections.abc import Iterator, Sequence
import judge, lab, tree
from lab import Violation

T = [f'2026-01-0{n}T00:00:00Z' for n in range(1, 7)]
NAMES = [f'2026010{n}-000000' for n in range(1, 7)]
OLD_ENOUGH = 3.2  # seconds: what is younger than 3 s is racy, and the sweeps want files of both sorts

FLAGS = {'twin': '--no-links', 'xattrs': '--no-xattr'}  # of sametree.py


class Case:
    """One command. fresh() makes the world once, reset() puts it back before each point."""
    name: str = ''
    needs: tuple[str, ...] = ()
    but: tuple[str, ...] = ()  # fields of a manifest that a fault may cost the tree: hard links refused for good, xattrs too large
    exact = True  # False where a fault may cost a copy instead of a link, or a move is seen as two changes
    snapshots = 2  # of the template

    def argv(self, w: lab.World) -> list[str]:
        raise NotImplementedError

    def fresh(self, w: lab.World) -> lab.World:
        tree.build(w.src)
        w.manifests = {}
        os.makedirs(w.dest)
        for n in range(self.snapshots):
            self.edit(w, n)
            w.must(0, 'backup', '--time', T[n], w.dest, w.src)
            w.manifests[NAMES[n]] = tree.manifest(w.src)
            judge.whole(w, NAMES[n], w.manifests[NAMES[n]], 'before any fault')
        time.sleep(OLD_ENOUGH)
        self.edit(w, self.snapshots)
        w.source = tree.manifest(w.src)
        w.template = getattr(w, 'template', w.dest + '.template')
        lab.copy(w.dest, w.template)
        w.guard()
        self.control(w)
        return w

    def edit(self, w: lab.World, n: int) -> None:
        """The source before backup n; the last is the one under fault, or after the command that is."""
        if n == 1:
            tree.touch(w.src)
        elif n == 2:
            tree.change(w.src)
        elif n == 3:
            tree.write(os.path.join(w.src, 'many/f0'), 'the fourth', 1_650_000_000_000_000_000)
            os.rename(os.path.join(w.src, 'new name'), os.path.join(w.src, 'plain/newer name'))

    def reset(self, w: lab.World) -> None:
        lab.copy(w.template, w.dest)
        w.forget()

    def heal(self, w: lab.World) -> None:
        """Takes back what stands in the way of any run; what the program left stays."""

    def control(self, w: lab.World) -> None:
        """A life without faults, to compare with."""
        self.reset(w)
        r = w.must(0, *self.argv(w))
        self.after(w, r)
        w.usual = judge.answers(w, self.rename), judge.usage(w)
        w.total = 0
        for _ in range(2):
            self.reset(w)
            w.total = max(w.total, w.fault([], self.argv(w)).total)

    rename = ()

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        raise NotImplementedError

    def finish(self, w: lab.World, old: dict[str, tree.Manifest], extra: judge.Snapshots) -> judge.Snapshots:
        """I3, I4: the next backup succeeds unaided and equals the source; nothing is left over."""
        self.heal(w)
        r = w.must(0, 'backup', '--json', '--time', T[5], w.dest, w.src)
        listed = judge.snapshots(w)
        if len(listed) > len(old) + len(extra) + 1:
            raise Violation(f'I3: after the next backup there are {list(listed)}')
        for s in listed.values():
            if s['state'] != 'complete' and s['name'] not in extra:
                raise Violation(f'I3: {s["name"]} is listed as {s["state"]} after the next backup')
        newest = list(listed)[-1]
        if newest in old and tree.differences(old[newest], w.source):
            raise Violation(f'I3: no snapshot of the source after the next backup: {r}')
        judge.whole(w, newest, w.source, 'I3', but=self.but)
        for name, m in old.items():
            judge.whole(w, name, m, index=name not in old or len(extra) < 2)
        judge.clean(w, listed)
        judge.checked(w)
        w.unguard()
        return listed

    def asked(self, w: lab.World) -> None:
        """I1: who only reads need not wait for the next run that writes."""
        judge.reads(w)
        for question in (['find', '*'], ['stats']):
            w.must(0, *question, '-d', w.dest)
        self.rehearsed(w.snap('backup', '-n', '--json', '--time', T[5], w.dest, w.src))

    def rehearsed(self, r: lab.Ran) -> None:
        if r.rc != 0:
            raise Violation(f'I1: a dry run fails: {r}')

    def usual(self, w: lab.World, listed: judge.Snapshots) -> None:
        """The answers are those of a life without faults, and so is the space."""
        if not hasattr(w, 'usual') or not self.exact:
            return
        answers, usage = w.usual
        judge.same_answers('I4', answers, judge.answers(w, self.rename))
        if judge.usage(w) > usage * 1.01 + 8192:  # a file system may lay out a block in two ways
            raise Violation(f'I4: the trees take {judge.usage(w)} bytes, without the fault {usage}')


class Backup(Case):
    def argv(self, w: lab.World) -> list[str]:
        return ['backup', '--json', '--time', T[4], w.dest, w.src]

    @property
    def rename(self) -> tuple[tuple[str, str], ...]:
        return ((NAMES[4], 'NEW'), (NAMES[5], 'NEW'))

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        old = w.manifests
        first = w.snap('list', '--json', '-d', w.dest)
        listed = {}
        if first.rc == 0:
            listed = judge.snapshots(w)
        elif old or first.rc not in (1, 10):
            raise Violation(f'I1: the snapshots cannot be listed: {first}')
        for name in old:
            if listed.get(name, {}).get('state') != 'complete':
                raise Violation(f'I1: {name} is listed as {listed.get(name)}')
            judge.whole(w, name, old[name])
        if listed:
            self.asked(w)
        extra = {n: s for n, s in listed.items() if n not in old}
        if len(extra) > 1:
            raise Violation(f'I2: more than one new snapshot: {list(extra)}')
        for name, s in extra.items():
            if s['state'] == 'complete' and ran.rc != 3:
                judge.whole(w, name, w.source, 'I2', but=self.but)
                lab.sametree(w.src, os.path.join(w.dest, name), *[FLAGS[f] for f in self.but])
            elif ran.rc == 3:
                judge.but_named(w.source, tree.manifest(os.path.join(w.dest, name)), ran.err, name, self.but)
                if s['state'] == 'complete' and tree.differences(w.source, tree.manifest(os.path.join(w.dest, name))):
                    raise Violation(f'I2: exit code 3, and {name} is listed as complete')
        if ran.rc in (0, 3) and not extra:
            raise Violation(f'I2: no new snapshot: {ran}')
        if ran.rc not in (0, 1, 3, 4, 137):
            raise Violation(f'I2: an exit code of another meaning: {ran}')
        if ran.rc != 0 and ran.rc != 137 and not ran.err.strip():
            raise Violation(f'I2: it says nothing: {ran}')
        listed = self.finish(w, old, extra)
        if ran.rc != 3 and len(listed) == len(old) + 1:
            self.usual(w, listed)


class First(Backup):
    name, snapshots = 'first', 0


class Incremental(Backup):
    name = 'incremental'


class Resume(Backup):
    """What a killed incremental backup left is there when the command begins."""

    def __init__(self, part: float) -> None:
        self.part, self.name = part, f'resume-{int(part * 100)}'

    def reset(self, w: lab.World) -> None:
        super().reset(w)
        if not hasattr(w, 'died'):
            w.died = int(self.part * w.fault([], self.argv(w)).total)
            super().reset(w)
        w.fault(['-at', str(w.died), '-kill'], self.argv(w), killed=True)
        w.forget()


class Delete(Case):
    """Of four snapshots, some go; others stay, with all that the index says of them."""
    needs, snapshots = ('delete',), 4
    rename = ((NAMES[5], 'NEW'),)

    def __init__(self, name: str, *victims: int) -> None:
        self.name, self.victims = name, [NAMES[v] for v in victims]

    def argv(self, w: lab.World) -> list[str]:
        return ['delete', *self.victims, '-d', w.dest]

    def gone(self, w: lab.World) -> list[str]:
        return self.victims

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        old = {n: m for n, m in w.manifests.items() if n not in self.gone(w)}
        listed = judge.snapshots(w)
        for name, m in w.manifests.items():
            state = listed.get(name, {}).get('state')
            if name in old and state != 'complete':
                raise Violation(f'I1: {name} is listed as {state}')
            if state == 'complete':
                judge.whole(w, name, m)
        if ran.rc in (0, 3) and (left := [n for n in self.gone(w) if n in listed or os.path.lexists(os.path.join(w.dest, n))]):
            raise Violation(f'I2: exit code {ran.rc}, and {left} are still there: {ran}')
        if ran.rc not in (0, 1, 3, 137): # 3: deleted, and something in the trash stays
            raise Violation(f'I2: an exit code of another meaning: {ran}')
        if hasattr(w, 'usual'):  # not yet while the first of all is judged
            self.asked(w)
        # Again, as a user would: those that are still there.
        if again := [n for n in self.gone(w) if n in listed]:
            r = w.snap('delete', *again, '-d', w.dest)
            if r.rc != 0 and set(again) & set(judge.snapshots(w)):
                raise Violation(f'I3: a second delete fails: {r}')
        self.usual(w, self.finish(w, old, {}))


class Prune(Delete):
    needs = ('prune',)

    def __init__(self) -> None:
        self.name, self.victims = 'prune', NAMES[:3]

    def argv(self, w: lab.World) -> list[str]:
        return ['prune', '--keep-last', '1', '-d', w.dest]

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        if ran.rc != 0:
            w.must((0, 1), *self.argv(w))
        super().after(w, ran)


class Restore(Case):
    name, snapshots = 'restore', 3

    def argv(self, w: lab.World) -> list[str]:
        return ['restore', NAMES[1], '--target', w.target, '-d', w.dest]

    def fresh(self, w: lab.World) -> lab.World:
        super().fresh(w)
        w.dest_stamps = tree.stamps(w.dest)
        return w

    def reset(self, w: lab.World) -> None:
        if not os.path.exists(w.dest) or not hasattr(w, 'dest_stamps'):
            super().reset(w)
        w.forget()
        lab.remove(w.target)

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        want = w.manifests[NAMES[1]]
        got = tree.manifest(w.target) if os.path.isdir(w.target) else {}
        if ran.rc == 0:
            judge.equal('I2', 'exit code 0, but the restored tree', want, got, self.but)
            lab.sametree(os.path.join(w.dest, NAMES[1]), w.target, *[FLAGS[f] for f in self.but])
        elif ran.rc == 3:
            judge.but_named(want, got, ran.err, 'the restored tree', self.but)
        elif ran.rc not in (1, 137):
            raise Violation(f'I2: an exit code of another meaning: {ran}')
        r = w.must(0, 'restore', NAMES[1], '--target', w.target, '--overwrite', 'always', '--delete', '-d', w.dest)
        try:
            judge.equal('I3', 'the second restore', want, tree.manifest(w.target))
        except Violation as e:
            raise Violation(f'{e} ({r.out[-200:]} {r.err[-200:]})')
        w.unguard()
        if hasattr(w, 'dest_stamps') and tree.stamps(w.dest) != w.dest_stamps:
            raise Violation('I6: a restore changed the destination')

    def control(self, w: lab.World) -> None:
        self.reset(w)
        self.after(w, w.must(0, *self.argv(w)))
        w.total = 0
        for _ in range(2):
            self.reset(w)
            w.total = max(w.total, w.fault([], self.argv(w)).total)


class Reindex(Case):
    name, snapshots = 'reindex', 3

    def argv(self, w: lab.World) -> list[str]:
        return ['reindex', '-d', w.dest]

    def control(self, w: lab.World) -> None:
        self.reset(w)
        w.before = judge.answers(w)
        super().control(w)

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        for name, m in w.manifests.items():
            judge.whole(w, name, m, index=False)
        now = w.snap('list', '-d', w.dest)
        if now.rc == 0:
            self.same(w, 'after the fault')
        elif now.rc != 1 or b'snap reindex' not in now.err:
            raise Violation(f'I1: no answer, and no way out: {now}')
        if ran.rc not in (0, 1, 137):
            raise Violation(f'I2: an exit code of another meaning: {ran}')
        if ran.rc == 0 and now.rc:
            raise Violation(f'I2: exit code 0, and then {now}')
        w.must(0, *self.argv(w))
        self.same(w, 'after the next reindex')
        if left := [n for n in os.listdir(os.path.join(w.dest, '.snap')) if n not in KNOWN]:
            raise Violation(f'I4: left in .snap: {left}')
        self.finish(w, w.manifests, {})

    def same(self, w: lab.World, when: str) -> None:
        judge.same_answers(f'I1, {when}', w.before, judge.answers(w))


KNOWN = {'lock', 'index.db', 'index.db.old', 'reserve', 'last-run', 'last-check', 'space', 'runs', 'changes', 'tmp', 'trash', 'labels'}


class Repair(Case):
    """Two files of the trees are damaged; one has an intact copy elsewhere, the other is still in the source."""
    name, needs, snapshots = 'repair', ('check',), 3

    def argv(self, w: lab.World) -> list[str]:
        return ['check', '--read-data', '--repair', '-d', w.dest]

    def reset(self, w: lab.World) -> None:
        super().reset(w)
        for p in ('many/f5', 'plain/deep/er/x'):
            full = os.path.join(w.dest, NAMES[1], p)
            s = os.stat(full)
            data = open(full, 'rb').read()
            with open(full, 'r+b') as f:
                f.write(bytes(b ^ 255 for b in data[:1]) + data[1:])
            os.utime(full, ns=(s.st_atime_ns, s.st_mtime_ns))

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        listed = judge.snapshots(w)
        if sorted(listed) != sorted(w.manifests):
            raise Violation(f'I1: {list(listed)}')
        w.must((0, 1), *self.argv(w))
        for name, m in w.manifests.items():
            judge.whole(w, name, m)
        self.finish(w, w.manifests, {})


class Purge(Case):
    """Paths go from all snapshots: one with hard links elsewhere, one that is moved later, a folder, what another was moved from."""
    name, needs, snapshots = 'purge', ('purge',), 3
    rename = ((NAMES[5], 'NEW'),)
    PATHS = ('plain/a', 'old name', 'many/f4', 'links/pair1', 'names/-n')

    def argv(self, w: lab.World) -> list[str]:
        return ['purge', *self.PATHS, '-d', w.dest]

    def edit(self, w: lab.World, n: int) -> None:
        """The move of a purged folder is in a snapshot; the source under the next backup has what was purged again."""
        super().edit(w, n + 1 if n else 0)

    def left(self, m: tree.Manifest) -> tree.Manifest:
        goes = lambda p: any(p == os.fsencode(g) or p.startswith(os.fsencode(g) + b'/') for g in self.PATHS)
        left, groups = {p: e for p, e in m.items() if not goes(p)}, {}
        for p, e in m.items():
            if e.twin is not None and p in left:
                groups.setdefault(e.twin, []).append(p)
        for names in groups.values():
            for p in names:
                left[p] = left[p]._replace(twin=names[0] if len(names) > 1 else None)
        return left

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        listed = judge.snapshots(w)
        if sorted(listed) != sorted(w.manifests):
            raise Violation(f'I1: {list(listed)}')
        done = {name: self.left(m) for name, m in w.manifests.items()}
        for name in w.manifests:
            # What stays is there at every moment; the times of folders that something goes from are put right last.
            got = self.left(tree.manifest(os.path.join(w.dest, name)))
            free = lambda m: {p: e._replace(mtime=0, mode=0) if e.kind == 'dir' else e for p, e in m.items()}
            judge.equal('I1', f'what stays in {name}', free(done[name]), free(got))
        if ran.rc not in (0, 1, 137):
            raise Violation(f'I2: an exit code of another meaning: {ran}')
        if hasattr(w, 'usual'):
            for question in (['find', '*'], ['stats']):
                w.must(0, *question, '-d', w.dest)
        if ran.rc != 0:  # again, as a user would; nothing may fit any more
            w.must((0, 2), *self.argv(w))
        for name in w.manifests:
            judge.whole(w, name, done[name])
        if left := [n for n in os.listdir(os.path.join(w.dest, '.snap')) if n not in KNOWN]:
            raise Violation(f'I4: left in .snap: {left}')
        self.usual(w, self.finish(w, done, {}))


CASES = [First(), Incremental(), Resume(0.35), Resume(0.8), Restore(), Reindex(), Delete('delete', 1), Delete('delete-newest', 3),
         Delete('delete-two', 0, 2), Prune(), Purge(), Repair()]

SHORT = ['first', 'incremental', 'resume-80', 'restore', 'reindex', 'delete', 'delete-two', 'prune', 'purge', 'repair']


def calls(case: Case, w: lab.World, only: str) -> collections.Counter:
    """How often a case makes each of these calls."""
    case.reset(w)
    log = os.path.join(w.top, 'calls')
    w.fault(['-only', only, '-log', log], case.argv(w))
    return collections.Counter(line.split()[1] for line in open(log))


def active(tally: lab.Tally, short: Sequence[str] = SHORT) -> Iterator[Case]:
    """The cases that this snap has the commands for; short names those of the short form."""
    only = os.environ.get('SWEEP_CASES', '').split() or (None if lab.LONG else short)
    for c in CASES:
        if only and c.name not in only:
            continue
        if missing := [n for n in c.needs if not lab.knows(n)]:
            tally.skip(c.name, f'snap has no command {missing[0]} yet')
        else:
            yield c
