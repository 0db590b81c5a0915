"""A vault far away: every request of every command meets every fault, the program is killed before each request and each
call, two writers copy at once, and objects, keys and heads are damaged and forged. What the vault says it has always
comes back, with snap and with read_vault.py; the same command once more makes things right; what is wrong is named."""
from __future__ import annotations
import os, shutil
import cases, far, farcases, fardamage, farwriters, lab

# What one request meets, and how the command may end. A store that says no is believed; all else passes.
ONCE = {'refuse': (0,), 'cut before': (0,), 'cut after': (0,), 'cut body': (0,), '500': (0,), '503': (0,), 'slow': (0,),
        'old listing': (0,), '403': (0, 13), 'wrong byte': (0, 1, 3, 13)}
# What all requests meet from one on.
ALWAYS = {'refuse': (0, 13), 'cut after': (0, 13), '500': (0, 13), '503': (0, 13), '403': (0, 13), 'old listing': (0,)}

SHORT = {'server': ('add', 'first', 'moved', 'prune', 'prune-deletes', 'restore'), 'folder': ('add', 'first', 'prune', 'restore')}
KILLS = 2   # points a case in the short form, for each way
CALLS = 'mkdirat,openat,write,pwrite64,renameat,renameat2,linkat,unlinkat,fsync,fdatasync,ftruncate,utimensat,fchmod,'
CALLS += 'flock,read,pread64,getdents64,fstat,newfstatat'
# bbolt repeats neither the lock nor the sync of its file.
WRITES = ','.join(c for c in CALLS.split(',') if c not in ('read', 'pread64', 'getdents64', 'fstat', 'newfstatat', 'flock'))


def requests(case: farcases.Case, w: lab.World) -> list:
    """('meets', (times, fault, request)), and the program killed before a request and when it is done."""
    out, offset = [], len(case.name)
    for fault in ONCE:
        offset += 13
        out += [('meets', (1, fault, k)) for k in lab.spread(w.total, 1, offset)]
    if case.argv(w)[0] == 'copy' and (lab.LONG or case.name == 'moved'):  # the others have no --retry-for
        for fault in ALWAYS:
            offset += 13
            out += [('meets', (-1, fault, k)) for k in lab.spread(w.total, 1, offset)]
    out += [('killed', (how, k)) for how in ('wait', 'wait after') for k in lab.spread(w.total, KILLS, len(case.name + how))]
    return out + calls(case, w)


def calls(case: farcases.Case, w: lab.World) -> list:
    """The program killed before a call."""
    total = sum(cases.calls(case, w, CALLS).values())
    return [('killed', ('call', i)) for i in lab.spread(total, KILLS + 1, 17 * len(case.name))]


def folder(case: farcases.Case, w: lab.World) -> list:
    """Before a call, and with calls that fail."""
    total, out = sum(cases.calls(case, w, WRITES).values()), calls(case, w)
    for error in ('EIO', 'ENOSPC', 'EINTR'):
        out += [('fails', (error, i)) for i in lab.spread(total, 1, 7 * len(case.name + error))]
    return out


def meets(case: farcases.Case, w: lab.World, times: int, fault: str, k: int) -> str:
    case.reset(w)
    w.store.plan(k, fault, times, byte=37 * k)
    ran = w.snap(*case.argv(w), *(['--retry-for', '1s'] if times < 0 else []))
    w.store.requests()  # nothing breaks any more
    hit = fault if w.store.met.is_set() else ''
    with lab.hitting(hit):
        codes = (ONCE if times > 0 else ALWAYS)[fault]
        case.after(w, ran, tuple(c for c in codes if c in case.codes))
    return hit


def killed(case: farcases.Case, w: lab.World, how: str, n: int) -> str:
    case.reset(w)
    if w.store.kind == 's3':
        w.store.plan()
    if how == 'call':
        ran = w.fault(['-only', CALLS, '-at', str(n), '-kill'], case.argv(w), killed=True)
    else:
        w.store.plan(n, how)
        ran = w.store.killed(w, case.argv(w))
        w.store.requests()
        ran.hit = how if w.store.met.is_set() else ''
    with lab.hitting(ran.hit):
        case.after(w, ran, (0, 137))
    return ran.hit


def fails(case: farcases.Case, w: lab.World, error: str, n: int) -> str:
    case.reset(w)
    ran = w.fault(['-only', WRITES, '-at', str(n), '-errno', error], case.argv(w))
    with lab.hitting(ran.hit):
        if error == 'EINTR' and ran.rc:
            raise lab.Violation(f'a call that a signal interrupted is made again: {ran}')
        case.after(w, ran, case.codes)
    return ran.hit


WAYS = {'meets': meets, 'killed': killed, 'fails': fails}


def main() -> None:
    tally = lab.Tally('vault')
    only = os.environ.get('SWEEP_CASES', '').split()
    wanted = lambda name: not only or any(name.startswith(o) for o in only)
    for tool in ('age', 'zstd'):
        if not shutil.which(tool):
            tally.skip('all', f'no {tool} here', possible=True)
            tally.last()
    for name, make in farcases.CASES.items():
        for what, store, points in (('server', far.Server, requests), ('folder', far.Folder, folder)):
            if wanted(f'{name} {what}') and (only or lab.LONG or name in SHORT[what]):
                case = make(store)
                tally.case(f'{name} {what}', lambda w: points(case, w), case.fresh, lambda w, p: WAYS[p[0]](case, w, *p[1]),
                           f'{name}-{what}')
    farwriters.all_of(tally, wanted)
    fardamage.all_of(tally, wanted)
    tally.last()


main()
