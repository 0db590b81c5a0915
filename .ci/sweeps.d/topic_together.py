"""Twenty backups at once, readers all along, readers that wait in their pagers: one writes, the others exit 11, no
reader fails, no writer waits for a reader."""
from __future__ import annotations
import contextlib, fcntl, json, os, random, signal, subprocess, threading, time
from collections.abc import Callable, Iterable
from typing import Any
import cases, judge, lab, tree
from lab import SNAP, Violation

MANY = 20
ROUNDS = 25 if lab.LONG else 1
FILES = 3000


class Crowd:
    def __init__(self, top: str) -> None:
        w = self.w = lab.World(top)
        tree.build(w.src)
        for n in range(FILES):
            if n % 100 == 0:
                os.makedirs(os.path.join(w.src, 'crowd', f'{n // 100:03d}'))
            tree.write(os.path.join(w.src, 'crowd', f'{n // 100:03d}', f'a file with a rather long name {n:05d}'), f'{n}')
        tree.write(os.path.join(w.src, 'large'), os.urandom(2 << 20))
        os.makedirs(w.dest)
        w.must(0, 'backup', '--time', cases.T[0], w.dest, w.src)
        self.manifest = tree.manifest(w.src)

    def start(self, *args: str, **how: Any) -> subprocess.Popen:
        return subprocess.Popen([SNAP, *args], env=self.w.env, stdin=subprocess.DEVNULL,
                                **{'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, **how})

    def end(self, processes: Iterable[subprocess.Popen]) -> list[lab.Ran]:
        out = []
        for p in processes:
            o, e = p.communicate(timeout=300)
            out.append(lab.healthy(lab.Ran(p.args, p.returncode, o, e, 0)))
        return out

    def new(self, n: int) -> None:
        """n more snapshots, all of them the source; they are taken out of the count."""
        listed = list(judge.snapshots(self.w))
        self.known = getattr(self, 'known', 1)
        if len(listed) != self.known + n:
            raise Violation(f'{len(listed) - self.known} new snapshots, not {n}: {listed}')
        for name in listed[self.known:]:
            judge.equal('I2', name, self.manifest, tree.manifest(os.path.join(self.w.dest, name)))
        judge.clean(self.w, judge.snapshots(self.w))
        self.known = len(listed)

    def held(self, work: Callable[[subprocess.Popen], None]) -> lab.Ran:
        """A backup that stops in the middle, holding the lock, until work is done; answers how it ended."""
        go = os.path.join(self.w.top, 'go')
        lab.remove(go)
        p = subprocess.Popen([os.path.join(lab.TOOLS, 'faultrun'), '-only', 'linkat', '-at', '50', '-hook', f'touch {go}.at; until [ -e {go} ]; do sleep 0.02; done',
                              '--', SNAP, 'backup', '--force', self.w.dest, self.w.src], env=self.w.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until(lambda: os.path.exists(go + '.at'))
        try:
            work(p)
        finally:
            tree.write(go, '')
            out, err = p.communicate(timeout=60)
            lab.remove(go, go + '.at')
        return lab.Ran(p.args, p.returncode, out, err, 0)

    def one_writes(self) -> int:
        def others(p: subprocess.Popen) -> None:
            for r in self.end([self.start('backup', '--force', self.w.dest, self.w.src) for _ in range(MANY - 1)]):
                if r.rc != 11 or b'locked by' not in r.err:
                    raise Violation(f'beside a backup: {r}')
        r = self.held(others)
        if r.rc:
            raise Violation(f'the one that holds the lock: {r}')
        self.new(1)
        return MANY

    def all_at_once(self) -> int:
        """Nobody is held: whoever is told to go away is told so, whoever is not makes a whole snapshot."""
        rs = self.end([self.start('backup', '--force', self.w.dest, self.w.src) for _ in range(MANY)])
        if bad := [r for r in rs if r.rc not in (0, 11)]:
            raise Violation(f'at once: {bad[0]}')
        if not (n := sum(r.rc == 0 for r in rs)):
            raise Violation('none of them wrote')
        self.new(n)
        return MANY

    def one_after_the_other(self) -> int:
        for r in self.end([self.start('backup', '--force', '--lock-wait', '5min', self.w.dest, self.w.src) for _ in range(MANY)]):
            if r.rc:
                raise Violation(f'with --lock-wait: {r}')
        self.new(MANY)
        return MANY

    def killed_holder(self) -> int:
        """A lock dies with its holder."""
        def kill(p: subprocess.Popen) -> None:
            for pid in lab.family(p.pid)[:-1]:
                with contextlib.suppress(ProcessLookupError):  # it ended with its child
                    os.kill(pid, signal.SIGKILL)
        self.held(kill)
        self.w.must(0, 'backup', '--force', self.w.dest, self.w.src)
        self.new(1)
        return 1

    def readers(self) -> int:
        """Readers run all along while backups come one after the other."""
        stop, bad, count = threading.Event(), [], [0] * 4
        want = judge.told(self.manifest)

        def read(n: int, args: list[str]) -> None:
            while not stop.is_set() and not bad:
                try:
                    r = self.w.must(0, *args, '-d', self.w.dest)
                    if args[0] == 'ls' and '--json' in args:
                        rows = json.loads(r.out)
                        if len(rows) != len(want):
                            raise Violation(f'ls: {len(rows)} entries, not {len(want)}')
                    if args[0] == 'list':
                        names = [s['name'] for s in json.loads(r.out) if s['state'] == 'complete']
                        if gone := [m for m in names if not os.path.isdir(os.path.join(self.w.dest, m))]:
                            raise Violation(f'list: {gone} are not there')
                    count[n] += 1
                except Violation as e:
                    bad.append(str(e))

        kinds = [['list', '--json'], ['ls', '-R', '--json', 'latest'], ['find', '--json', '*file*00042'], ['diff', '--json']]
        threads = [threading.Thread(target=read, args=(n, a)) for n, a in enumerate(kinds)]
        for t in threads:
            t.start()
        try:
            for _ in range(6):
                self.w.must(0, 'backup', '--force', self.w.dest, self.w.src)
        finally:
            stop.set()
            for t in threads:
                t.join()
        if bad:
            raise Violation(f'a reader beside a backup: {bad[0]}')
        if not all(count):
            raise Violation(f'a reader never ran: {count}')
        self.new(6)
        return sum(count)

    def pagers(self) -> int:
        """A reader whose pager does not read, and which is stopped, blocks no backup."""
        kinds = [['ls', '-R', 'latest'], ['ls', '-lR', '--json', 'latest'], ['find', '*'], ['find', '--json', '*'], ['diff', '--json', 'oldest', 'latest'],
                 ['cat', 'latest:large']]
        # A diff that is longer than a pipe: oldest has nothing of what is made here.
        os.makedirs(os.path.join(self.w.src, 'wide'), exist_ok=True)
        for n in range(1500):
            tree.write(os.path.join(self.w.src, 'wide', f'another file with a long name {n}'), '')
        self.w.must(0, 'backup', self.w.dest, self.w.src)
        self.manifest = tree.manifest(self.w.src)
        self.new(1)
        for args in kinds:
            r, write = os.pipe()
            fcntl.fcntl(write, 1031, 4096)  # F_SETPIPE_SZ: full soon
            p = self.start(*args, '-d', self.w.dest, stdout=write)
            os.close(write)
            until(lambda: b'pipe' in open(f'/proc/{p.pid}/wchan', 'rb').read() or any_waits(p.pid) or p.poll() is not None)
            if p.poll() is not None:
                raise Violation(f'{args} did not wait for its pager')
            os.kill(p.pid, signal.SIGSTOP)
            try:
                self.w.must(0, 'backup', '--force', self.w.dest, self.w.src)
                self.w.must(0, 'reindex', '-d', self.w.dest)
            finally:
                os.kill(p.pid, signal.SIGCONT)
                with open(r, 'rb') as f:
                    said = f.read()
                err = p.communicate()[1]
            if p.returncode or not said:
                raise Violation(f'{args} after its pager went on: exit code {p.returncode}: {err!r}')
            self.new(1)
        return len(kinds)


def any_waits(pid: int) -> bool:
    """A thread waits to write into a pipe."""
    for t in os.listdir(f'/proc/{pid}/task'):
        try:
            if b'pipe' in open(f'/proc/{pid}/task/{t}/wchan', 'rb').read():
                return True
        except OSError:
            pass
    return False


def until(there: Callable[[], bool]) -> None:
    for _ in range(3000):
        if there():
            return
        time.sleep(0.02)
    raise Violation('waited for a minute for what did not come')


def main() -> None:
    tally = lab.Tally('together')
    crowd = Crowd(os.path.join(lab.WORK, 'together'))
    crowd.known = 1
    for n in range(ROUNDS):
        for work in (crowd.one_writes, crowd.all_at_once, crowd.one_after_the_other, crowd.killed_holder, crowd.readers, crowd.pagers):
            if not tally.one(f'{work.__name__}, round {n + 1}', None, work):
                crowd.known = len(judge.snapshots(crowd.w))
        # Many snapshots of thousands of files are nothing but time here.
        lab.remove(crowd.w.top)
        if n + 1 < ROUNDS:
            crowd = Crowd(os.path.join(lab.WORK, 'together'))
            crowd.known = 1
    tally.last()


main()
