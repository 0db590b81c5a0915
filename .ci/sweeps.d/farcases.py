"""What is done with a vault, for the sweep of it: how each begins, and what must hold after it."""
from __future__ import annotations
import contextlib, io, json, os
from collections.abc import Callable
import cases, far, judge, lab, tree
from lab import Violation

NAMES, T = cases.NAMES, cases.T
WORDS = 'a passphrase that the sweep alone has'
# What read_vault.py does not bring back: owners, attributes, devices and sockets. docs/formats.md has them.
BUT, NOT_BACK = ('uid', 'gid', 'rdev', 'xattrs'), ('socket', 'chardev', 'blockdev')
# What is in .snap/remotes/NAME when nothing goes on.
AT_REST = ('copying-lock', 'head', 'hold', 'id', 'keys', 'lock', 'table-', 'traits')


class Case:
    """One command. fresh() makes the world once, reset() puts it back before each point."""
    name = ''
    snapshots = 3  # of the destination
    copied = 2     # of these the vault has so many, each by a copy of its own
    codes: tuple[int, ...] = (0, 1, 13)

    def __init__(self, store: Callable[[str], far.Folder | far.Server] = far.Server) -> None:
        self.store = store

    def argv(self, w: lab.World) -> list[str]:
        raise NotImplementedError

    def edit(self, w: lab.World, n: int) -> None:
        """The source before backup n."""
        if n == 1:
            tree.touch(w.src)
        elif n == 2:
            tree.change(w.src)
        elif n == 3:
            os.rename(os.path.join(w.src, 'new name'), os.path.join(w.src, 'plain/newer name'))
        if n:
            tree.write(os.path.join(w.src, 'plain/big'), os.urandom(200_000))

    def fresh(self, w: lab.World) -> lab.World:
        w.store = self.store(w.top)
        w.env |= w.store.env | {'SNAP_DEST': w.dest}
        w.keys = os.path.join(w.dest, '.snap/remotes/b2/keys')
        tree.write(os.path.join(w.top, 'words'), WORDS)
        tree.build(w.src)
        os.makedirs(w.dest)
        w.manifests = {}
        self.life(w)
        w.templates = {at: at + '.template' for at in (w.dest, w.store.objects)}
        for at, template in w.templates.items():
            if os.path.lexists(at):
                lab.copy(at, template)
        w.guard()
        self.reset(w)
        w.identity = os.path.join(w.top, 'identity')
        if self.copied >= 0:
            lab.copy(w.keys, w.identity)
        self.control(w)
        return w

    def life(self, w: lab.World) -> None:
        for n in range(self.snapshots):
            self.edit(w, n)
            w.must(0, 'backup', '--time', T[n], w.dest, w.src)
            w.manifests[NAMES[n]] = tree.manifest(w.src)
            if n == 0 and self.copied >= 0:
                self.add(w)
            if n < self.copied:
                w.must(0, 'copy', 'b2', '-d', w.dest)

    def add(self, w: lab.World) -> None:
        w.must(0, 'remote', 'add', 'b2', w.store.place, '-d', w.dest)

    def control(self, w: lab.World) -> None:
        """A life without faults."""
        if w.store.kind == 's3':
            w.store.plan()
        self.after(w, w.must(0, *self.argv(w)), (0,))
        self.reset(w)
        if w.store.kind == 's3':
            w.store.plan()
            w.must(0, *self.argv(w))
            w.total = len(w.store.requests())

    def reset(self, w: lab.World) -> None:
        for at, template in w.templates.items():
            lab.remove(at)
            if os.path.lexists(template):
                lab.copy(template, at)
        if isinstance(w.store, far.Folder):
            os.makedirs(w.store.objects, exist_ok=True)
        w.first = far.everything(w.store.objects)
        self.forget(w)

    def forget(self, w: lab.World) -> None:
        """A machine that has never asked the vault."""
        w.forget()
        lab.remove(os.path.join(w.home, '.cache'), w.target)

    def there(self, w: lab.World) -> list[str]:
        """The snapshots that the vault has in the end."""
        return list(w.manifests)

    # --- what must hold --------------------------------------------------------------------------------

    def after(self, w: lab.World, ran: lab.Ran, codes: tuple[int, ...]) -> None:
        if ran.rc not in codes:
            raise Violation(f'an exit code of another meaning, not of {codes}: {ran}')
        if ran.rc not in (0, 137) and not ran.err.strip().startswith(b'snap: '):
            raise Violation(f'it says nothing: {ran}')
        self.whole(w, ran.err if ran.rc == 3 else b'')
        self.again(w, ran)
        self.whole(w)
        if w.store.kind == 's3':
            far.replay(w.store.requests(), w.first, w.store.objects, w.identity)
        self.finish(w)

    def again(self, w: lab.World, ran: lab.Ran) -> None:
        """The same command once more, as a user would."""
        w.must(0, *self.argv(w))

    def whole(self, w: lab.World, named: bytes = b'') -> None:
        """Whatever has happened: the newest head finds all that it names, and what it says it has comes back, but for what
        a copy has named as damaged here."""
        if not far.heads(w.store.objects):
            return
        far.finds_all(w.store.objects, w.identity)
        listed = [h['name'] for h in far.read_vault.Vault(w.store.objects, w.identity).snapshots()]
        if bad := [n for n in listed if n not in w.manifests]:
            raise Violation(f'the vault has {bad}, which never was')
        for name in listed if lab.LONG else listed[-1:]:
            self.read(w, name, named)

    def read(self, w: lab.World, name: str, named: bytes = b'') -> None:
        """Without snap it comes back, too."""
        lab.remove(w.target)
        with contextlib.redirect_stderr(io.StringIO()):
            far.read_vault.extract(far.read_vault.Vault(w.store.objects, w.identity), name, w.target)
        want = {p: e for p, e in w.manifests[name].items() if e.kind not in NOT_BACK}
        if named:
            judge.but_named(want, tree.manifest(w.target), named, f'{name} by read_vault.py', BUT)
        else:
            judge.equal('read_vault.py', name, want, tree.manifest(w.target), BUT)
        lab.remove(w.target)

    def finish(self, w: lab.World) -> None:
        """All is there, comes back, and nothing is left over."""
        there = self.there(w)
        self.forget(w)
        listed = [s['name'] for s in json.loads(w.must(0, 'list', '--json', '-d', 'b2').out)]
        if listed != there:
            raise Violation(f'the vault has {listed}, not {there}')
        for name in there if lab.LONG else there[-1:]:
            self.restored(w, name)
        w.must(0, 'check', '--read-data', '-d', 'b2')
        w.must(0, 'check', '-d', w.dest)
        if left := [n for n in os.listdir(os.path.dirname(w.keys)) if not n.startswith(AT_REST)]:
            raise Violation(f'left beside the keys: {left}')
        w.unguard()
        for name, m in w.manifests.items():
            judge.equal('I1', f'the tree of {name}', m, tree.manifest(os.path.join(w.dest, name)))

    def restored(self, w: lab.World, name: str, *flags: str) -> None:
        lab.remove(w.target)
        w.must(0, 'restore', '-q', '-d', 'b2', name, '--target', w.target)
        judge.equal('restore -d', name, w.manifests[name], tree.manifest(w.target))
        lab.sametree(os.path.join(w.dest, name), w.target)
        lab.remove(w.target)


class Add(Case):
    name, snapshots, copied = 'add', 2, -1

    def argv(self, w: lab.World) -> list[str]:
        return ['remote', 'add', 'b2', w.store.place, '-d', w.dest]

    def whole(self, w: lab.World, named: bytes = b'') -> None:
        """A vault that is there can be opened by what is here."""
        for keys in (w.keys, w.keys + '-begun', w.keys + '-begun.new'):
            if os.path.exists(keys):
                lab.copy(keys, w.identity)
                return super().whole(w, named)
        if far.heads(w.store.objects):
            raise Violation('there is a vault, and nobody has its keys')

    def again(self, w: lab.World, ran: lab.Ran) -> None:
        """A remote that is known is whole; else the same command makes it. The sheet that was seen last opens it."""
        known = b'b2' in w.must(0, 'remote', 'list').out
        if ran.rc == 0 and not known:
            raise Violation(f'exit code 0, and there is no remote: {ran}')
        sheet = ran.out if known else w.must(0, *self.argv(w)).out
        w.must(0, 'copy', 'b2', '-d', w.dest)
        words = sheet.partition(b'Passphrase:\n')[2].split()
        if not words:
            raise Violation(f'nobody has seen a sheet: {ran}')
        tree.write(os.path.join(w.top, 'words'), words[0])
        self.forget(w)
        env, w.env = w.env, {**w.env, 'SNAP_PASSPHRASE_FILE': os.path.join(w.top, 'words')}
        w.must(0, 'list', '-d', w.store.place)
        w.env = env


class First(Case):
    name, snapshots, copied = 'first', 2, 0
    codes = (0, 1, 3, 13)  # 3: a file here could not be read, and is named; the next copy brings it

    def argv(self, w: lab.World) -> list[str]:
        return ['copy', 'b2', '-d', w.dest]


class Next(First):
    """Something changed and came."""
    name, snapshots, copied = 'next', 2, 1


class Moved(First):
    """Changes of every kind, and a folder that was renamed."""
    name, snapshots, copied = 'moved', 4, 2


class Large(First):
    """Several packs, and files of several pieces, one of them changed."""
    name, snapshots, copied = 'large', 2, 1

    def edit(self, w: lab.World, n: int) -> None:
        large = os.path.join(w.src, 'large')
        if n == 0:
            tree.write(large, os.urandom(9 << 20))
            return
        with open(large, 'r+b') as f:
            f.seek(5 << 20)
            f.write(os.urandom(1000))
        for i in range(3):
            tree.write(os.path.join(w.src, f'more {i}'), os.urandom(11 << 20))


class Prune(Case):
    """Snapshots go, and packs are written anew."""
    name, snapshots, copied = 'prune', 4, 4

    def argv(self, w: lab.World) -> list[str]:
        return ['prune', '--keep-last', '1', '--allow-most', '-d', 'b2', *w.store.flags]

    def there(self, w: lab.World) -> list[str]:
        return list(w.manifests)[-1:]

    def finish(self, w: lab.World) -> None:
        """When time has gone by, all goes that nobody needs."""
        for _ in range(3):
            far.age(w.store.objects)
            w.must(0, *self.argv(w))
        super().finish(w)
        needed = far.needs(w.store.objects, w.identity, far.heads(w.store.objects)[-1])
        if left := far.objects(w.store.objects).keys() - needed:
            raise Violation(f'in the vault is left what nobody needs: {sorted(left)[:5]} of {len(left)}')


class Deleting(Prune):
    """What an earlier prune has condemned goes."""
    name = 'prune-deletes'

    def life(self, w: lab.World) -> None:
        super().life(w)
        for _ in range(2):
            w.must(0, *self.argv(w))
        far.age(w.store.objects)


class Restore(Case):
    name, snapshots, copied = 'restore', 3, 3
    codes = (0, 1, 3, 13)

    def argv(self, w: lab.World) -> list[str]:
        return ['restore', NAMES[1], '--target', w.target, '-d', 'b2']

    def after(self, w: lab.World, ran: lab.Ran, codes: tuple[int, ...]) -> None:
        want = w.manifests[NAMES[1]]
        got = tree.manifest(w.target) if os.path.isdir(w.target) else {}
        if ran.rc == 0:
            judge.equal('I2', 'exit code 0, but the restored tree', want, got)
        elif ran.rc == 3:
            judge.but_named(want, got, ran.err, 'the restored tree')
        super().after(w, ran, codes)

    def again(self, w: lab.World, ran: lab.Ran) -> None:
        w.must(0, *self.argv(w), '--overwrite', 'always', '--delete')
        judge.equal('I3', 'the second restore', w.manifests[NAMES[1]], tree.manifest(w.target))

    def whole(self, w: lab.World, named: bytes = b'') -> None:
        if far.everything(w.store.objects) != w.first:
            raise Violation('a restore changed the vault')


CASES = {c.name: c for c in (Add, First, Next, Moved, Large, Prune, Deleting, Restore)}
