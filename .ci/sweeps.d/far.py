"""Places that a vault lies in, with what goes wrong there: a real S3 server behind the fault proxy, and a folder. And what a
vault holds, read by docs/read_vault.py, which shares no code with snap."""
from __future__ import annotations
import contextlib, ctypes, hashlib, json, os, re, signal, socket, subprocess, sys, threading, time
from collections.abc import Iterable, Sequence
import lab
from lab import Violation

sys.path.insert(0, os.path.join(lab.HARNESS, '../../docs'))
import read_vault  # noqa: E402

ENGINES = os.environ.get('SWEEP_ENGINES', '')
ACCESS, SECRET = 'AKIAEXAMPLE', 'secret-of-the-sweep'
HEAD = re.compile(r'head/[0-9]{10}(-[0-9a-z]+)?$')


def _dies_with_us() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Folder:
    """A vault in a folder."""
    kind = 'folder'
    flags = ['--sole-writer']  # of prune: the times in it are of a clock that nobody shares

    def __init__(self, top: str) -> None:
        self.objects = os.path.join(top, 'far')
        self.env: dict[str, str] = {}
        os.makedirs(self.objects)
        self.place = 'vault:' + self.objects


class Server:
    """A vault in versitygw, which has a file for each object, and the proxy before it."""
    kind = 's3'
    flags: list[str] = []

    def __init__(self, top: str, *how: str) -> None:
        self.top = os.path.join(top, 'server')
        os.makedirs(os.path.join(self.top, 'bucket'))
        self.objects = os.path.join(self.top, 'bucket/me')
        self.env = {'AWS_ACCESS_KEY_ID': ACCESS, 'AWS_SECRET_ACCESS_KEY': SECRET, 'AWS_REGION': 'us-east-1'}
        addr = self._start()
        self.proxy = subprocess.Popen([os.path.join(lab.TOOLS, 'faultproxy'), *how, f'http://{addr}'], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True, preexec_fn=_dies_with_us)
        self.url = self.proxy.stdout.readline().strip()
        self.place = f's3:{self.url}/bucket/me'
        self.direct = f's3:http://{addr}/bucket/me'
        self.met, self.log = threading.Event(), None
        self.told = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def _start(self) -> str:
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            addr = '127.0.0.1:%d' % s.getsockname()[1]
        said = open(os.path.join(self.top, '..', 'server.log'), 'wb')
        server = subprocess.Popen([os.path.join(ENGINES, 'versitygw'), '--quiet', '--port', addr, '--access', ACCESS, '--secret', SECRET,
                                   'posix', self.top], stdout=said, stderr=said, preexec_fn=_dies_with_us)
        while True:
            with contextlib.suppress(OSError), socket.create_connection(addr.split(':')):
                return addr
            if server.poll() is not None:
                raise Violation(f'versitygw does not start: {open(said.name).read()}')
            time.sleep(0.02)

    def _listen(self) -> None:
        for line in self.proxy.stdout:
            if line == 'met\n':
                self.met.set()
                continue
            with self.told:
                self.log = json.loads(line)
                self.told.notify()

    def order(self, **what: object) -> None:
        self.proxy.stdin.write(json.dumps(what) + '\n')
        self.proxy.stdin.flush()

    def plan(self, at: int = 0, fault: str = '', times: int = 1, byte: int = 0) -> None:
        """The requests from now on are counted; the one with this number, or all from it on for times=-1, breaks."""
        self.met.clear()
        self.order(At=at, Fault=fault, Times=times, Byte=byte)

    def requests(self) -> list[dict]:
        """All since the plan. Nothing breaks any more."""
        with self.told:
            self.log = None
            self.order(At=-1)
            if not self.told.wait_for(lambda: self.log is not None, 30):
                raise Violation('the fault proxy does not answer')
            return self.log

    def killed(self, w: lab.World, args: Sequence[str]) -> lab.Ran:
        """snap, killed when the plan's request is there."""
        p = subprocess.Popen([lab.SNAP, *args], env=w.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        threading.Thread(target=lambda: self.met.wait(lab.TIMEOUT) and p.kill(), daemon=True).start()
        try:
            out, err = p.communicate(timeout=lab.TIMEOUT)
        except subprocess.TimeoutExpired:
            p.kill()
            raise Violation(f'I7: hangs: {args} {p.communicate()}')
        ran = lab.Ran([lab.SNAP, *args], 137 if p.returncode == -signal.SIGKILL else p.returncode, out, err, 0)
        return lab.healthy(ran, killed=True)


# --- what a vault holds -----------------------------------------------------------------------------------

_needs: dict[bytes, frozenset[str]] = {}  # by the bytes of the head


def heads(folder: str) -> list[str]:
    """Oldest first; of several with one number the one that counts, which the store took first, is the last."""
    def order(name: str) -> tuple:
        return name[5:15], -os.stat(os.path.join(folder, name)).st_mtime_ns, [-ord(c) for c in name]
    with contextlib.suppress(FileNotFoundError):
        return sorted(('head/' + n for n in os.listdir(os.path.join(folder, 'head')) if HEAD.match('head/' + n)), key=order)
    return []


def needs(folder: str, identity: str, head: str) -> frozenset[str]:
    """The objects that a head says are there: all that it names and has not condemned."""
    with open(os.path.join(folder, head), 'rb') as f:
        body = f.read()
    if body not in _needs:
        read = read_vault.unzip(body if not identity else read_vault.run(['age', '-d', '-i', identity], body), read_vault.LIMIT)
        says = json.loads(read.split(b'\n')[0])
        condemned = frozenset(says.get('condemned') or {})
        parts = {'meta/' + s for t in (says['tables'] or []) + (says['snapshots'] or []) for s in t['parts'] or []}
        v = object.__new__(read_vault.Vault)  # not of its newest head
        v.folder, v.identity, v.sealed = folder, identity, bool(identity)
        packs = set()
        for t in says['tables'] or []:
            for _, where in read_vault.read_table(v.parts(t['parts'])):
                if not isinstance(where, list):
                    packs.add(read_vault.pack_name(where[0]))
        _needs[body] = frozenset(parts | packs) - condemned
    return _needs[body]


def objects(folder: str) -> dict[str, int]:
    """Those of data/ and meta/, with their sizes."""
    out = {}
    for top in ('data', 'meta'):
        for d, _, files in os.walk(os.path.join(folder, top)):
            for n in files:
                if not n.startswith('.'):
                    out[os.path.relpath(os.path.join(d, n), folder)] = os.path.getsize(os.path.join(d, n))
    return out


def finds_all(folder: str, identity: str) -> None:
    """The newest head finds every object that it names, under its name."""
    for head in heads(folder)[-1:]:
        try:
            missing = needs(folder, identity, head) - objects(folder).keys()
        except (read_vault.Damaged, OSError) as e:
            raise Violation(f'{head}: {e}')
        if missing:
            raise Violation(f'{head} names what is not there: {sorted(missing)[:3]}')
        for name in needs(folder, identity, head):
            with open(os.path.join(folder, name), 'rb') as f:
                if hashlib.sha256(f.read()).hexdigest() != name.rsplit('/', 1)[1]:
                    raise Violation(f'{name} has other bytes than its name says')


def everything(folder: str) -> set[str]:
    return {*objects(folder), *heads(folder)}


def replay(log: Iterable[dict], before: set[str], folder: str, identity: str) -> int:
    """No head was put while the store lacked an object that it names, and none went that the head of then names. before
    is everything that was there when the log begins. How many heads were put."""
    kept = heads(folder)
    there, put = set(before), 0
    now = next((needs(folder, identity, h) for h in reversed(kept) if h in before), frozenset())
    for r in log:
        name = r['Path'].removeprefix('/bucket/me/')
        done = 200 <= r['Status'] < 300
        if r['Method'] == 'PUT' and done:
            if name in kept and name not in there:
                put += 1
                now = needs(folder, identity, name)
                if missing := now - there:
                    raise Violation(f'{name} was put and named what was not there: {sorted(missing)[:3]}')
            there.add(name)
        elif r['Method'] == 'DELETE' and done:
            there.discard(name)
            if name in now:
                raise Violation(f'{name} was deleted, and the newest head names it')
    return put


def age(folder: str, days: int = 30) -> None:
    """Time goes by in a place."""
    for d, _, files in os.walk(folder):
        for n in files:
            at = os.stat(os.path.join(d, n)).st_mtime_ns - days * 86400 * 10**9
            os.utime(os.path.join(d, n), ns=(at, at))
