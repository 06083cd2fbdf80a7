"""A disk as a power cut leaves it: the file calls of a process, recorded, and the states in which they can be found.

**The record.** ``strace`` writes down every call that changes something below a folder, with its data; marks that the
process sends on a socket stand between them and say which operation was begun and which was answered.

**The model.** A crash may come before any call of the record. What was in the folder when the recording began is there.
Of each file, everything is there that was written before an ``fsync`` or ``fdatasync`` of it *returned*. Of what was
written since, each state keeps by choice: nothing; everything; the calls up to a moment, the last one torn; each file up to a moment
of its own (files are written back in any order); or single sectors of 512 bytes here and there, the newer over the older,
with the file as long as what is kept or as long as it had grown, zeros between. A sector is old or new, never mixed: disks promise
that. A truncation is kept or not.

Names (files made, renamed, removed, folders made) follow one of two rules, half of the states each:

- ``ordered``, as ext4, XFS and btrfs in their usual settings: one journal in the order of the calls, of which any beginning may be
  kept; an fsync of a file commits it as far as that file's own name, an fsync of a folder as far as the last change in it;
- ``strict``, all that POSIX promises: each folder on its own, any beginning of its changes, and only an fsync of the folder itself
  makes them last. A file whose name is lost is lost, synced or not.

SQLite's ``-shm`` file is left out: it is memory, made anew at the first opening after a crash. Not modelled: a disk that lies about
having synced, and sectors that rot.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

SECTOR = 512
CALLS = (
    "openat,write,pwrite64,sendfile,lseek,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,"
    "mkdirat,link,linkat,close,sendto,open,creat,truncate,fallocate,copy_file_range,writev,pwritev,pwritev2,sync_file_range"
)
#: Ways of changing a file that nothing here uses: the record would be wrong without them, so it refuses them.
NOT_READ = {"open", "creat", "truncate", "fallocate", "copy_file_range", "writev", "pwritev", "pwritev2"}
RULES = ("ordered", "strict")
CHANCY = ("prefix", "apart", "scatter")
WAYS = ("nothing", "everything", *CHANCY)
TRIES = 4


@dataclass(eq=False)
class Node:
    """A file or folder: what is durable of it, and what is on its way."""

    number: int
    folder: bool = False
    data: bytearray = field(default_factory=bytearray)
    live: bytearray = field(default_factory=bytearray)
    waiting: list[Write] = field(default_factory=list)
    names: dict[str, Node] = field(default_factory=dict)  # as the process sees them
    kept: dict[str, dict[str, Node]] = field(default_factory=lambda: {rule: {} for rule in RULES})
    changes: list[Change] = field(default_factory=list)  # of names, for the strict rule


@dataclass(frozen=True)
class Write:
    """Bytes at an offset; without them the file's end is set there."""

    tick: int
    at: int
    data: bytes | None


@dataclass(frozen=True)
class Change:
    """In a folder the name ``old`` goes and ``new`` comes to be ``node``; either may be missing."""

    tick: int
    folder: Node
    old: str
    new: str
    node: Node | None

    def apply(self, names: dict[str, Node]) -> None:
        if self.old:
            names.pop(self.old, None)
        if self.new:
            assert self.node is not None
            names[self.new] = self.node


@dataclass(frozen=True)
class Mark:
    """What the process said: ``begin score-1``, ``done score-1``."""

    word: str
    name: str


@dataclass(frozen=True)
class Synced:
    node: Node
    tick: int  # the last one it covers


Event = Write | Change | Mark | Synced
_LINE = re.compile(r"^(\d+)\s+(.*)$")
_CALL = re.compile(r"^(\w+)\((.*)\)\s+= (-?\d+|\?)")
_RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
_HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_HANDLE = re.compile(r"(\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>")


def plain(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


class Recording:
    """The events below a folder, in order, and the disk as it was before them."""

    def __init__(self, root: Path, before: Path) -> None:
        self.root, self.count, self.tick = str(root), 0, 0
        self.events: list[tuple[Node | None, Event]] = []
        self.top = self._loaded(before)
        self._open: dict[int, Node] = {}
        self._offsets: dict[int, int] = {}

    def _node(self, folder: bool = False) -> Node:
        self.count += 1
        return Node(self.count, folder)

    def _loaded(self, path: Path) -> Node:
        node = self._node(path.is_dir())
        if not node.folder:
            node.data[:] = path.read_bytes()
            node.live[:] = node.data
            return node
        for below in sorted(path.iterdir()):
            if not below.name.endswith("-shm"):
                node.names[below.name] = self._loaded(below)
        node.kept = {rule: dict(node.names) for rule in RULES}
        return node

    # Reading strace's log -----------------------------------------------------------------------------------------

    def read(self, log: Path) -> None:
        begun: dict[str, tuple[str, int]] = {}
        with log.open(encoding="ascii") as lines:
            for line in lines:
                found = _LINE.match(line)
                assert found, line[:200]
                thread, text = found.groups()
                resumed = _RESUMED.match(text)
                tick = self.tick
                if resumed:
                    first, tick = begun.pop(thread)
                    text = first + resumed[2]
                elif text.endswith("<unfinished ...>"):
                    begun[thread] = (text.removesuffix("<unfinished ...>").rstrip(), self.tick)
                    continue
                call = _CALL.match(text)
                if call and call[3] not in ("?", "-1"):
                    self._take(call[1], call[2], int(call[3]), text, tick)

    def _take(self, name: str, arguments: str, result: int, text: str, tick: int) -> None:
        reader = getattr(self, f"_{name}", None)
        if reader is not None:
            reader(arguments, result, text, tick)
        elif name in NOT_READ:
            paths = [os.fsdecode(plain(found[1])) for found in _HANDLE.findall(arguments)]
            assert not any(self._inside(path) for path in paths), f"{name} below the folder: the recorder can't read it"

    def _inside(self, path: str) -> bool:
        return (path == self.root or path.startswith(self.root + "/")) and not path.endswith("-shm")

    def _paths(self, arguments: str) -> list[str]:
        """The paths that a call names, folders given by handle resolved."""
        base, paths = "", []
        for found in re.finditer(f"{_HANDLE.pattern}|{_HEX.pattern}", arguments):
            if found[3] is None:
                base = os.fsdecode(plain(found[2]))
            else:
                path = os.fsdecode(plain(found[3]))
                paths.append(path if path.startswith("/") else f"{base}/{path}")
        return paths

    def _handle(self, arguments: str) -> tuple[int, str]:
        found = _HANDLE.match(arguments)
        return (int(found[1]), os.fsdecode(plain(found[2]))) if found and found[1] != "AT_FDCWD" else (-1, "")

    def _parent(self, path: str) -> tuple[Node, str]:
        *folders, name = path.removeprefix(self.root).strip("/").split("/")
        node = self.top
        for one in folders:
            node = node.names[one]
        return node, name

    def _found(self, path: str) -> Node | None:
        if path == self.root:
            return self.top
        parent, name = self._parent(path)
        return parent.names.get(name)

    # What the calls do ----------------------------------------------------------------------------------------------

    def _add(self, node: Node | None, event: Event) -> None:
        self.events.append((node, event))

    def _next(self) -> int:
        self.tick += 1
        return self.tick

    def _change(self, path: str, node: Node | None, new: bool = True) -> None:
        parent, name = self._parent(path)
        change = Change(self._next(), parent, "" if new else name, name if new else "", node)
        change.apply(parent.names)
        self._add(parent, change)

    def _write_at(self, node: Node, at: int, data: bytes) -> None:
        node.live.extend(bytes(max(0, at + len(data) - len(node.live))))
        node.live[at : at + len(data)] = data
        self._add(node, Write(self._next(), at, data))

    def _cut(self, node: Node, size: int) -> None:
        if len(node.live) != size:
            del node.live[size:]
            node.live.extend(bytes(size - len(node.live)))
            self._add(node, Write(self._next(), size, None))

    def _openat(self, arguments: str, result: int, text: str, tick: int) -> None:
        (path,) = self._paths(arguments)
        self._open.pop(result, None)
        if not self._inside(path):
            return
        node = self._found(path)
        if node is None:
            assert "O_CREAT" in arguments, text[:300]
            assert "O_APPEND" not in arguments, text[:300]
            node = self._node()
            self._change(path, node)
        elif "O_TRUNC" in arguments:
            self._cut(node, 0)
        self._open[result], self._offsets[result] = node, 0

    def _close(self, arguments: str, result: int, text: str, tick: int) -> None:
        self._open.pop(self._handle(arguments)[0], None)

    def _of(self, arguments: str) -> tuple[int, Node | None]:
        handle, path = self._handle(arguments)
        if not self._inside(path.removesuffix("(deleted)")):
            return handle, None
        return handle, self._open[handle]

    def _lseek(self, arguments: str, result: int, text: str, tick: int) -> None:
        handle, node = self._of(arguments)
        if node is not None:
            self._offsets[handle] = result

    def _pwrite64(self, arguments: str, result: int, text: str, tick: int) -> None:
        _, node = self._of(arguments)
        if node is not None:
            found = _HEX.search(arguments)
            assert found
            self._write_at(node, int(arguments.rsplit(", ", 1)[1]), plain(found[1])[:result])

    def _write(self, arguments: str, result: int, text: str, tick: int) -> None:
        handle, node = self._of(arguments)
        if node is not None:
            found = _HEX.search(arguments)
            assert found
            self._write_at(node, self._offsets[handle], plain(found[1])[:result])
            self._offsets[handle] += result

    def _sendfile(self, arguments: str, result: int, text: str, tick: int) -> None:
        into, node = self._of(arguments)
        if node is None:
            return
        source, path = self._handle(arguments.split(", ", 1)[1])
        assert self._inside(path), "a copy from elsewhere"
        at = int(arguments.split(", ")[2].split("]", maxsplit=1)[0].strip("["))
        self._write_at(node, self._offsets[into], bytes(self._open[source].live[at : at + result]))
        self._offsets[into] += result

    def _ftruncate(self, arguments: str, result: int, text: str, tick: int) -> None:
        _, node = self._of(arguments)
        if node is not None:
            self._cut(node, int(arguments.rsplit(", ", 1)[1]))

    def _fsync(self, arguments: str, result: int, text: str, tick: int) -> None:
        _, node = self._of(arguments)
        if node is not None:
            self._add(node, Synced(node, tick))

    _fdatasync = _fsync

    def _rename(self, arguments: str, result: int, text: str, tick: int) -> None:
        old, new = self._paths(arguments)
        if not self._inside(old):
            assert not self._inside(new)
            return
        (parent, name), (other, new_name) = self._parent(old), self._parent(new)
        assert parent is other, "moved to another folder: the model has no rule for it"
        change = Change(self._next(), parent, name, new_name, parent.names[name])
        change.apply(parent.names)
        self._add(parent, change)

    _renameat = _renameat2 = _rename

    def _unlink(self, arguments: str, result: int, text: str, tick: int) -> None:
        (path,) = self._paths(arguments)
        if self._inside(path):
            self._change(path, None, new=False)

    _unlinkat = _rmdir = _unlink

    def _mkdir(self, arguments: str, result: int, text: str, tick: int) -> None:
        (path,) = self._paths(arguments)
        if self._inside(path):
            self._change(path, self._node(folder=True))

    _mkdirat = _mkdir

    def _link(self, arguments: str, result: int, text: str, tick: int) -> None:
        old, new = self._paths(arguments)
        if self._inside(new):
            self._change(new, self._found(old))

    _linkat = _link

    def _sendto(self, arguments: str, result: int, text: str, tick: int) -> None:
        found = _HEX.search(arguments)
        words = plain(found[1]).decode("utf-8", "replace").split() if found else []
        if len(words) == 3 and words[0] == "mark":
            self._add(None, Mark(words[1], words[2]))


# Crashes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class State:
    """A disk after a crash: its files by their path, and what had been said before."""

    signature: tuple[object, ...]
    files: dict[str, bytes]
    folders: list[str]
    begun: frozenset[str]
    done: frozenset[str]
    says: str


class Replay:
    """Goes through a recording once; gives the states in which a crash before an event can leave the disk."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.begun: set[str] = set()
        self.done: set[str] = set()
        self._dirty: dict[int, Node] = {}
        self._journal: list[Change] = []
        self._version = 0

    def states(self, wanted: Mapping[int, Sequence[tuple[str, str]]], random: Random) -> Iterator[State]:
        """``wanted``: for the number of an event before which the crash comes, ways to keep things, each with a rule for
        names. No state twice: where chance gives one that was there, it is asked again, a few times."""
        seen = set[tuple[object, ...]]()
        for number, (node, event) in enumerate([*self.recording.events, (None, None)]):
            for way, rule in wanted.get(number, ()):
                for again in range(TRIES):
                    state = self._crash(number, random.choice(CHANCY) if again else way, rule, random)
                    if state.signature not in seen:
                        seen.add(state.signature)
                        yield state
                        break
            self._go(node, event)

    def _go(self, node: Node | None, event: Event | None) -> None:
        if isinstance(event, Mark):
            (self.begun if event.word == "begin" else self.done).add(event.name)
        elif isinstance(event, Write):
            assert node is not None
            node.waiting.append(event)
            self._dirty[node.number] = node
        elif isinstance(event, Change):
            event.folder.changes.append(event)
            self._dirty[event.folder.number] = event.folder
            self._journal.append(event)
        elif isinstance(event, Synced):
            self._version += 1
            self._sync(event.node, event.tick)

    def _sync(self, node: Node, tick: int) -> None:
        covered = [write for write in node.waiting if write.tick <= tick]
        node.data[:] = _written(bytearray(node.data), covered)
        node.waiting[:] = node.waiting[len(covered) :]
        for change in [one for one in node.changes if one.tick <= tick]:
            change.apply(node.kept["strict"])
            node.changes.remove(change)
        own = [
            i for i, one in enumerate(self._journal) if one.tick <= tick and (one.folder is node or one.node is node)
        ]
        if own:
            for change in self._journal[: own[-1] + 1]:
                change.apply(change.folder.kept["ordered"])
            del self._journal[: own[-1] + 1]
        if not node.waiting and not node.changes:
            self._dirty.pop(node.number, None)

    def _crash(self, number: int, way: str, rule: str, random: Random) -> State:
        ticks = [one.tick for node in self._dirty.values() for waits in (node.waiting, node.changes) for one in waits]
        last = {"nothing": -1, "everything": 1 << 60}.get(way)
        moment = random.choice(ticks) if ticks else 0
        names, signature = self._names(way, rule, moment, random)
        signature = [self._version, rule, len(self.done), *signature]
        files, folders = dict[str, bytes](), list[str]()
        reached: list[tuple[str, Node]] = [("", self.recording.top)]
        content: dict[int, bytes] = {}
        while reached:
            path, node = reached.pop()
            for name, below in sorted(names.get(node.number, node.kept[rule]).items()):
                if below.folder:
                    folders.append(f"{path}{name}")
                    reached.append((f"{path}{name}/", below))
                    continue
                if below.number not in content:
                    content[below.number], kept = self._content(below, way, last, moment, random)
                    signature.append((below.number, kept))
                files[f"{path}{name}"] = content[below.number]
        says = f"before call {number}, {way} of what was not synced, names {rule}"
        return State(tuple(signature), files, folders, frozenset(self.begun), frozenset(self.done), says)

    def _names(
        self, way: str, rule: str, moment: int, random: Random
    ) -> tuple[dict[int, dict[str, Node]], list[object]]:
        """The folders whose names differ from the durable ones."""
        found: dict[int, dict[str, Node]] = {}
        if rule == "ordered":
            length = self._length(way, self._journal, moment, random)
            for change in self._journal[:length]:
                names = found.setdefault(change.folder.number, dict(change.folder.kept[rule]))
                change.apply(names)
            return found, [length]
        lengths = list[object]()
        for node in [one for one in self._dirty.values() if one.folder]:
            length = self._length(way, node.changes, moment, random)
            lengths.append((node.number, length))
            found[node.number] = dict(node.kept[rule])
            for change in node.changes[:length]:
                change.apply(found[node.number])
        return found, lengths

    @staticmethod
    def _length(way: str, changes: list[Change], moment: int, random: Random) -> int:
        if way in ("nothing", "everything"):
            return 0 if way == "nothing" else len(changes)
        if way == "prefix":
            return sum(one.tick <= moment for one in changes)
        return random.choice([0, len(changes), random.randint(0, len(changes))])

    def _content(
        self, node: Node, way: str, last: int | None, moment: int, random: Random
    ) -> tuple[bytes, tuple[object, ...]]:
        if not node.waiting or way == "nothing":
            return bytes(node.data), ()
        if way == "everything":
            return bytes(_written(bytearray(node.data), node.waiting)), ("all",)
        if way == "scatter":
            return _scattered(node, random)
        if way == "apart":
            moment = random.choice([0, *(one.tick for one in node.waiting)])
        kept = [one for one in node.waiting if one.tick < moment]
        torn = next((one for one in node.waiting if one.tick == moment), None)
        size = random.randint(0, len(torn.data)) // SECTOR * SECTOR if torn and torn.data else 0
        if torn and torn.data and size:  # up to a sector's end on the disk
            size = min(len(torn.data), size + (-torn.at) % SECTOR)
            kept.append(Write(torn.tick, torn.at, torn.data[:size]))
        return bytes(_written(bytearray(node.data), kept)), (len(kept), size)


def _written(data: bytearray, writes: list[Write]) -> bytearray:
    for one in writes:
        if one.data is None:
            del data[one.at :]
            data.extend(bytes(one.at - len(data)))
        else:
            data.extend(bytes(max(0, one.at - len(data))))
            data[one.at : one.at + len(one.data)] = one.data
    return data


def _scattered(node: Node, random: Random) -> tuple[bytes, tuple[object, ...]]:
    """Single sectors of what waits, and truncations, each kept or not."""
    share, data, kept = random.choice([0.1, 0.5, 0.9]), bytearray(node.data), list[object]()
    grown = len(data)
    for one in node.waiting:
        if one.data is None:
            grown = one.at
            if random.random() < share:
                _written(data, [one])
                kept.append(one.tick)
            continue
        grown = max(grown, one.at + len(one.data))
        first = 0
        while first < len(one.data):
            end = min(len(one.data), first + SECTOR - (one.at + first) % SECTOR)
            if random.random() < share:
                _written(data, [Write(one.tick, one.at + first, one.data[first:end])])
                kept.append((one.tick, first))
            first = end
    if len(data) < grown and random.random() < 0.5:
        data.extend(bytes(grown - len(data)))
        kept.append("grown")
    return bytes(data), tuple(kept)


def lay_out(state: State, folder: Path) -> None:
    for name in state.folders:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, data in state.files.items():
        with open(folder / name, "wb", buffering=0) as file:
            file.write(data)
