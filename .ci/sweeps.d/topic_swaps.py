"""Somebody exchanges folders and files against links to outside, FIFOs and each other, at each call and as fast as the system can. Nothing from
outside is read into a snapshot, nothing outside is written."""
from __future__ import annotations
import os, subprocess, sys, time
from collections.abc import Callable, Sequence
import judge, lab, tree
from lab import Violation

SHORT, FLIP = 14, 60 if lab.LONG else 3
CALLS = 'openat,openat2,statx,newfstatat,getdents64,readlinkat,linkat,mkdirat,renameat,renameat2,unlinkat,fchmod,fchmodat,fchown,fchownat,utimensat,fsetxattr,lsetxattr,read,write,copy_file_range,ioctl,symlinkat,mknodat'
CONTENT, NAME = b'SECRET content of outside', b'only-outside-has-this-name'


def away(what: str, then: str) -> str:
    """Shell: what goes out of the way, if it is still there, and something else takes its name."""
    return f'[ -e {what}.away ] || {{ mv -T {what} {what}.away && {then}; }} 2>/dev/null; true'


def each_temporary(order: str, then: str) -> str:
    """Shell: does something with each thing $f that a restore is making, or makes things in."""
    return f'for f in $(find $T/target {order} -name ".snap-*" ! -name "*.away" 2>/dev/null); do {then}; done 2>/dev/null; true'


class Swaps:
    """A small world whose top is the shell's $T."""
    hooks: dict[str, str] = {}  # what the shell does in between, by what that is

    def argv(self, w: lab.World) -> list[str]:
        raise NotImplementedError

    def reset(self, w: lab.World) -> None:
        raise NotImplementedError

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        raise NotImplementedError

    def make(self, w: lab.World) -> lab.World:
        w.T = w.top
        for d in ('src/a/inner/deep', 'src/b'):
            os.makedirs(os.path.join(w.top, d))
        for f in ('a/f', 'a/inner/f', 'a/inner/deep/f', 'b/f', 'file'):
            tree.write(os.path.join(w.src, f), f'{f} of the source\n')
        tree.write(os.path.join(w.src, 'big'), os.urandom(300_000))
        # Outside has the same names, with other contents, and more.
        for d in ('', 'inner', 'inner/deep', 'deep'):
            os.makedirs(os.path.join(w.outside, d), exist_ok=True)
            tree.write(os.path.join(w.outside, d, 'f'), CONTENT)
            tree.write(os.path.join(w.outside, d, NAME.decode()), CONTENT)
        tree.write(os.path.join(w.outside, 'secret'), CONTENT)
        os.makedirs(w.dest)
        w.must(0, 'backup', w.dest, w.src)
        w.first = list(judge.snapshots(w))[0]
        w.template, w.sources = w.dest + '.template', w.src + '.template'
        lab.copy(w.dest, w.template)
        lab.copy(w.src, w.sources)
        w.manifest = tree.manifest(w.sources)
        w.canaries = tree.stamps(w.outside), tree.manifest(w.outside)
        self.reset(w)
        w.total = self.fault(w, []).total
        return w

    def fault(self, w: lab.World, flags: Sequence[str]) -> lab.Ran:
        return w.fault(['-only', CALLS, *flags], self.argv(w))

    def outside_whole(self, w: lab.World) -> None:
        if (tree.stamps(w.outside), tree.manifest(w.outside)) != w.canaries:
            raise Violation('I6: something outside was changed')

    def point(self, w: lab.World, p: tuple[str, int]) -> str:
        what, n = p
        self.reset(w)
        hook = self.hooks[what].replace('$T', w.T)
        ran = self.fault(w, ['-at', str(n), '-hook', hook])
        with lab.hitting(ran.hit):
            self.after(w, ran)
        return ran.hit


class Backup(Swaps):
    name = 'backup'
    hooks = {
        'folder to a link': away('$T/src/a', 'ln -s $T/outside $T/src/a'),
        'inner folder to a link': away('$T/src/a/inner', 'ln -s $T/outside/inner $T/src/a/inner'),
        'folder to a relative link': away('$T/src/a/inner', 'ln -s ../../outside/inner $T/src/a/inner'),
        'file to a link': away('$T/src/file', 'ln -s $T/outside/secret $T/src/file'),
        'deep file to a link': away('$T/src/a/inner/f', 'ln -s $T/outside/f $T/src/a/inner/f'),
        'file to a FIFO': away('$T/src/file', 'mkfifo $T/src/file'),
        'folder to a FIFO': away('$T/src/a', 'mkfifo $T/src/a'),
        'file to a folder': away('$T/src/file', 'mkdir $T/src/file'),
        'folder moved outside': '[ -d $T/away ] || mv -T $T/src/a/inner $T/away 2>/dev/null; true',
        'file cut': ': >$T/src/big',
        'file grown': 'head -c 200000 /dev/zero >>$T/src/big',
        'all removed': 'rm -rf $T/src/a $T/src/file $T/src/big',
    }

    def argv(self, w: lab.World) -> list[str]:
        return ['backup', '--force', w.dest, w.src]

    def reset(self, w: lab.World) -> None:
        lab.copy(w.template, w.dest)
        lab.copy(w.sources, w.src)  # every inode is new, so that every file is read
        lab.remove(os.path.join(w.top, 'away'))
        w.forget()

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        if ran.rc not in (0, 1, 3, 4):
            raise Violation(f'an exit code of another meaning: {ran}')
        self.outside_whole(w)
        self.no_secrets(w, ran)
        listed = judge.snapshots(w)
        judge.whole(w, w.first, w.manifest)
        if ran.rc in (0, 3) and len(listed) != 2:
            raise Violation(f'I2: {list(listed)} after {ran}')
        # Whatever is the source now, the next backup is it.
        w.must(0, 'backup', '--allow-empty-source', '--force', w.dest, w.src)
        judge.whole(w, list(judge.snapshots(w))[-1], tree.manifest(w.src), 'I3')
        judge.clean(w, judge.snapshots(w))

    def no_secrets(self, w: lab.World, ran: lab.Ran) -> None:
        for d, folders, files in os.walk(os.fsencode(w.dest)):
            for n in folders + files:
                full = os.path.join(d, n)
                if NAME in n:
                    raise Violation(f'a name from outside is in the destination: {full} ({ran})')
                if n in files and not os.path.islink(full) and os.path.isfile(full):
                    data = open(full, 'rb').read()
                    if CONTENT in data or NAME in data:
                        raise Violation(f'something from outside is in {full} ({ran})')

    def flipped(self, w: lab.World) -> int:
        """flip in a loop, backups in a loop."""
        self.reset(w)
        pairs = [('src/a', 'src/link'), ('src/file', 'src/link2'), ('src/b', 'src/fifo')]
        os.symlink(w.outside, os.path.join(w.src, 'link'))
        os.symlink(os.path.join(w.outside, 'secret'), os.path.join(w.src, 'link2'))
        os.mkfifo(os.path.join(w.src, 'fifo'))
        return flips(w, pairs, lambda: self.one_flipped(w))

    def one_flipped(self, w: lab.World) -> None:
        ran = w.snap(*self.argv(w))
        if ran.rc not in (0, 1, 3):
            raise Violation(f'an exit code of another meaning: {ran}')
        self.no_secrets(w, ran)
        self.outside_whole(w)


class Restore(Swaps):
    name = 'restore'
    hooks = {
        'folder to a link': away('$T/target/a', 'ln -s $T/outside $T/target/a'),
        'inner folder to a link': away('$T/target/a/inner', 'ln -s $T/outside/inner $T/target/a/inner'),
        'folder to a relative link': away('$T/target/a/inner', 'ln -s ../../outside/inner $T/target/a/inner'),
        'file to a link': away('$T/target/file', 'ln -s $T/outside/secret $T/target/file'),
        'deep file to a link': away('$T/target/a/inner/f', 'ln -s $T/outside/f $T/target/a/inner/f'),
        'file to a FIFO': away('$T/target/file', 'mkfifo $T/target/file'),
        'folder to a FIFO': away('$T/target/a', 'mkfifo $T/target/a'),
        'all to links': 'for f in $(find $T/target -type f); do ln -sf $T/outside/secret $f; done 2>/dev/null; true',
        'all folders to links': 'for d in a b; do rm -rf $T/target/$d; ln -s $T/outside $T/target/$d; done 2>/dev/null; true',
        'folder moved outside': '[ -d $T/away ] || mv -T $T/target/a/inner $T/away 2>/dev/null; true',
        'temporaries to links': each_temporary('-depth', 'mv -T $f $f.away && ln -s $T/outside/secret $f'),
        'temporaries to links to a folder': each_temporary('-depth', 'mv -T $f $f.away && ln -s $T/outside $f'),
        'staging folders to links': each_temporary('', 'mv -T $f $f.away && ln -s $T/outside $f'),
        'staging folders to others': each_temporary('', 'mv -T $f $f.away && mkdir -m 777 $f'),
        'temporaries to FIFOs': each_temporary('-depth', 'mv -T $f $f.away && mkfifo $f'),
    }

    def __init__(self, there: bool) -> None:
        self.there, self.name = there, 'restore over files' if there else 'restore'

    def argv(self, w: lab.World) -> list[str]:
        return ['restore', w.first, '--target', w.target, '--overwrite', 'always', '--delete', '-d', w.dest]

    def reset(self, w: lab.World) -> None:
        lab.remove(w.target, os.path.join(w.top, 'away'))
        if self.there:
            lab.copy(w.src, w.target)
            for f in ('a/f', 'file', 'a/extra'):
                tree.write(os.path.join(w.target, f), 'another')
        else:
            os.makedirs(w.target)

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        if ran.rc not in (0, 1, 3):
            raise Violation(f'an exit code of another meaning: {ran}')
        self.outside_whole(w)
        judge.equal('I6', 'the source', w.manifest, tree.manifest(w.src))
        judge.whole(w, w.first, w.manifest)
        if os.path.isdir(os.path.join(w.top, 'away')):
            return  # what was moved away while it was written to is no longer ours
        lab.remove(w.target)
        w.must(0, *self.argv(w))
        judge.equal('I3', 'the next restore', w.manifest, tree.manifest(w.target))

    def flipped(self, w: lab.World) -> int:
        self.reset(w)
        os.makedirs(os.path.join(w.target, 'a'), exist_ok=True)
        os.symlink(w.outside, os.path.join(w.top, 'link'))
        tree.write(os.path.join(w.target, 'file'), '')
        os.symlink(os.path.join(w.outside, 'secret'), os.path.join(w.top, 'link2'))
        return flips(w, [('target/a', 'link'), ('target/file', 'link2')], lambda: self.one_flipped(w))

    def one_flipped(self, w: lab.World) -> None:
        ran = w.snap(*[a for a in self.argv(w) if a != '--delete'])
        if ran.rc not in (0, 1, 3):
            raise Violation(f'an exit code of another meaning: {ran}')
        self.outside_whole(w)


class Control(Backup):
    """A program that opens what it has looked at by its path: the sweep must find that it leaks."""
    name = 'control'
    hooks = {k: Backup.hooks[k] for k in ('folder to a link', 'inner folder to a link', 'file to a link', 'deep file to a link')}
    naive = 'import os, sys\nfor d, _, fs in os.walk(sys.argv[1]):\n for f in fs:\n  p = os.path.join(d, f)\n  if not os.path.islink(p): open(os.path.join(sys.argv[2], str(hash(p))), "wb").write(open(p, "rb").read())'

    def fault(self, w: lab.World, flags: Sequence[str]) -> lab.Ran:
        return lab.run([os.path.join(lab.TOOLS, 'faultrun'), '-only', CALLS, *flags, '--', sys.executable, '-ISc', self.naive, w.src, w.dest])

    def after(self, w: lab.World, ran: lab.Ran) -> None:
        self.no_secrets(w, ran)


def flips(w: lab.World, pairs: Sequence[tuple[str, str]], work: Callable[[], None]) -> int:
    """work again and again while pairs of names are exchanged; answers how often."""
    end, n = time.monotonic() + FLIP, 0
    ps = []
    try:
        for a, b in pairs:
            # One that ends because a name was missing for a moment is started again.
            again = f'end=$(($(date +%s) + {FLIP + 5})); while [ $(date +%s) -lt $end ]; do {lab.TOOLS}/flip {w.top}/{a} {w.top}/{b} 1 || true; done'
            ps.append(subprocess.Popen(['sh', '-c', again], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        while time.monotonic() < end:
            work()
            n += 1
    finally:
        for p in ps:
            for pid in lab.family(p.pid):
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass
            p.wait()
    return n


def main() -> None:
    tally = lab.Tally('swaps')
    for s in (Backup(), Restore(False), Restore(True)):
        where = 'swaps-' + s.name.replace(' ', '-')
        w = s.make(lab.World(os.path.join(lab.WORK, where, 'count')))
        points = [(what, n) for i, what in enumerate(s.hooks) for n in lab.spread(w.total, SHORT, 7 * i)]
        tally.one(f'{s.name}, flips', None, lambda: s.flipped(w))
        tally.case(f'{s.name}, at each of {w.total} calls', points, s.make, s.point, where)
    c = Control()
    os.makedirs(os.path.join(lab.WORK, 'swaps-control'))
    w = c.make(lab.World(os.path.join(lab.WORK, 'swaps-control', 'count')))
    control = lab.Tally('control', quiet=True)
    control.case('a naive program', [(what, n) for what in c.hooks for n in range(max(1, w.total - 40), w.total + 1)], c.make, c.point, 'swaps-control')
    print(f'  swaps, a program that opens by path: {control.failed} of {control.points} swaps leak', flush=True)
    if not control.failed:
        tally.failed += 1
        print('FAIL  swaps: the control leaks nothing: the sweep cannot see what it is for')
    tally.notes.append(f'control={control.failed}/{control.points}')
    tally.last()


main()
