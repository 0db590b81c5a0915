"""Lives at random: edit, back up, kill, fail, interrupt, delete, prune, restore, reindex, check, against a model that keeps
what each snapshot must hold. The seed is printed first and repeats the run: SEED=N .ci/sweeps FORM random. SWEEP_LIFE=N
repeats one life of it."""
from __future__ import annotations
import contextlib, mmap, os, random, shutil, time
from collections.abc import Iterable, Sequence
import cases, judge, lab, tree
from lab import Violation

OPS = 70             # of a life
LIVES = 4            # in the short form
HOUR = int(os.environ.get('SWEEP_SECONDS', 3600))  # of the long form
CALLS = 700          # about as many has a backup
KNOWS = {c: lab.knows(c) for c in ('delete', 'prune', 'check', 'tag')}


class Life:
    def __init__(self, w: lab.World, seed: int) -> None:
        self.w, self.rnd, self.seed = w, random.Random(seed), seed
        self.model = {}  # name -> manifest, oldest first
        self.faults, self.done = 0, []
        self.pending = []   # what disturbed runs were making: the next writing command may publish it
        self.partial = set()  # made with exit code 3
        self.begun = set()  # whose deletion was disturbed
        self.day = 0
        for d in (w.src, w.dest, w.target):
            lab.remove(d)
        w.dest = os.path.join(w.top, 'dest')  # the life before may have moved it
        w.forget()
        tree.build(w.src)
        os.makedirs(w.dest)

    # --- edits -------------------------------------------------------------------------------------------

    def paths(self, kind: str) -> list[str]:
        out = []
        for d, folders, files in os.walk(self.w.src):
            for n in folders if kind == 'dir' else files:
                p = os.path.join(d, n)
                if os.path.islink(p) == (kind == 'link') and (kind != 'file' or os.path.isfile(p)):
                    out.append(p)
        return sorted(out)

    def file(self) -> str:
        return self.rnd.choice(self.paths('file') or [self.create()])

    def dir(self) -> str:
        return self.rnd.choice([self.w.src] + self.paths('dir'))

    def free(self) -> str:
        while os.path.lexists(p := os.path.join(self.dir(), f'n{self.rnd.randrange(1000)}')):
            pass
        return p

    def data(self) -> bytes:
        return self.rnd.randbytes(self.rnd.choice([0, 1, 10, 11, 11, 11, 500, 5000, 100_000]))

    def create(self) -> str:
        p = self.free()
        tree.write(p, self.data())
        return p

    def overwrite(self) -> None:
        p = self.file()
        with open(p, 'r+b') as f:
            f.seek(self.rnd.randrange(max(1, os.path.getsize(p))))
            f.write(self.data()[:50])

    def same_size(self) -> None:
        """Another content, same size, same mtime: only ctime tells."""
        p = self.file()
        s = os.stat(p)
        with open(p, 'r+b') as f:
            f.write(self.rnd.randbytes(min(s.st_size, 100)))
        os.utime(p, ns=(s.st_atime_ns, s.st_mtime_ns))

    def replace(self) -> None:
        """What editors do: another inode under the name, with the old one's time."""
        p, q = self.file(), self.free()
        s = os.stat(p)
        tree.write(q, self.rnd.randbytes(s.st_size), s.st_mtime_ns)
        os.rename(q, p)

    def mapped(self) -> None:
        p = self.file()
        if os.path.getsize(p):
            with open(p, 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
                m[self.rnd.randrange(len(m))] = self.rnd.randrange(256)

    def rename(self) -> None:
        os.rename(self.rnd.choice(self.paths('file') + self.paths('link')), self.free())

    def rename_dir(self) -> None:
        if ds := self.paths('dir'):
            d, p = self.rnd.choice(ds), self.free()
            if not (p + '/').startswith(d + '/'):
                os.rename(d, p)

    def swap(self) -> None:
        p, q, t = self.file(), self.file(), self.free()
        if p != q:
            os.rename(p, t), os.rename(q, p), os.rename(t, q)

    def link(self) -> None:
        os.link(self.file(), self.free())

    def copy(self) -> None:
        shutil.copy2(self.file(), self.free())

    def unlink(self) -> None:
        os.unlink(self.file())

    def rmtree(self) -> None:
        if ds := self.paths('dir'):
            shutil.rmtree(self.rnd.choice(ds))

    def mkdir(self) -> None:
        os.mkdir(self.free())

    def chmod(self) -> None:
        os.chmod(self.file(), self.rnd.choice([0o600, 0o644, 0o755, 0o4755, 0o400]))

    def chown(self) -> None:
        if tree.ROOT:
            os.chown(self.file(), self.rnd.randrange(3), self.rnd.randrange(3))

    def xattr(self) -> None:
        with contextlib.suppress(OSError):
            os.setxattr(self.file(), 'user.r', self.data()[:20])

    def xattrs(self) -> None:
        """As many as fit ext4, and what no text holds."""
        p = self.file()
        with contextlib.suppress(OSError):
            for n in range(20):
                os.setxattr(p, f'user.{n}.' + 'n' * 40, self.rnd.randbytes(self.rnd.choice([0, 1, 60])))

    def hole(self) -> None:
        with open(self.file(), 'r+b') as f:
            f.truncate(self.rnd.choice([1 << 16, 1 << 24]))

    def rotate(self) -> None:
        with contextlib.suppress(OSError):  # a folder may have the name
            tree.rotate(self.dir(), self.data())

    def symlink(self) -> None:
        os.symlink(self.rnd.choice(['a', '..', self.w.outside, 'plain/a']), self.free())

    def retype(self) -> None:
        p = self.file()
        os.unlink(p)
        self.rnd.choice([os.mkdir, os.mkfifo, lambda q: os.symlink('x', q)])(p)

    EDITS = [create, create, overwrite, overwrite, same_size, replace, mapped, rename, rename, rename_dir, swap, link, copy, unlink, rmtree,
             mkdir, chmod, chown, xattr, xattrs, hole, rotate, rotate, symlink, retype]

    def edit(self) -> None:
        for _ in range(self.rnd.randrange(1, 8)):
            self.rnd.choice(self.EDITS)(self)

    # --- commands ----------------------------------------------------------------------------------------

    def time(self) -> str:
        """Mostly later; now and then the clock was set back."""
        self.day += 1
        day = self.day if self.rnd.randrange(10) else self.rnd.randrange(1, self.day + 1)
        return f'2026-{1 + day // 28 % 12:02d}-{1 + day % 28:02d}T00:00:{day // 336 % 60:02d}Z'

    def run(self, args: Sequence[str], faulty: bool = True) -> tuple[lab.Ran, str]:
        """A command, sometimes with a fault; answers how it ended."""
        roll = self.rnd.randrange(10) if faulty else 9
        n = str(self.rnd.randrange(1, CALLS) if self.rnd.randrange(3) else self.rnd.randrange(1, 60))
        if roll < 3:
            fault = ['-at', n, '-kill']
        elif roll < 4:
            fault = ['-at', n, '-sig', self.rnd.choice(['2', '15'])]
        elif roll < 5:
            fault = [self.rnd.choice(['-at', '-from']), n, '-errno', self.rnd.choice(['EIO', 'ENOSPC', 'EMFILE', 'ENOMEM', 'EROFS'])]
        else:
            fault = []
        self.done.append(' '.join(map(str, fault + ['--'] + [os.path.basename(a) for a in args])))
        if not fault:
            return self.w.snap(*args), ''
        ran = self.w.fault(fault, args, killed=True)
        self.faults += bool(ran.hit)
        if '-kill' not in fault and ran.rc > 128 and not (ran.hit and '-sig' in fault and ran.rc in (130, 143)):
            raise Violation(f'I7: died: {ran}')
        return ran, ran.hit

    def source(self) -> tree.Manifest:
        return tree.manifest(self.w.src)

    def backup(self) -> None:
        w, m = self.w, self.source()
        # Not --trust-moves: it takes for the same what same_size has made another, once that is renamed.
        args = ['backup', '--json', '--allow-empty-source', '--time', self.time()]
        if not self.rnd.randrange(5):
            args += [self.rnd.choice(['--force', '--checksum', '--jobs=1'])]
        ran, hit = self.run([*args, w.dest, w.src])
        listed = self.listed() if self.model or ran.rc == 0 else self.perhaps()
        # The fault hit the summary, or what follows the snapshot: the run says so, and has none.
        untold = bool(hit) and ran.rc == 3 and not ran.out and (b'write to standard output' in ran.err or b'is there, but' in ran.err)
        said = ran.summary()['snapshot'] if ran.rc in (0, 3) and not untold else None
        self.publish([n for n in listed if not said or n != said['name']])
        new = [n for n in listed if n not in self.model]
        if len(new) > 1:
            raise Violation(f'I2: several new snapshots {new}: {ran}')
        if ran.rc in (0, 3) and not new and not untold and not ran.summary()['skipped']:
            raise Violation(f'I2: no new snapshot: {ran}')
        if ran.rc not in (0, 130, 143) and not hit:
            raise Violation(f'without a fault: {ran}')
        if ran.rc == 0 and not new:
            last = list(self.model.values())[-1]
            times = lambda m: {p: e._replace(mtime=0) if e.kind == 'dir' else e for p, e in m.items()}
            judge.equal('I2', 'nothing changed, it says, but', times(last), times(m))
        for n in new:
            got = tree.manifest(os.path.join(w.dest, n))
            if ran.rc == 3:
                judge.but_named(m, got, ran.err, n)
                m = got
            judge.whole(w, n, m, 'I2', index=ran.rc != 3)
            self.model[n] = m
            if ran.rc == 3:
                self.partial.add(n)
        if ran.rc in (0, 3):
            self.pending = []
        elif not new:
            self.pending.append(m)

    def listed(self) -> judge.Snapshots:
        """Without those that a disturbed delete has taken the folder of; the next run that writes forgets them."""
        return {n: s for n, s in judge.snapshots(self.w).items() if s['state'] != 'missing' or n not in self.begun}

    def publish(self, listed: Iterable[str]) -> None:
        """What a disturbed run had ready may have been published by the command after it: all of it."""
        for n in listed:
            if n in self.model:
                continue
            got = tree.manifest(os.path.join(self.w.dest, n))
            for m in self.pending:
                if not tree.differences(m, got):
                    judge.whole(self.w, n, m, 'I2')
                    self.model[n] = m
                    self.pending.remove(m)
                    break

    def perhaps(self) -> judge.Snapshots:
        """Before there is a snapshot a killed run may have left anything that the next one can begin with."""
        r = self.w.snap('list', '--json', '-d', self.w.dest)
        return judge.snapshots(self.w) if r.rc == 0 else {}

    def recover(self) -> None:
        """What a run left is settled by the next one that is not disturbed."""
        m = self.source()
        r = self.w.must(0, 'backup', '--json', '--allow-empty-source', '--time', self.time(), self.w.dest, self.w.src)
        self.done.append('-- backup')
        listed = judge.snapshots(self.w)
        self.publish(listed)
        self.pending = []
        for n in listed:
            if n not in self.model:
                judge.whole(self.w, n, m, 'I3')
                self.model[n] = m
        self.all(listed)
        judge.clean(self.w, listed)

    def all(self, listed: judge.Snapshots | None = None) -> None:
        listed = listed or judge.snapshots(self.w)
        if list(listed) != list(self.model):
            raise Violation(f'I1: listed {list(listed)}, the model has {list(self.model)}')
        for n, m in self.model.items():
            judge.whole(self.w, n, m, index=n not in self.partial)

    def gone(self, names: Iterable[str], ran: lab.Ran, hit: str) -> None:
        """These may be gone, if the command was disturbed; if not they are. All others are there."""
        if ran.rc and not hit:
            raise Violation(f'without a fault: {ran}')
        listed = self.listed()
        self.publish(listed)
        complete = [n for n, s in listed.items() if s['state'] in ('complete', 'incomplete')]
        for n in names:
            if n in complete:
                if ran.rc == 0:
                    raise Violation(f'I2: {n} is still there after {ran}')
                judge.whole(self.w, n, self.model[n], index=n not in self.partial)
            else:
                del self.model[n]
                self.begun.add(n)
        if complete != list(self.model):
            raise Violation(f'I1: listed {complete}, the model has {list(self.model)} after {ran}')

    def delete(self) -> None:
        if len(self.model) > 1 and KNOWS['delete']:
            names = self.rnd.sample(list(self.model), self.rnd.randrange(1, min(4, len(self.model))))
            self.gone(names, *self.run(['delete', *names, '-d', self.w.dest]))

    def prune(self) -> None:
        if len(self.model) > 6 and KNOWS['prune']:
            keep = self.rnd.randrange(1, 6)
            ran, hit = self.run(['prune', '--keep-last', str(keep), '--allow-most', '-d', self.w.dest])
            self.publish(self.listed())  # before anything else prune publishes what a killed run had ready
            # Only what the rule does not keep may go; incomplete ones do not count as the newest complete.
            self.gone([n for n in list(self.model)[:-keep] if n not in judge.snapshots(self.w) or ran.rc], ran, hit)

    def restore(self) -> None:
        if self.model:
            n = self.rnd.choice(list(self.model))
            lab.remove(self.w.target)
            for again in (False, True):
                ran, hit = self.run(['restore', n, '--target', self.w.target, '-d', self.w.dest, *(['--overwrite', 'always', '--delete'] if again else [])], not again)
                if ran.rc == 0 and n not in self.partial:
                    judge.equal('I2', f'restore of {n}', self.model[n], tree.manifest(self.w.target))
                elif not hit and n not in self.partial:
                    raise Violation(f'without a fault: {ran}')
            lab.remove(self.w.target)

    def reindex(self) -> None:
        if self.model:
            if not self.rnd.randrange(3):
                lab.remove(os.path.join(self.w.dest, '.snap/index.db'))
            ran, hit = self.run(['reindex', '-d', self.w.dest])
            if ran.rc:
                if not hit:
                    raise Violation(f'without a fault: {ran}')
                self.w.must(0, 'reindex', '-d', self.w.dest)
            self.publish(self.listed())
            self.all()

    def check(self) -> None:
        if self.model and KNOWS['check']:
            judge.reads(self.w, '--read-data')

    def ask(self) -> None:
        """Readers do not wait for the run that clears up."""
        if self.model:
            judge.reads(self.w)
            for question in (['find', '*'], ['stats']):
                self.w.must(0, *question, '-d', self.w.dest)

    def dry(self) -> None:
        if self.model:
            before = tree.stamps(self.w.dest)
            self.w.must((0, 3), 'backup', '-n', '--allow-empty-source', self.w.dest, self.w.src)
            if tree.stamps(self.w.dest) != before:
                raise Violation('a dry run wrote')

    def move(self) -> None:
        """The destination's folder has another name from now on."""
        there = self.w.dest + self.rnd.choice(['', 'x'])
        if not os.path.lexists(there):
            os.rename(self.w.dest, there)
            self.w.dest = there

    def old(self) -> None:
        """Nothing is racy any more."""
        if not self.rnd.randrange(4):
            time.sleep(cases.OLD_ENOUGH)

    COMMANDS = [backup] * 8 + [recover] * 2 + [delete] * 2 + [prune, restore, restore, reindex, check, ask, dry, move, old]

    def live(self) -> int | None:
        w = self.w
        for n in range(OPS):
            try:
                if self.rnd.randrange(2):
                    self.edit()
                    self.done.append('edit')
                w.guard()
                op = self.rnd.choice(self.COMMANDS)
                op(self)
                w.unguard()
                for name in self.rnd.sample(list(self.model), min(2, len(self.model))):
                    judge.equal('I1', name, self.model[name], tree.manifest(os.path.join(w.dest, name)))
            except Violation as e:
                raise Violation(f'operation {n} ({op.__name__}) of life {self.seed}: {e}\n      last: {"; ".join(self.done[-8:])}')
        self.recover()
        judge.checked(self.w)
        return self.faults


def main() -> None:
    tally = lab.Tally('random')
    print(f'  random SEED={lab.SEED}', flush=True)
    end = time.monotonic() + HOUR

    def live(w: lab.World, seed: int) -> int | None:
        if lab.LONG and time.monotonic() > end:
            return None
        return Life(w, seed).live()

    os.makedirs(os.path.join(lab.WORK, 'random'))
    lives = [lab.SEED * 100_000 + n for n in range(100_000 if lab.LONG else LIVES)]
    if life := os.environ.get('SWEEP_LIFE'):
        lives = [int(life)]
    tally.case(f'lives of {OPS} operations', lives, lambda w: w, live, 'random')
    tally.last()


main()
