"""What a tree holds, told without snap: manifests, their differences, and the trees that the sweeps use."""
from __future__ import annotations
import collections, hashlib, os, random, socket, stat, subprocess

Entry = collections.namedtuple('Entry', 'kind mode uid gid rdev mtime size sha target xattrs twin')
Manifest = dict[bytes, Entry]  # what lies below a folder, by path
KINDS = {stat.S_IFREG: 'file', stat.S_IFDIR: 'dir', stat.S_IFLNK: 'symlink', stat.S_IFIFO: 'fifo',
         stat.S_IFSOCK: 'socket', stat.S_IFCHR: 'chardev', stat.S_IFBLK: 'blockdev'}


def manifest(top: str, root: bool = False, links: bool = True) -> Manifest:
    """path -> Entry for all below top (bytes); with root its own entry as b''. twin is the first name that
    shares the inode: which names do, not how many, because snapshots share inodes with each other."""
    below, out, first = os.fsencode(top), {}, {}

    def entry(path: bytes, full: bytes, st: os.stat_result) -> Entry:
        kind = KINDS[stat.S_IFMT(st.st_mode)]
        sha = target = None
        size = st.st_size if kind in ('file', 'symlink') else 0
        if kind == 'file':
            fd = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME if ROOT else os.O_RDONLY | os.O_NOFOLLOW)
            h, left = hashlib.sha256(), st.st_size
            while left > 0 and (b := os.read(fd, 1 << 20)):
                h.update(b)
                left -= len(b)
            os.close(fd)
            sha = h.hexdigest()
        elif kind == 'symlink':
            target = os.readlink(full)
        names = sorted(os.listxattr(full, follow_symlinks=False))
        xattrs = tuple((n, os.getxattr(full, n, follow_symlinks=False)) for n in names if not n.startswith('trusted.SGI_ACL'))
        twin = None
        if links and kind != 'dir' and st.st_nlink > 1:
            twin = first.setdefault((st.st_dev, st.st_ino), path)
        return Entry(kind, stat.S_IMODE(st.st_mode), st.st_uid, st.st_gid, st.st_rdev if kind.endswith('dev') else 0,
                     st.st_mtime_ns, size, sha, target, xattrs, twin)

    def walk(full: bytes, path: bytes) -> None:
        for d in sorted(os.scandir(full), key=lambda d: d.name):
            p = path + b'/' + d.name if path else d.name
            st = os.lstat(d.path)
            out[p] = entry(p, d.path, st)
            if stat.S_ISDIR(st.st_mode):
                walk(d.path, p)

    if root:
        out[b''] = entry(b'', below, os.lstat(below))
    walk(below, b'')
    if links:  # a name whose other names lie outside shares its inode with nobody here
        count = collections.Counter(e.twin for e in out.values())
        for p, e in out.items():
            if e.twin is not None and count[e.twin] == 1:
                out[p] = e._replace(twin=None)
    return out


ROOT = os.geteuid() == 0


def differences(a: Manifest, b: Manifest) -> dict[bytes, str]:
    """Paths at which two manifests differ, with what differs."""
    out = {}
    for p in a.keys() | b.keys():
        x, y = a.get(p), b.get(p)
        if x is None or y is None:
            out[p] = 'only in the second' if x is None else 'only in the first'
        elif x != y:
            out[p] = ', '.join(f'{f}: {u} {v}' for f, u, v in zip(Entry._fields, x, y) if u != v)
    return out


def stamps(top: str) -> dict:
    """All that touching a tree would change, without reading it (atime too: manifests are made without)."""
    out = {}
    for d, folders, files in os.walk(os.fsencode(top)):
        for n in [b'.'] + folders + files:
            s = os.lstat(os.path.join(d, n))
            out[os.path.join(d, n)] = (s.st_ino, s.st_mode, s.st_uid, s.st_gid, s.st_size, s.st_nlink, s.st_mtime_ns, s.st_ctime_ns)
    return out


def write(path: str | bytes, data: str | bytes, when: int | None = None) -> None:
    with open(path, 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    if when is not None:
        os.utime(path, ns=(when, when))


def build(top: str) -> None:
    """A small tree with every kind of entry: what zoo.sh makes, cut down so that a point takes 0.1 s."""
    rnd = random.Random(7)
    j = lambda *p: os.path.join(top, *p)
    for d in ('plain/deep/er', 'empty', 'dir with space', 'links', 'perms', 'special', 'names', 'old name/sub', 'gone/sub', 'many'):
        os.makedirs(j(d))
    write(j('plain/a'), 'hello\n')
    write(j('plain/big'), rnd.randbytes(150_000))
    write(j('plain/zero'), b'')
    write(j('plain/deep/er/x'), 'x')
    write(j('plain/kept'), 'same size 1', 1_500_000_000_000_000_001)
    write(j('dir with space/f g'), 'a b')
    for n in range(6):
        write(j('many', f'f{n}'), rnd.randbytes(300 + n), 1_600_000_000_123_456_789 + n)
    for n, target in (('rel', '../plain/a'), ('dangling', 'nowhere'), ('loop', '.')):
        os.symlink(target, j('links', n))
    os.symlink(os.path.join(os.path.dirname(top), 'outside'), j('links/outside'))  # nobody may follow it
    os.link(j('plain/a'), j('links/hard1'))
    os.link(j('plain/a'), j('plain/hard2'))
    write(j('links/pair1'), 'two')
    os.link(j('links/pair1'), j('links/pair2'))
    for n in (0o400, 0o644, 0o4755, 0o2755):
        write(j('perms', f'{n:04o}'), f'{n:o}')
        os.chmod(j('perms', f'{n:04o}'), n)
    os.mkdir(j('perms/d0500'))
    write(j('perms/d0500/in'), 'in')
    os.chmod(j('perms/d0500'), 0o500)
    write(j('old name/one'), rnd.randbytes(900))
    write(j('old name/sub/two'), rnd.randbytes(800))
    write(j('gone/a'), 'going')
    write(j('gone/sub/b'), 'going too')
    write(j('becomes a folder'), 'file')
    write(j('becomes a link'), 'file')
    with open(j('sparse'), 'wb') as f:
        f.truncate(1 << 20)
        f.seek(0, 2)
        f.write(b'tail')
    os.makedirs(j('logs'))
    for n in range(1, 6):
        write(j(f'logs/log.{n}'), f'day {6 - n}\n' * n, 1_640_000_000_000_000_000 - n)
    os.mkfifo(j('special/fifo'))
    s, back = socket.socket(socket.AF_UNIX), os.getcwd()
    os.chdir(j('special'))  # a socket's whole path may have 107 bytes
    s.bind('sock')
    os.chdir(back)
    s.close()
    for n in (b'\xff\xfe', b'new\nline', b'esc\x1b[31m', b'x' * 255, b'-n', '\u202egnp.exe'.encode(), b' lead'):
        write(os.path.join(os.fsencode(j('names')), n), n)
    if ROOT:
        os.mknod(j('special/null'), 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        write(j('perms/owned'), 'o')
        os.chown(j('perms/owned'), 1234, 4321)
    many = [(f'many/f{n}', bytes([n]) * 900) for n in range(3)] + [('many/f4', b'\0\xff\n' * 50)]
    for n, v in [('plain/a', b'value'), ('empty', b'd'), *many]:
        try:
            os.setxattr(j(n), 'user.note', v)
        except OSError:
            pass  # a file system without them
    subprocess.run(['setfacl', '-m', 'u:1234:rw', j('many/f0')], stderr=subprocess.DEVNULL)
    os.utime(j('plain'), ns=(1_577_934_245_678_000_000, 1_577_934_245_678_000_000))
    write(j('times1965'), 'old', -157_000_000_876_543_211)


def rotate(folder: str, text: str | bytes) -> None:
    """What logrotate does: log.1 becomes log.2 and so on, the oldest goes, log.1 is new."""
    logs = sorted(int(n[4:]) for n in os.listdir(folder) if n.startswith('log.') and n[4:].isdigit())
    for n in reversed(logs):
        os.rename(os.path.join(folder, f'log.{n}'), os.path.join(folder, f'log.{n + 1}'))
    if len(logs) > 5:
        os.unlink(os.path.join(folder, f'log.{logs[-1] + 1}'))
    write(os.path.join(folder, 'log.1'), text)


def change(top: str) -> None:
    """A change of every kind: modified, metadata, moved, removed, added, hard links, types."""
    rnd = random.Random(8)
    j = lambda *p: os.path.join(top, *p)
    write(j('plain/kept'), 'same size 2', 1_500_000_000_000_000_001)  # neither size nor time tell
    with open(j('many/f1'), 'ab') as f:
        f.write(b'more')
    with open(j('plain/big'), 'r+b') as f:
        f.write(b'changed at its begin')
    os.chmod(j('many/f2'), 0o600)
    try:
        os.setxattr(j('plain/zero'), 'user.new', b'n')
    except OSError:
        pass
    if ROOT:
        os.chown(j('many/f3'), 1, 2)
    os.rename(j('many/f4'), j('plain/deep/f4 moved'))
    os.rename(j('old name'), j('new name'))
    rotate(j('logs'), 'changed\n')
    os.unlink(j('gone/a'))
    os.unlink(j('gone/sub/b'))
    os.rmdir(j('gone/sub'))
    os.rmdir(j('gone'))
    os.link(j('many/f5'), j('links/third'))  # a new group
    os.unlink(j('plain/hard2'))              # one member less
    data = open(j('links/pair2'), 'rb').read()
    os.unlink(j('links/pair2'))              # a group that ends
    write(j('links/pair2'), data)
    os.unlink(j('becomes a folder'))
    os.mkdir(j('becomes a folder'))
    write(j('becomes a folder/in'), 'it')
    os.unlink(j('becomes a link'))
    os.symlink('plain/a', j('becomes a link'))
    os.unlink(j('links/rel'))
    os.symlink('../plain/big', j('links/rel'))
    os.makedirs(j('brand new/sub'))
    for n in range(4):
        write(j('brand new/sub', f'n{n}'), rnd.randbytes(500))
    write(j('brand new/copy of f0'), open(j('many/f0'), 'rb').read())
    os.mkdir(j('brand new/empty'))


def touch(top: str) -> None:
    """A few small changes, so that two snapshots differ."""
    write(os.path.join(top, 'plain/deep/er/x'), 'x2')
    write(os.path.join(top, 'many/added'), 'added')
    os.unlink(os.path.join(top, 'names/-n'))
    rotate(os.path.join(top, 'logs'), 'touched\n')
