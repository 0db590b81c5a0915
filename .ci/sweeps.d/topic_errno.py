"""Each call fails with each error, once and from there on. Never exit code 0 with a wrong snapshot; what is
missing is named; the next backup makes things right."""
import os
import cases, lab

SHORT = 10  # points a case, error and way in the short form
FILESYSTEMS = os.environ.get('SWEEP_FS', 'ext4 xfs btrfs' if lab.LONG else 'xfs').split()
if lab.cannot('xfs'):
    FILESYSTEMS = ['']

WRITES = ('write,pwrite64,writev,ftruncate,fallocate,copy_file_range,sendfile,ioctl,openat,openat2,mkdirat,mknodat,linkat,symlinkat,unlinkat,'
          'renameat,renameat2,fsync,fdatasync,syncfs,fchmod,fchmodat,fchown,fchownat,utimensat,fsetxattr,lsetxattr,setxattr,flock')
READS = 'read,pread64,getdents64,readlinkat,fstat,newfstatat,statx'  # not close: it closes even when it fails, which faultrun cannot do
ANY = WRITES + ',' + READS
CALLS = dict([('ENOSPC', WRITES), ('EIO', ANY), ('EDQUOT', WRITES), ('EROFS', WRITES), ('EMFILE', ANY), ('ENOMEM', ANY), ('EMLINK', 'linkat')])


def points(case, where):
    out, offset = [], len(case.name)
    totals = {calls: cases.count(case, where, ['-only', calls]) for calls in set(CALLS.values())}
    for error, calls in CALLS.items():
        if not totals[calls]:
            continue  # reindex makes no hard links
        for way in ('-at', '-from'):
            offset += 13
            out += [(error, way, i) for i in lab.spread(totals[calls], SHORT, offset)]
    return out


def main():
    tally = lab.Tally('errno')
    for kind in FILESYSTEMS:
        for case in cases.active(tally):
            def work(w, point):
                error, way, n = point
                case.reset(w)
                case.exact, case.links = False, error != 'EMLINK'
                ran = w.fault(['-only', CALLS[error], way, str(n), '-errno', error], case.argv(w))
                with lab.hitting(ran.hit):
                    case.after(w, ran)
                return ran.hit

            where = f'errno-{case.name}'
            with lab.disk(tally, kind, where) as there:
                if there:
                    tally.case(f'{kind} {case.name}', points(case, where), case.fresh, work, where)
    tally.last()


main()
