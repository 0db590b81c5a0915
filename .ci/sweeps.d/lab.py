"""The laboratory of a sweep: running snap with faults, worlds to run it in, and points in parallel."""
from __future__ import annotations
import contextlib, ctypes, fcntl, io, json, math, multiprocessing, os, re, shutil, signal, subprocess, sys, time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
import tree

LONG = os.environ.get('SWEEP_FORM') == 'long'
SNAP, TOOLS, HARNESS, WORK = (os.environ[k] for k in ('SWEEP_SNAP', 'SWEEP_TOOLS', 'SWEEP_HARNESS', 'SWEEP_WORK'))
JOBS = int(os.environ.get('SWEEP_JOBS') or os.cpu_count() or 1)
SEED = int(os.environ.get('SEED') or (time.time_ns() // 1000 % 1_000_000 if LONG else 1))
TIMEOUT = 60


class Violation(Exception):
    """A promise that snap did not keep."""
    hit: str = ''  # what the fault had hit


class Ran:
    def __init__(self, argv: Any, rc: int, out: bytes, err: bytes, seconds: float) -> None:
        self.argv, self.rc, self.out, self.err, self.seconds = argv, rc, out, err, seconds
        self.hit, self.total = '', 0
        if m := re.search(rb'faultrun: total=(\d+) hit=(\S*) status=.*\n', err):
            self.total, self.hit = int(m[1]), m[2].decode()
            self.err = err.replace(m[0], b'')

    def __str__(self) -> str:
        words = [os.path.basename(str(a)) if '/' in str(a) else str(a) for a in self.argv]
        if '--' in words[:-1]:
            words = words[words.index('--') + 1:]
        return f'{" ".join(words)}: exit code {self.rc}: {(self.out[-500:] + self.err[-700:]).decode(errors="replace")}'

    def summary(self) -> dict:
        """The last line of --json."""
        return json.loads(self.out.strip().splitlines()[-1])


def family(pid: int) -> list[int]:
    """A process and all that it started, deepest first."""
    out = []
    with contextlib.suppress(OSError):
        for t in os.listdir(f'/proc/{pid}/task'):
            for c in open(f'/proc/{pid}/task/{t}/children').read().split():
                out += family(int(c))
    return out + [pid]


def run(argv: Sequence[str], env: dict[str, str] | None = None, stdin: int = subprocess.DEVNULL, cwd: str | None = None,
        timeout: float = TIMEOUT) -> Ran:
    """Runs a program to its end. One that does not end is ended with all it started, and is a violation."""
    start = time.monotonic()
    p = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=cwd)
    try:
        out, err = p.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        for pid in family(p.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        out, err = p.communicate()
        raise Violation(f'I7: hangs: {Ran(argv, p.returncode, out, err, timeout)}')
    return Ran(argv, p.returncode, out, err, time.monotonic() - start)


def healthy(ran: Ran, killed: bool = False) -> Ran:
    """I7: no panic, no death by a signal but the one that was sent."""
    for what in (b'goroutine ', b'panic: ', b'fatal error: ', b'unexpected fault address'):
        if what in ran.err or what in ran.out:
            raise Violation(f'I7: a trace: {ran}')
    if ran.rc < 0 or (ran.rc > 128 and not killed):
        raise Violation(f'I7: died by a signal: {ran}')
    return ran


class World:
    """A source, a destination, things that nobody may touch, and a home, in one folder."""

    # What the cases remember of their world: each sets what it needs.
    manifests: dict[str, tree.Manifest]  # of its snapshots
    source: tree.Manifest
    template: str  # a copy of the destination as it is before each point
    total: int  # calls of a run without faults
    usual: tuple[list[str], int]  # answers and space after a life without faults
    before: Any  # answers before
    dest_stamps: dict
    died: int  # the call before which an earlier run was killed
    mnt: str
    image: str
    filler: str
    volume: str
    need: tuple[int, ...]  # bytes and inodes that a run takes
    index: str
    fine: bytes
    older: bytes
    dump: list
    dump_before: list
    answers: list[Ran]
    trees: dict[str, tree.Manifest]
    back: list[str]
    manifest: tree.Manifest
    first: str
    T: str
    sources: str
    canaries: tuple

    def __init__(self, top: str) -> None:
        self.top = top
        self.src, self.dest, self.home, self.outside, self.target = (os.path.join(top, n) for n in ('src', 'dest', 'home', 'outside', 'target'))
        os.makedirs(os.path.join(self.outside, 'sub'))
        os.makedirs(self.home)
        tree.write(os.path.join(self.outside, 'canary'), 'SECRET canary\n')
        tree.write(os.path.join(self.outside, 'sub/canary'), 'SECRET canary below\n')
        self.env = {'PATH': os.environ['PATH'], 'HOME': self.home, 'XDG_STATE_HOME': os.path.join(self.home, 'state'),
                    'TZ': 'UTC', 'TMPDIR': top, 'LC_ALL': 'C.UTF-8'}

    def snap(self, *args: str, **how: Any) -> Ran:
        return healthy(run([SNAP, *args], env=self.env, **how))

    def must(self, rc: int | tuple[int, ...], *args: str, **how: Any) -> Ran:
        r = self.snap(*args, **how)
        if r.rc not in (rc if isinstance(rc, tuple) else (rc,)):
            raise Violation(f'wanted exit code {rc}: {r}')
        return r

    def fault(self, fault: Sequence[str], args: Sequence[str], killed: bool = False, healthy_: bool = True) -> Ran:
        """snap under faultrun; fault is faultrun's flags."""
        r = run([os.path.join(TOOLS, 'faultrun'), *fault, '--', SNAP, *args], env=self.env)
        return healthy(r, killed) if healthy_ else r

    def guard(self) -> None:
        """Remembers what nobody may change; unguard says whether somebody did."""
        self.guarded = tree.stamps(self.src), tree.stamps(self.outside)

    def unguard(self) -> None:
        for what, was, now in zip(('I5: the source', 'I6: something outside'), self.guarded, (tree.stamps(self.src), tree.stamps(self.outside))):
            if was != now:
                raise Violation(f'{what} changed: {sorted(p for p in was.keys() | now.keys() if was.get(p) != now.get(p))[:5]}')

    def forget(self) -> None:
        """A user who never made a backup."""
        remove(os.path.join(self.home, 'state'))


def unseal(top: str) -> None:
    """Ends that subvolumes of btrfs below top are read-only: root could not remove what is in them either."""
    for at, _, _ in os.walk(top):
        if os.lstat(at).st_ino == 256:  # the top of any subvolume
            fd = os.open(at, os.O_RDONLY)
            with contextlib.suppress(OSError):  # no btrfs
                fcntl.ioctl(fd, 0x4008941A, bytes(8))
            os.close(fd)


def remove(*paths: str) -> None:
    for path in paths:
        unseal(path)
    subprocess.run(['rm', '-rf', '--', *paths], check=True)


def copy(a: str, b: str) -> None:
    """b becomes a copy of a, hard links, times and all."""
    remove(b)
    subprocess.run(['cp', '-a', '--', a, b], check=True)


def knows(command: str) -> bool:
    """Does this snap have the command?"""
    return run([SNAP, 'help', command], env={'HOME': WORK}).rc == 0


_judge = None


def sametree(a: str, b: str, *flags: str) -> None:
    """The harness's own judge, in this process."""
    global _judge
    _judge = _judge or compile(open(os.path.join(HARNESS, 'sametree.py')).read(), 'sametree.py', 'exec')
    said, argv, mine = io.StringIO(), sys.argv, handles()
    sys.argv = ['sametree.py', a, b, '--ignore-root', *flags]
    try:
        with contextlib.redirect_stdout(said):
            exec(_judge, {'__name__': '__main__'})
    except SystemExit as e:
        if e.code:
            raise Violation(f'I2: {a} and {b} differ by sametree.py: {said.getvalue()[:600]}')
    finally:
        sys.argv = argv
        for fd in handles() - mine:  # a program may leave its handles open at its end
            os.close(fd)


def handles() -> set[int]:
    return {int(n) for n in os.listdir('/proc/self/fd') if os.path.lexists(f'/proc/self/fd/{n}')}


# --- file systems ----------------------------------------------------------------------------------------

def cannot(kind: str) -> str:
    """Why this machine cannot mount an image of that file system, '' when it can."""
    if os.geteuid():
        return 'needs root'
    if not os.path.exists('/dev/loop-control'):
        return 'no loop devices here'
    return '' if shutil.which(f'mkfs.{kind}') else f'no mkfs.{kind}'


def mkfs(kind: str, image: str, size: int, *flags: str) -> None:
    remove(image)
    with open(image, 'wb') as f:
        f.truncate(size)
    quiet = {'ext4': ['-q', '-F'], 'xfs': ['-q', '-f'], 'btrfs': ['-q', '-f']}[kind]
    subprocess.run([f'mkfs.{kind}', *quiet, *flags, image], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def mounted(kind: str, image: str, at: str) -> Iterator[str]:
    os.makedirs(at, exist_ok=True)
    subprocess.run(['mount', '-o', 'loop', '-t', kind, image, at], check=True)
    try:
        yield at
    finally:
        subprocess.run(['umount', at]).returncode and subprocess.run(['umount', '-l', at])


def unmount_below(top: str) -> None:
    """What workers mounted stays mounted when they end."""
    for line in reversed(open('/proc/self/mounts').read().splitlines()):
        if line.split()[1].startswith(top + '/'):
            subprocess.run(['umount', line.split()[1]], check=True)


@contextlib.contextmanager
def disk(tally: Tally, kind: str, where: str, size: int = 1 << 30) -> Iterator[bool]:
    """A new file system at WORK/where for a case; where it cannot be, a skip. '' stands for the one that WORK is on."""
    if not kind:
        os.makedirs(os.path.join(WORK, where), exist_ok=True)
        yield True
        return
    if why := cannot(kind):
        tally.skip(f'{where} on {kind}', why, possible=os.geteuid() == 0)
        yield False
        return
    image = os.path.join(WORK, where + '.img')
    mkfs(kind, image, size)
    with mounted(kind, image, os.path.join(WORK, where)):
        yield True
    remove(image)


# --- points in parallel ----------------------------------------------------------------------------------

@contextlib.contextmanager
def hitting(hit: str) -> Iterator[None]:
    """A violation in here knows what the fault had hit."""
    try:
        yield
    except Violation as e:
        e.hit = hit
        raise


# What the workers of a case do: set before they are forked.
_work: Callable[[World, Any], str | int | None]
_make: Callable[[World], World]
_list: Callable[[World], list]
_world: dict[tuple[str, int], World] = {}


def _leave(*_: object) -> None:
    sys.exit(143)


signal.signal(signal.SIGTERM, _leave)  # so that workers end with their sweep; see also _begin


def _begin() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _mine(where: str) -> World:
    """This worker's world."""
    me = multiprocessing.current_process()._identity[0]
    if (where, me) not in _world:
        top = os.path.join(WORK, where, f'worker-{me}')
        os.makedirs(top)
        _world[where, me] = _make(World(top))
    return _world[where, me]


def _ready(where: str) -> str | None:
    try:
        _mine(where)
    except Exception as e:
        return f'{type(e).__name__}: {e}'


def _points(where: str) -> list:
    return _list(_mine(where))


def _one(task: tuple[str, Any]) -> tuple[Any, str | int | None, str | None]:
    where, point = task
    try:
        return point, _work(_mine(where), point), None
    except Violation as e:
        return point, e.hit, str(e)
    except Exception:
        import traceback
        return point, '', 'the sweep itself failed: ' + traceback.format_exc()


class Tally:
    """Points, faults that fired, and failures of one sweep; last() ends it with its line and exit code."""

    def __init__(self, topic: str, quiet: bool = False) -> None:
        self.quiet = quiet  # failures are what is looked for
        self.topic, self.points, self.hits, self.failed, self.skipped, self.notes, self.start = topic, 0, 0, 0, 0, [], time.monotonic()

    def case(self, name: str, points: list | Callable[[World], list], make: Callable[[World], World],
             work: Callable[[World, Any], str | int | None], where: str, jobs: int = JOBS) -> None:
        """work(make(World), point) for every point, in workers with a world each below WORK/where; it answers
        what the fault hit (a number counts for so many), '' when none fired, None when the point was not tried, and
        raises Violation. points may be a function of a world."""
        global _work, _make, _list
        _work, _make = work, make
        if callable(points):
            _list = points
        n = hits = failed = 0
        start = time.monotonic()
        os.makedirs(os.path.join(WORK, where), exist_ok=True)
        with multiprocessing.get_context('fork').Pool(jobs, _begin) as pool:
            if bad := next(filter(None, pool.map(_ready, [where] * jobs, chunksize=1)), None):
                points, failed = [], 1
                print(f'FAIL  {self.topic} {name} before any fault: {bad[:1800]}', flush=True)
            elif callable(points):
                points = pool.apply(_points, (where,))
            for point, hit, bad in pool.imap_unordered(_one, [(where, p) for p in points], chunksize=2):
                if hit is None:
                    continue
                n += 1
                hits += hit if isinstance(hit, int) else bool(hit)
                if bad:
                    failed += 1
                    if failed <= (1 if self.quiet else 12):
                        print(f'{"found" if self.quiet else "FAIL "} {self.topic} {name} {point} hit={hit}: {bad[:400 if self.quiet else 1800]}', flush=True)
            pool.close()
            pool.join()
        unmount_below(os.path.join(WORK, where))
        for top in os.listdir(os.path.join(WORK, where)):
            remove(os.path.join(WORK, where, top))
        self.add(name, n, hits, failed, start)

    def add(self, name: str, n: int, hits: int, failed: int, start: float) -> None:
        self.points, self.hits, self.failed = self.points + n, self.hits + hits, self.failed + failed
        if not hits:
            self.failed += 1
            print(f'FAIL  {self.topic} {name}: no fault fired')
        if not self.quiet:
            print(f'  {self.topic} {name}: points={n} hits={hits} failed={failed} in {time.monotonic() - start:.0f} s', flush=True)

    def one(self, name: str, hits: int | None, work: Callable[[], int | None]) -> bool:
        """A case that is one piece of work; it answers its number of points (and hits if hits is None)."""
        start = time.monotonic()
        n, bad = 1, 0
        try:
            n = work() or 1
        except Violation as e:
            bad = 1
            print(f'FAIL  {self.topic} {name}: {str(e)[:1800]}', flush=True)
        self.add(name, n, n if hits is None else hits, bad, start)
        return not bad

    def skip(self, name: str, why: str, possible: bool = False) -> None:
        """possible: this machine could have run it, which fails in CI."""
        self.skipped += 1
        print(f'skip  {self.topic} {name}: {why}', flush=True)
        if possible and os.environ.get('CI') == 'true':
            self.failed += 1

    def last(self) -> None:
        print(f'sweep {self.topic}: points={self.points} hits={self.hits} failed={self.failed} skipped={self.skipped}'
              f'{"".join(" " + n for n in self.notes)} seconds={time.monotonic() - self.start:.0f}', flush=True)
        sys.exit(1 if self.failed or not self.points else 0)


def spread(total: int, count: int, offset: int = 0) -> list[int]:
    """About count numbers of 1..total, evenly. In the long form all of them, or with SWEEP_STEP=N every N-th."""
    step = max(1, int(os.environ.get('SWEEP_STEP', 1))) if LONG else max(1, total / count)
    return sorted({min(total, 1 + int((i + offset % 97 / 97) * step)) for i in range(math.ceil(total / step))})
