"""Ask Savepoint for a training checkpoint. One file, no dependency, Python 3.8 or newer.

Copy this file beside your training script. After each epoch, when the files to keep are written:

    from savepoint import make_checkpoint
    make_checkpoint(step=epoch, total=epochs)

The call returns as soon as Savepoint holds a consistent copy of the stage's outputs, so don't write to them from
another thread meanwhile. Outside Savepoint it returns at once and does nothing: the script runs unchanged anywhere.
With several processes (one per GPU), call it in one of them.

Work that must not be done twice is a step with a key; see `once`:

    from savepoint import once
    words = once("tokenize", tokenize, inputs=["corpus.txt"], outputs=["tokens.bin"])

A decision that a person takes, now or days later; see `ask`:

    from savepoint import ask
    if not ask("Accuracy is 0.71. Go on?", id="go-on"):
        ...
"""

import contextlib
import hashlib
import json
import math
import os
import sys
import time
import urllib.parse
import uuid
from typing import Any, Callable, Dict, Iterable, Iterator, NamedTuple, Optional, Sequence

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

__all__ = ["CheckpointResult", "ask", "is_resumed", "iteration", "make_checkpoint", "once", "resumed_step"]

_SHORTEST_PAUSE = 0.001
_LONGEST_PAUSE = 0.02
# A listener renews its heartbeat every second.
_SILENCE_BEFORE_NOTICE = 5.0
_DEEPEST_NESTING = 32
_LONGEST_FILE_NAME = 180
# What sysexits.h calls a temporary failure: Savepoint takes it for a question that waits for its answer.
_TRY_AGAIN_LATER = 75


class CheckpointResult(NamedTuple):
    """What became of a request."""

    #: False when the checkpoint was asked for and not recorded.
    ok: bool
    #: What to call the checkpoint, such as "amber-heron@12"; None when nobody said.
    checkpoint: Optional[str] = None
    #: Why it was not recorded.
    error: Optional[str] = None


def is_resumed() -> bool:
    """Whether this process continues from an earlier checkpoint."""
    return os.environ.get("DVCLIVE_RESUME") == "1" or resumed_step() is not None


def resumed_step() -> Optional[int]:
    """The step of the checkpoint that this process continues from; None on a fresh start or when it had no step."""
    try:
        return int(os.environ.get("SAVEPOINT_RESUMED_STEP", ""))
    except ValueError:
        return None


def iteration() -> int:
    """Which time the stage's code runs in this run, counted from 1: see `again` of make_checkpoint."""
    try:
        return int(os.environ.get("SAVEPOINT_ITERATION", ""))
    except ValueError:
        return 1


def make_checkpoint(
    step: Optional[int] = None,
    total: Optional[int] = None,
    name: Optional[str] = None,
    metrics: Optional[dict] = None,
    metadata: Optional[dict] = None,
    when: str = "now",
    latest: bool = True,
    again: Optional[bool] = None,
    timeout: Optional[float] = None,
) -> CheckpointResult:
    """Asks for a training checkpoint and waits until it is taken.

    step, total -- where the training stands: 12 of 40.
    name        -- a name for people, such as "warm-up done".
    metrics     -- numbers to show beside those of the stage's metrics files. Scalars and arrays of NumPy, PyTorch and
                   the like are welcome. NaN and infinities are sent as "NaN", "Infinity" and "-Infinity".
    metadata    -- anything else that JSON can hold.
    when        -- "now", or "stage-end" to have it recorded when the stage has ended.
    latest      -- False for a checkpoint that a retry should not continue from.
    again       -- True to have the stage run once more when it has ended, as a state machine does: see `iteration`.
                   What was said last counts.
    timeout     -- seconds to wait at most; None waits until Savepoint answers, however long that takes.

    Never raises for what goes wrong in recording: that is printed, and returned as `error`.
    """
    if not _is_listened_to():
        return CheckpointResult(ok=True)
    try:
        answer = _request(
            {
                "step": step,
                "total": total,
                "name": name,
                "metrics": metrics,
                "metadata": metadata,
                "when": None if when == "now" else when,
                "latest": None if latest else False,
                "again": again,
            },
            timeout,
        )
        result = _result_of(answer)
    except Exception as error:  # hours of training must not end here, whatever it is
        result = CheckpointResult(ok=False, error=str(error))
    if not result.ok:
        _say("training checkpoint not recorded: %s" % result.error)
    return result


def ask(
    question: str,
    choices: Optional[Sequence[str]] = None,
    *,
    kind: Optional[str] = None,
    multiple: bool = False,
    id: Optional[str] = None,
    default: Any = None,
    exit_after: Optional[float] = None,
    step: Optional[int] = None,
    total: Optional[int] = None,
    metrics: Optional[dict] = None,
    metadata: Optional[dict] = None,
) -> Any:
    """Asks a person, and waits for the answer, which may come days later.

    The state of the stage is recorded first, so write all outputs before. Whoever answers when this process is gone
    resumes the run from there, on any machine: the code runs up to this call again, which returns the answer at once.

    question   -- what the person reads.
    choices    -- the answer is one of these texts; with multiple=True it is a list of some of them, maybe empty.
    kind       -- "text" for a free text. Without it and without choices the answer is True or False.
    id         -- the question's name, the same each time that the code asks; needed when its text changes.
    default    -- what is returned where nobody can be asked: outside Savepoint, or when asking fails.
    exit_after -- seconds; then the process ends with status 75, and the run goes on when somebody has answered.
                  None waits as long as it takes.
    step, total, metrics, metadata -- as for make_checkpoint.
    """
    name = id if id is not None else question
    answered = _answer_at_start(name)
    if answered is not None:
        return answered["answer"]
    if not _is_listened_to():
        return default
    asked = {
        "id": id,
        "question": question,
        "kind": kind or ("choose" if choices is not None else "approve"),
        "choices": None if choices is None else list(choices),
        "multiple": multiple or None,
    }
    try:
        answer = _request(
            {
                "step": step,
                "total": total,
                "metrics": metrics,
                "metadata": metadata,
                "ask": {key: value for key, value in asked.items() if value is not None},
            },
            exit_after,
        )
    except TimeoutError:
        _say("nobody answered yet, so this process ends. The run goes on from here when somebody has answered.")
        raise SystemExit(_TRY_AGAIN_LATER) from None
    except Exception as error:  # the training goes on without
        _say("the question could not be asked: %s" % error)
        return default
    if "answer" in answer:
        return answer["answer"]
    _say("the question was not answered%s" % (": %s" % answer["error"] if answer.get("error") else ""))
    return default


def _answer_at_start(name: str) -> Optional[dict]:
    """The answer with which this run was resumed, if it is to this question. It counts once."""
    try:
        answered = json.loads(os.environ.get("SAVEPOINT_ANSWER", ""))
    except ValueError:
        return None
    if not isinstance(answered, dict) or answered.get("id") != name or "answer" not in answered:
        return None
    del os.environ["SAVEPOINT_ANSWER"]
    return answered


def once(
    key: str,
    work: Callable[[], Any],
    *,
    inputs: Iterable[str] = (),
    values: Any = None,
    outputs: Iterable[str] = (),
    folder: str = "steps",
    checkpoint: bool = True,
) -> Any:
    """Does a step of the stage's work, unless it is done already, and returns its result.

    A step that ended is written down in a folder, which dvc.yaml must name as an output of the stage:

        outs:
          - steps: {checkpoint: true}

    So the steps that are done belong to each training checkpoint, and go back with it. A fresh run starts with none;
    with `{persist: true}` instead they are kept from run to run. A step is done again when one of these changed:

    key        -- what the step is called, such as "fold-3/tokenize"; one step has one key.
    work       -- what to do: a function without arguments. Its result must be something that JSON can hold (a tuple
                  comes back as a list). When it raises, the step is not done.
    inputs     -- files and folders that the step reads; their content counts.
    values     -- what else it depends on: parameters, a version of its code. Anything that JSON can hold.
    outputs    -- files and folders that the step writes. If they are not there as they were, the step is done again.
    folder     -- where the steps of this stage are written down.
    checkpoint -- whether a training checkpoint is made of the step's end. With False it is safe at the next one.

    Of several processes that come to a step at the same time one does it, and the others get its result. Outside of a
    stage the work is simply done.
    """
    name = urllib.parse.quote(key, safe="") + ".step.json"
    if key == "" or len(name) > _LONGEST_FILE_NAME:
        raise ValueError("the key of a step must be short and not empty, but is %r" % key)
    root = os.environ.get("DVC_ROOT")
    if not root or not _is_output(folder):
        return work()
    frame = sys._getframe(1)
    needs = {
        "savepoint": "step",
        "version": 1,
        "key": key,
        "where": "%s:%d" % (os.path.basename(frame.f_code.co_filename), frame.f_lineno),
        "values": _plain(values),
    }
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with _alone(root, path, key):
        needs["inputs"] = _hash_all(inputs)
        record = _read_json(path)
        changed = None if record is None else _what_changed(record, needs, outputs)
        if record is not None and changed is None:
            _say('step "%s" is done already' % key)
            return record["result"]
        if changed is not None:
            _say('step "%s" is done again: %s' % (key, changed))
        # What is begun again is not done, whatever becomes of it.
        _remove(path)
        started = time.time()
        result = work()
        try:
            record = _record_of(needs, result, outputs, started)
            _write_json(path, record)
        except Exception as error:  # the work is done, and its result is needed
            _say('step "%s" can\'t be kept, so it will be done again: %s' % (key, error))
            return result
    if checkpoint:
        make_checkpoint(name=key)
    return record["result"]


def _is_output(folder: str) -> bool:
    """Whether the folder goes back with a checkpoint. If not, steps in it would be believed that were never done."""
    known = os.environ.get("SAVEPOINT_OUTPUTS")
    if known is None:
        return True
    path = os.path.realpath(folder)
    for output in known.splitlines():
        if path == output or path.startswith(os.path.join(output, "")):
            return True
    _say(
        "no step is skipped, since dvc.yaml does not name the folder of steps as an output of this stage. "
        "Add to its outs:  - %s: {checkpoint: true}" % folder
    )
    return False


def _what_changed(record: Any, needs: dict, outputs: Iterable[str]) -> Optional[str]:
    """Why a step that was done must be done again, for people; None when it need not."""
    if not isinstance(record, dict) or record.get("version") != 1 or record.get("key") != needs["key"]:
        return "its record can't be read"
    if record.get("values") != needs["values"]:
        return "its values changed"
    for kind, found in (("inputs", needs["inputs"]), ("outputs", _hash_all(outputs))):
        before = record.get(kind)
        if not isinstance(before, dict) or set(before) != set(found):
            return "it has other %s" % kind
        for path, value in found.items():
            if before[path] != value:
                return "%s %s" % (path, "is missing" if value is None else "changed")
    return None if "result" in record else "its record can't be read"


def _record_of(needs: dict, result: Any, outputs: Iterable[str], started: float) -> dict:
    made = _hash_all(outputs)
    for path, value in made.items():
        if value is None:
            raise ValueError("it made no %s" % path)
    ended = time.time()
    return dict(
        needs,
        outputs=made,
        finishedAt=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ended)),
        seconds=round(max(0.0, ended - started), 3),
        # As a later run will read it.
        result=json.loads(json.dumps(result, allow_nan=False, default=_number)),
    )


def _number(value: Any) -> Any:
    """For json: a scalar or an array of NumPy, PyTorch and the like."""
    for conversion in ("item", "tolist"):
        with contextlib.suppress(Exception):  # whatever the library raises: the next way is tried
            return getattr(value, conversion)()
    raise TypeError("its result holds a %s, which JSON can't; write it to an output" % type(value).__name__)


def _hash_all(paths: Iterable[str]) -> Dict[str, Optional[str]]:
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    return {os.fspath(path): _hash(os.fspath(path)) for path in paths}


def _hash(path: str) -> Optional[str]:
    """Of a file's content, or of the names and contents in a folder; None when there is neither."""
    if not os.path.isdir(path):
        return "sha256:" + _hash_file(path) if os.path.isfile(path) else None
    files = []
    for place, _, names in os.walk(path):
        files += [os.path.join(place, name) for name in names]
    total = hashlib.sha256()
    for relative, file in sorted((os.path.relpath(file, path).replace(os.sep, "/"), file) for file in files):
        total.update(("%s\0%s\n" % (relative, _hash_file(file))).encode("utf-8", "surrogateescape"))
    return "sha256:" + total.hexdigest() + ".dir"


def _hash_file(path: str) -> str:
    total = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            total.update(block)
    return total.hexdigest()


def _read_json(path: str) -> Any:
    """What is in a file; None when there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return False


def _write_json(path: str, value: dict) -> None:
    """Whole or not at all, whoever dies meanwhile. Only one process writes to a path at a time."""
    temporary = path + ".tmp"
    with open(temporary, "w", encoding="ascii") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


@contextlib.contextmanager
def _alone(root: str, path: str, key: str) -> Iterator[None]:
    """Lets one process at a time into a step. The system takes the lock from a process that dies."""
    folder = os.path.join(root, ".dvc", "tmp", "savepoint", "steps")
    os.makedirs(folder, exist_ok=True)
    name = hashlib.sha256(os.path.realpath(path).encode("utf-8", "surrogateescape")).hexdigest()
    place = os.path.join(folder, name[:32] + ".lock")
    while True:
        lock = open(place, "a")
        _take(lock, key)
        # Whoever had it before has removed the file.
        if _is_still_there(place, os.fstat(lock.fileno()).st_ino):
            break
        lock.close()
    try:
        yield
    finally:
        _remove(place)
        _give_back(lock)


def _take(lock: Any, key: str) -> None:
    if fcntl is None:
        while True:
            with contextlib.suppress(OSError):  # it gives up after ten seconds
                msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
                return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say('another process does step "%s"; waiting' % key)
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError:
        pass  # a file system without locks: the record itself is still written whole


def _give_back(lock: Any) -> None:
    if fcntl is not None:
        # Closing is not enough: processes that were forked meanwhile have the file open as well.
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_UN)
    lock.close()


def _is_listened_to() -> bool:
    return bool(os.environ.get("DVC_ROOT")) and os.environ.get("DVC_CHECKPOINT") is not None


def _request(wanted: dict, timeout: Optional[float]) -> dict:
    """Sends a request to Savepoint, and returns the answer, which is empty when there was none."""
    request = {key: _plain(value) for key, value in wanted.items() if value is not None}
    request.update(v=1, id=uuid.uuid4().hex)
    return _exchange(os.path.join(os.environ["DVC_ROOT"], ".dvc", "tmp"), request, _Patience(timeout))


def _exchange(folder: str, request: dict, patience: "_Patience") -> dict:
    """Leaves the request, waits until Savepoint has removed it, and reads the answer."""
    signal = os.path.join(folder, "DVC_CHECKPOINT")
    temporary = "%s.%s.tmp" % (signal, request["id"])
    try:
        try:
            with open(temporary, "w", encoding="ascii") as file:
                json.dump(request, file, allow_nan=False)
        except OSError:
            # An empty request fits on a full disk, and Savepoint can tell the user.
            open(temporary, "w").close()
        identity = os.stat(temporary).st_ino
        # Another process of this project may be waiting for its own checkpoint: after you.
        while not _publish(temporary, signal):
            patience.wait()
    finally:
        _remove(temporary)
    try:
        while _is_still_there(signal, identity):
            patience.wait()
    except TimeoutError:
        # Taken later, it would show files that the training is writing by then.
        _remove(signal)
        raise
    patience.end()
    return _read_answer(signal + ".result", request["id"])


def _publish(temporary: str, signal: str) -> bool:
    """Makes the complete request appear under the signal's name, unless another one is there."""
    try:
        os.link(temporary, signal)
    except FileExistsError:
        return False
    except OSError:
        # A file system without hard links. Here two processes that start in the same instant could collide.
        if os.path.exists(signal):
            return False
        os.rename(temporary, signal)
    return True


def _is_still_there(signal: str, identity: int) -> bool:
    try:
        return os.stat(signal).st_ino == identity
    except FileNotFoundError:
        return False
    except PermissionError:
        # Windows says so while a deletion is under way.
        return True


def _read_answer(path: str, request_id: str) -> dict:
    """The answer to a request; empty when there is none, as with DVC 2, or only that to another one."""
    answer = _read_json(path)
    return answer if isinstance(answer, dict) and answer.get("id", request_id) == request_id else {}


def _result_of(answer: dict) -> CheckpointResult:
    """The signal is gone, so the work is safe unless the answer says otherwise."""
    if answer.get("ok") is False:
        return CheckpointResult(ok=False, error=str(answer.get("error") or "no reason was given"))
    return CheckpointResult(ok=True, checkpoint=answer.get("checkpoint"))


class _Patience:
    """Waits in small steps that grow, up to a limit; says so once when nobody seems to listen."""

    def __init__(self, timeout: Optional[float]) -> None:
        self._timeout = timeout
        self._started = time.monotonic()
        self._pause = _SHORTEST_PAUSE
        self._heartbeat = _last_heartbeat()
        self._heard = self._started
        self._noticed = False

    def wait(self) -> None:
        now = time.monotonic()
        if self._timeout is not None and now - self._started >= self._timeout:
            raise TimeoutError("nobody answered within %g s" % self._timeout)
        self._listen(now)
        time.sleep(self._pause)
        self._pause = min(self._pause * 1.2, _LONGEST_PAUSE)

    def end(self) -> None:
        if self._noticed:
            _say("Savepoint listens again; training goes on.")

    def _listen(self, now: float) -> None:
        # Whether it changes is looked at, not how old it is: clocks may differ, be set, or stop in a machine's sleep.
        heartbeat = _last_heartbeat()
        if heartbeat != self._heartbeat:
            self._heartbeat, self._heard = heartbeat, now
        elif not self._noticed and now - self._heard >= _SILENCE_BEFORE_NOTICE and "SAVEPOINT_HEARTBEAT" in os.environ:
            self._noticed = True
            _say(
                "nobody listens for training checkpoints, so the training waits. Reopen the project in VS Code: "
                "the checkpoint is taken and the training goes on. (Ctrl-C ends it; what is recorded is safe.)"
            )


def _last_heartbeat() -> Optional[int]:
    try:
        return os.stat(os.environ["SAVEPOINT_HEARTBEAT"]).st_mtime_ns
    except (KeyError, OSError):
        return None


def _plain(value: Any, depth: int = 0) -> Any:
    """The value in terms of strict JSON. What JSON can't hold becomes text: a checkpoint is not lost to a type."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if depth == _DEEPEST_NESTING:
        return "…"
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, depth + 1) for item in value]
    for conversion in ("item", "tolist"):  # NumPy, PyTorch, JAX, TensorFlow: a scalar, then an array
        try:
            return _plain(getattr(value, conversion)(), depth + 1)
        except Exception:  # whatever the library raises: the next way is tried
            continue
    return str(value)


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except OSError:
        pass


def _say(text: str) -> None:
    try:
        print("savepoint: " + text, file=sys.stderr, flush=True)
    except Exception:  # nobody reads any more: a pipe whose end was killed, a terminal that is gone
        pass
