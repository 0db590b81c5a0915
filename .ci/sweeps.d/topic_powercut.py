"""The disk as a power cut leaves it: after every block write and flush, with the writes after the last flush kept, torn or lost at
random. No listed snapshot is wrong, and the next backup makes things right. With the syncs taken out of the
program the same sweep must find failures: it can."""
from __future__ import annotations
import contextlib, copy, os, shutil, signal, subprocess, time
from collections.abc import Callable, Iterator
import cases, judge, lab, tree
from lab import WORK, Violation

SHORT = 20  # states a case and file system in the short form
CASES = ['first', 'incremental', 'resume-80', 'delete', 'delete-two', 'prune']
SHORT_CASES = [('ext4', 'first'), ('ext4', 'incremental'), ('ext4', 'delete-two'), ('xfs', 'incremental'), ('btrfs', 'incremental')]
SEEDS = [-1, 1, 2, 3, 4, 5, 6, 7, 8] if lab.LONG else [-1, 1, 2]  # -1: all writes up to here, in order
SIZES = {'ext4': 64 << 20, 'xfs': 300 << 20, 'btrfs': 128 << 20}
BOOT_ID = '/proc/sys/kernel/random/boot_id'


class Recorded:
    """A run of a case on a disk of which every write is logged."""

    def __init__(self, case: cases.Case, kind: str, where: str, syncs: bool = True) -> None:
        self.case, self.kind, self.syncs = case, kind, syncs
        self.top = os.path.join(WORK, where)
        self.log, self.base, self.image = (os.path.join(self.top, n) for n in ('log', 'base.img', 'disk.img'))
        self.injected = 0

    def prepare(self) -> Recorded:
        """Up to the recorded run: source, template and manifests."""
        w = self.w = lab.World(os.path.join(self.top, 'world'))
        mnt = os.path.join(self.top, 'mnt')
        lab.mkfs(self.kind, self.image, SIZES[self.kind])
        with lab.mounted(self.kind, self.image, mnt):
            w.dest = os.path.join(mnt, 'dest')
            self.case.fresh(w)
            self.case.reset(w)
            lab.remove(w.template)
        shutil.copyfile(self.image, self.base)
        subprocess.run(['fallocate', '-d', self.base], check=False)
        fuse = os.path.join(self.top, 'fuse')
        os.makedirs(fuse)
        server = subprocess.Popen([os.path.join(lab.TOOLS, 'crashdisk'), 'serve', '-img', self.image, '-log', self.log, fuse], stdout=subprocess.DEVNULL)
        wait(lambda: os.path.exists(os.path.join(fuse, 'disk.img')))
        how = [] if self.syncs or self.kind == 'xfs' else ['-o', 'commit=1']
        subprocess.run(['mount', '-o', 'loop', *how, '-t', self.kind, os.path.join(fuse, 'disk.img'), mnt], check=True)
        try:
            if self.syncs:
                w.must(0, *self.case.argv(w))
            else:
                self.without_syncs(mnt)
        finally:
            subprocess.run(['sync', '-f', mnt])
            subprocess.run(['umount', mnt], check=True)
            wait(lambda: self.image_free(fuse))
            server.send_signal(signal.SIGTERM)
            server.wait()
        said = subprocess.run([os.path.join(lab.TOOLS, 'crashdisk'), 'list', '-log', self.log], capture_output=True, text=True, check=True).stdout
        self.entries = int(said.split()[1])
        return self

    def image_free(self, fuse: str) -> bool:
        return fuse not in subprocess.run(['losetup', '-a'], capture_output=True, text=True).stdout

    def without_syncs(self, mnt: str) -> None:
        """The program's syncs do nothing, and another program makes the file system write its journal."""
        trace = os.path.join(self.top, 'trace')
        calls = 'syncfs,fsync,fdatasync'
        lab.run(['strace', '-f', '-qq', '-o', trace, '-e', f'trace={calls}', '-e', f'inject={calls}:retval=0', lab.SNAP, *self.case.argv(self.w)], env=self.w.env)
        self.injected = open(trace).read().count('(INJECTED)')
        for n in range(3):
            other = os.open(os.path.join(mnt, f'other{n}'), os.O_WRONLY | os.O_CREAT)
            os.write(other, b'other')
            os.fsync(other)
            os.close(other)
            time.sleep(1.1)

    def points(self, count: int) -> list[tuple[int, int]]:
        all = [(n, s) for s in SEEDS for n in range(self.entries + 1)]
        return [all[i - 1] for i in lab.spread(len(all), count, len(self.case.name))]

    def view(self, fresh: lab.World) -> lab.World:
        """The world of a worker: source and manifests are those of the run, the disk its own."""
        w = copy.copy(self.w)
        w.top, w.home, w.env = fresh.top, fresh.home, {**fresh.env}
        w.mnt, w.image = os.path.join(fresh.top, 'mnt'), os.path.join(fresh.top, 'disk.img')
        w.dest = os.path.join(w.mnt, 'dest')
        w.__dict__.pop('usual', None)  # a run without faults on this very disk has another path
        return w

    def work(self, w: lab.World, point: tuple[int, int]) -> str:
        n, seed = point
        lab.remove(w.image)
        subprocess.run([os.path.join(lab.TOOLS, 'crashdisk'), 'replay', '-log', self.log, '-img', self.base, '-out', w.image, '-n', str(n), '-drop', str(seed)], check=True)
        w.forget()
        try:
            with lab.hitting('cut'), mounted_again(self.kind, w.image, w.mnt):
                self.case.after(w, lab.Ran(['power cut'], 137, b'', b'', 0))
        except Unmountable:
            if seed < 0:
                raise Violation('the file system cannot be mounted, although nothing was torn')
            return ''  # nothing was put to the test
        return 'cut'


class Unmountable(Exception):
    """With writes torn between sectors a file system may lose its own blocks and not come back: no program can do anything
    about that. Each such state is a point without a hit; without torn writes it is a violation."""


@contextlib.contextmanager
def mounted_again(kind: str, image: str, at: str) -> Iterator[None]:
    os.makedirs(at, exist_ok=True)
    mount = ['mount', '-o', 'loop,nouuid' if kind == 'xfs' else 'loop', '-t', kind, image, at]
    if subprocess.run(mount, capture_output=True).returncode:
        if kind == 'ext4':  # as its owner would
            subprocess.run(['e2fsck', '-fy', image], capture_output=True)
        if kind != 'ext4' or subprocess.run(mount, capture_output=True).returncode:
            raise Unmountable
    try:
        yield
    finally:
        subprocess.run(['umount', at], check=True)


@contextlib.contextmanager
def rebooted() -> Iterator[None]:
    """The machine has another boot id, as after a power cut."""
    other = os.path.join(WORK, 'boot_id')
    tree.write(other, '11111111-2222-3333-4444-555555555555\n')
    subprocess.run(['mount', '--bind', other, BOOT_ID], check=True)
    try:
        yield
    finally:
        subprocess.run(['umount', BOOT_ID], check=True)


def wait(there: Callable[[], bool]) -> None:
    for _ in range(200):
        if there():
            return
        time.sleep(0.05)
    raise RuntimeError('the crash disk does not answer')


def main() -> None:
    tally = lab.Tally('powercut')
    found = tried = 0
    for kind in os.environ.get('SWEEP_FS', 'ext4 xfs btrfs').split():
        why = lab.cannot(kind) or ('' if os.path.exists('/dev/fuse') else 'no /dev/fuse here')
        if why:
            tally.skip(kind, why, possible=os.geteuid() == 0)
            continue
        jobs = 1 if kind == 'btrfs' else lab.JOBS  # two mounts of one file system at once are not for btrfs
        for case in cases.active(tally, CASES):
            if case.name not in CASES or not lab.LONG and (kind, case.name) not in SHORT_CASES:
                continue
            where = f'powercut-{kind}-{case.name}'
            r = Recorded(case, kind, where + '-run').prepare()
            os.makedirs(os.path.join(WORK, where))
            with rebooted():
                tally.case(f'{kind} {case.name} ({r.entries} writes and flushes)', r.points(SHORT), r.view, r.work, where, jobs)
            lab.remove(r.top)
        # The control.
        if not shutil.which('strace'):
            tally.skip(f'{kind} without syncs', 'no strace', possible=True)
            continue
        where = f'powercut-{kind}-control'
        case = next(c for c in cases.CASES if c.name == 'incremental')
        r = Recorded(case, kind, where + '-run', syncs=False).prepare()
        os.makedirs(os.path.join(WORK, where))
        control = lab.Tally('control', quiet=True)
        with rebooted():
            control.case(f'{kind} without syncs', r.points(SHORT), r.view, r.work, where, jobs)
        lab.remove(r.top)
        found, tried = found + control.failed, tried + control.points
        print(f'  powercut {kind}, {r.injected} syncs taken out: {control.failed} of {control.points} states are wrong', flush=True)
        if not r.injected or not control.failed:
            tally.failed += 1
            print(f'FAIL  powercut {kind}: without syncs nothing was found: the sweep cannot see what it is for')
    tally.notes.append(f'control={found}/{tried}')
    tally.last()


main()
