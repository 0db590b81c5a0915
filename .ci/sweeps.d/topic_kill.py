"""SIGKILL before each file-system call of each command. At every point: the snapshots before are whole, no new
one is half, and the next command makes things right without help."""
from __future__ import annotations
import os
import cases, lab

SHORT = 16  # points a case in the short form
FILESYSTEMS = os.environ.get('SWEEP_FS', 'ext4 xfs btrfs' if lab.LONG else 'ext4').split()
if lab.cannot('ext4'):
    FILESYSTEMS = ['']

# What publishes: killed before each of these in the short form too.
PUBLISH = [['-only', call, '-at', str(n)] for call, times in (
    ('syncfs', 2), ('fdatasync', 6), ('fsync', 4), ('renameat', 3), ('renameat2', 3), ('symlinkat', 1)) for n in range(1, times + 1)]


def points(case: cases.Case, w: lab.World) -> list:
    out = [['-at', str(i)] for i in lab.spread(w.total, SHORT, len(case.name))]
    return out if lab.LONG else out + PUBLISH


def main() -> None:
    tally = lab.Tally('kill')
    for kind in FILESYSTEMS:
        for case in cases.active(tally):
            def work(w: lab.World, point: tuple[str, str]) -> str:
                case.reset(w)
                ran = w.fault([*point, '-kill'], case.argv(w), killed=True)
                with lab.hitting(ran.hit):
                    case.after(w, ran)
                return ran.hit

            where = f'kill-{case.name}'
            with lab.disk(tally, kind, where) as there:
                if there:
                    tally.case(f'{kind} {case.name}', lambda w: points(case, w), case.fresh, work, where)
    tally.last()


main()
