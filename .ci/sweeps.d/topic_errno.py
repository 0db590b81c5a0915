"""Each call fails with each error, once and from there on. Never exit code 0 with a wrong snapshot; what is
missing is named; the next backup makes things right."""
from __future__ import annotations
import os
import cases, lab

SHORT = 2  # points a case, error and way in the short form
FILESYSTEMS = os.environ.get('SWEEP_FS', 'ext4 xfs btrfs' if lab.LONG else 'xfs').split()
if lab.cannot('xfs'):
    FILESYSTEMS = ['']

WRITES = ('write,pwrite64,writev,ftruncate,fallocate,copy_file_range,sendfile,ioctl,openat,openat2,mkdirat,mknodat,linkat,symlinkat,unlinkat,'
          'renameat,renameat2,fsync,fdatasync,syncfs,fchmod,fchmodat,fchown,fchownat,utimensat,fsetxattr,lsetxattr,setxattr,flock')
READS = 'read,pread64,getdents64,readlinkat,fstat,newfstatat,statx'  # not close: it closes even when it fails, which faultrun cannot do
ANY = WRITES + ',' + READS
# bbolt repeats neither the lock nor the sync of its file, which no local file system interrupts.
REPEATED = ','.join(c for c in ANY.split(',') if c not in ('flock', 'fdatasync'))
CALLS = dict([('ENOSPC', WRITES), ('EIO', ANY), ('EDQUOT', WRITES), ('EROFS', WRITES), ('EMFILE', ANY), ('ENOMEM', ANY), ('EMLINK', 'linkat'), ('EINTR', REPEATED)])


def points(case: cases.Case, w: lab.World) -> list:
    out, offset = [], len(case.name)
    made = cases.calls(case, w, ANY)
    for error, calls in CALLS.items():
        total = sum(made[c] for c in calls.split(','))
        if not total:
            continue  # reindex makes no hard links
        for way in ('-at', '-from') if error != 'EINTR' else ('-at',):  # a signal comes once, and again is right
            offset += 13
            out += [(error, way, i, calls) for i in lab.spread(total, SHORT, offset)]
    if not lab.LONG:  # each call once, also a rare one; the errors take turns
        for turn, (call, n) in enumerate(sorted(made.items())):
            errors = [e for e in ('EIO', 'ENOSPC', 'EINTR') if call in CALLS[e].split(',')]
            offset += 7
            out.append((errors[(turn + len(case.name)) % len(errors)], '-at', 1 + offset % n, call))
    return out


def main() -> None:
    tally = lab.Tally('errno')
    for kind in FILESYSTEMS:
        for case in cases.active(tally):
            def work(w: lab.World, point: tuple) -> str:
                error, way, n, calls = point
                case.reset(w)
                case.exact, case.but = False, ('twin',) if error == 'EMLINK' else ()
                ran = w.fault(['-only', calls, way, str(n), '-errno', error], case.argv(w))
                if error == 'ENOSPC' and way == '-at' and ran.hit.endswith('setxattr'):
                    case.but = ('xattrs',)  # so ext4 says that an attribute is too large: the index has it
                with lab.hitting(ran.hit):
                    if error == 'EINTR' and ran.rc:
                        raise lab.Violation(f'a call that a signal interrupted is made again: {ran}')
                    case.after(w, ran)
                return ran.hit

            where = f'errno-{case.name}'
            with lab.disk(tally, kind, where) as there:
                if there:
                    tally.case(f'{kind} {case.name}', lambda w: points(case, w), case.fresh, work, where)
    tally.last()


main()
