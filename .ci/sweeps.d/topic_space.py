"""Free space from nothing to enough, inodes, quota, and a disk that another program fills at each call. A
clean failure with a clear message, old snapshots whole and readable, the next run good; delete and prune work
at nothing free."""
from __future__ import annotations
import os, re, subprocess
import cases, judge, lab, tree
from lab import Violation

STEPS, HOOKS = (300, 10_000) if lab.LONG else (7, 8)
MKFS = {'ext4': (24 << 20, ['-m', '0', '-N', '4000']), 'xfs': (300 << 20, []), 'btrfs': (112 << 20, ['--mixed'])}
CLEAR = re.compile(rb'space|full|quota|inode', re.I)


class Disk(cases.Case):
    """A destination alone on a small disk; mixed into a case."""
    exact = False
    kind = 'ext4'
    flags: list[str] | None = None

    def fresh(self, w: lab.World) -> lab.World:
        size, flags = MKFS[self.kind]
        image, w.mnt = os.path.join(w.top, 'disk.img'), os.path.join(w.top, 'mnt')
        lab.mkfs(self.kind, image, size, *(self.flags or flags))
        os.makedirs(w.mnt)
        subprocess.run(['mount', '-o', 'loop', '-t', self.kind, image, w.mnt], check=True)
        w.dest, w.template, w.filler = os.path.join(w.mnt, 'dest'), os.path.join(w.top, 'template'), os.path.join(w.mnt, 'filler')
        self.prepare(w)
        super().fresh(w)
        self.heal(w)
        self.reset(w)
        before = free(w.mnt)
        w.must(0, *self.argv(w))
        subprocess.run(['sync', '-f', w.mnt])
        w.need = tuple(max(0, a - b) for a, b in zip(before, free(w.mnt)))
        return w

    def prepare(self, w: lab.World) -> None:
        pass

    def edit(self, w: lab.World, n: int) -> None:
        """The run under fault has many small files to write, which need more blocks than bytes, and a large one."""
        super().edit(w, n)
        if n == self.snapshots:
            os.mkdir(os.path.join(w.src, 'small'))
            for i in range(80):
                tree.write(os.path.join(w.src, 'small', f's{i}'), f'{i}\n')
            tree.write(os.path.join(w.src, 'large'), os.urandom(700_000))

    def reset(self, w: lab.World) -> None:
        self.heal(w)
        super().reset(w)
        os.sync()

    def heal(self, w: lab.World) -> None:
        lab.remove(w.filler)
        subprocess.run(['sync', '-f', w.mnt])

    def leave(self, w: lab.World, n: int) -> None:
        """Fills the disk but for n bytes."""
        with open(w.filler, 'wb', buffering=0) as f:
            for _ in range(20):
                size = free(w.mnt)[0] - n
                try:
                    if size < 4096 or not f.write(bytes(min(size, 16 << 20))):
                        break
                    os.fsync(f.fileno())
                except OSError:
                    break
        subprocess.run(['sync', '-f', w.mnt])

    def rehearsed(self, r: lab.Ran) -> None:
        """A dry run tells, too, that the disk is full."""
        if r.rc != 0 and not (r.rc == 4 and b'not enough ' in r.err):
            raise Violation(f'I1: a dry run fails: {r}')

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        if ran.rc not in (0, 1, 3, 4) or ran.rc in (1, 4) and not CLEAR.search(ran.err):
            raise Violation(f'no clear message: {ran}')
        super().after(w, ran)


class Backup(Disk, cases.Incremental):
    def __init__(self, kind: str, flags: list[str] | None = None) -> None:
        self.kind, self.flags, self.name = kind, flags, f'backup on {kind}'

    def bytes(self, w: lab.World, part: float) -> str:
        """A run that begins with this part of what it needs."""
        self.reset(w)
        self.leave(w, int(w.need[0] * part))
        ran = w.snap(*self.argv(w))
        self.after(w, ran)
        return 'full' if ran.rc else ''

    def inodes(self, w: lab.World, part: float) -> str:
        self.reset(w)
        take = free(w.mnt)[1] - int(w.need[1] * part)
        os.makedirs(w.filler)
        for n in range(take - 1):
            os.close(os.open(os.path.join(w.filler, str(n)), os.O_CREAT | os.O_WRONLY))
        ran = w.snap(*self.argv(w))
        self.after(w, ran)
        return 'full' if ran.rc else ''

    def filled(self, w: lab.World, call: int) -> str:
        """Another program takes all that is left just before a call."""
        self.reset(w)
        ran = w.fault(['-at', str(call), '-hook', f'cat /dev/zero >{w.filler} 2>/dev/null; true'], self.argv(w))
        with lab.hitting(ran.hit):
            self.after(w, ran)
        return ran.hit


class Quota(Backup):
    """A btrfs subvolume that may grow so far: EDQUOT where statfs promises space."""

    def __init__(self) -> None:
        super().__init__('btrfs', [])
        self.name = 'quota on btrfs'

    def prepare(self, w: lab.World) -> None:
        subprocess.run(['btrfs', 'quota', 'enable', w.mnt], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(['btrfs', 'quota', 'rescan', '-w', w.mnt], check=True, stdout=subprocess.DEVNULL)
        w.volume = os.path.join(w.mnt, 'volume')
        subprocess.run(['btrfs', 'subvolume', 'create', w.volume], check=True, stdout=subprocess.DEVNULL)
        w.dest = os.path.join(w.volume, 'dest')

    def limit(self, w: lab.World, size: int) -> None:
        # By number and through the mount point: through the volume itself the command may be over its quota.
        group = '0/' + subprocess.run(['btrfs', 'inspect-internal', 'rootid', w.volume], capture_output=True, text=True, check=True).stdout.strip()
        subprocess.run(['btrfs', 'qgroup', 'limit', str(size) if size else 'none', group, w.mnt], check=True, stdout=subprocess.DEVNULL)

    def heal(self, w: lab.World) -> None:
        self.limit(w, 0)
        super().heal(w)

    def used(self, w: lab.World) -> int:
        subprocess.run(['btrfs', 'quota', 'rescan', '-w', w.mnt], check=True, stdout=subprocess.DEVNULL)
        out = subprocess.run(['btrfs', 'qgroup', 'show', '--raw', '-f', '--sync', w.volume], capture_output=True, text=True, check=True).stdout
        return int(out.splitlines()[-1].split()[1])

    def bytes(self, w: lab.World, part: float) -> str:
        self.reset(w)
        self.limit(w, self.used(w) + int(w.need[0] * part) + 1)
        ran = w.snap(*self.argv(w))
        self.after(w, ran)
        return 'full' if ran.rc else ''


class Full(Disk):
    """delete and prune with nothing free."""

    def full(self, w: lab.World, part: float) -> str:
        self.reset(w)
        fill(w)
        ran = w.snap(*self.argv(w))
        if ran.rc:
            raise Violation(f'nothing free, and it does not work: {ran}')
        self.after(w, ran)
        return 'full'


class Delete(Full, cases.Delete):
    def __init__(self, kind: str, *victims: int) -> None:
        super().__init__(f'delete {" ".join(map(str, victims))} on {kind}', *victims)
        self.kind = kind


class Prune(Full, cases.Prune):
    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind, self.name = kind, f'prune on {kind}'


def free(mnt: str) -> tuple[int, int]:
    v = os.statvfs(mnt)
    return v.f_bavail * v.f_bsize, v.f_favail


def fill(w: lab.World) -> None:
    """Nothing more fits, not even a small file."""
    os.makedirs(w.filler, exist_ok=True)
    n = 0
    for size in (1 << 20, 1 << 16, 1 << 12, 1):
        while True:
            n += 1
            try:
                with open(os.path.join(w.filler, f'f{n}'), 'wb', buffering=0) as f:
                    f.write(b'x' * size)
                    os.fsync(f.fileno())
            except OSError:
                break


def main() -> None:
    tally = lab.Tally('space')
    parts = [n / STEPS * 1.3 for n in range(STEPS + 1)]

    def run(case: cases.Case, what: str, points: list) -> None:
        where = 'space-' + re.sub(r'\W', '-', case.name + ' ' + what)
        os.makedirs(os.path.join(lab.WORK, where))
        tally.case(f'{case.name}, {what}', points, case.fresh, getattr(case, what), where)

    for kind in os.environ.get('SWEEP_FS', 'ext4 xfs btrfs').split():
        if why := lab.cannot(kind):
            tally.skip(kind, why, possible=os.geteuid() == 0)
            continue
        run(Backup(kind), 'bytes', parts)
        run(Backup(kind), 'filled', lab.spread(420, HOOKS, len(kind)))
        if kind == 'ext4':
            run(Backup(kind, ['-m', '0', '-N', '400']), 'inodes', parts)
        if kind == 'btrfs':
            run(Quota(), 'bytes', parts)
        for case in [Delete(kind, 0, 2), Prune(kind)] + ([Delete(kind, 1), Delete(kind, 3)] if lab.LONG else []):
            if lab.knows(case.needs[0]):
                run(case, 'full', [1])
            else:
                tally.skip(case.name, f'snap has no command {case.needs[0]} yet')
    tally.last()


main()
