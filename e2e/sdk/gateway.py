"""What the tests know of the gateway under test, of the mock providers behind it
and of the proxy's access log in front of it."""

import base64
import itertools
import json
import os
import struct
import time
import urllib.request
import zlib

URL = os.environ["POSTERN_URL"]
SECURE_URL = os.environ["POSTERN_SECURE_URL"]  # the same by TLS
CA = os.environ["POSTERN_CA"]  # file of the certificate that it has
CACHED_URL = os.environ["POSTERN_CACHED_URL"]  # of a gateway that gives answers again
DEAD_URL = os.environ["POSTERN_DEAD_URL"]  # where nobody listens
KEY = os.environ["POSTERN_KEY"]
NARROW_KEY = os.environ["POSTERN_NARROW_KEY"]  # of a consumer who may use NARROW_MODEL only
NARROW_MODEL = os.environ["POSTERN_NARROW_MODEL"]
MODEL = os.environ["POSTERN_MODEL"]
REASONING_MODEL = os.environ["POSTERN_REASONING_MODEL"]
PROVIDER = os.environ["POSTERN_PROVIDER"]  # who serves the models
BEDROCK = PROVIDER == "bedrock"  # which tells no tokens of reasoning, and cannot be told to make one call at a time
MOCK = os.environ["POSTERN_MOCK"]  # where its mock listens
ACCESS_LOG = os.environ["POSTERN_ACCESS_LOG"]
RUN = os.environ["POSTERN_RUN"]

_numbers = itertools.count(1)
_journal = []  # what the mock has told so far; an entry is complete when its answer has arrived


def unique(text, *directives):
    """A prompt that no other test sends, with directives for the mock."""
    marked = f"{text} #{RUN}-{next(_numbers)}"
    return marked + "".join(f" [[mock:{d}]]" for d in directives)


def mark(prompt):
    """What is only in this prompt."""
    return "#" + prompt.split(" [[mock:")[0].rsplit("#", 1)[1]


def case():
    """A name for a request in the access log; sent as x-case."""
    return f"{RUN}-case-{next(_numbers)}"


def received(prompt):
    """The requests that the provider got with a prompt, the oldest first."""
    since = _journal[-1]["seq"] if _journal else 0
    with urllib.request.urlopen(f"{MOCK}/mock/journal?since={since}") as answer:
        _journal.extend(json.load(answer)["entries"])
    return [e for e in _journal if _has(e["body"], mark(prompt))]


def _has(body, marker):
    at = body.find(marker)
    while at >= 0:
        if not body[at + len(marker) : at + len(marker) + 1].isdigit():
            return True
        at = body.find(marker, at + 1)
    return False


def charged(prompt):
    """What the provider charged for the last request with a prompt."""
    return received(prompt)[-1]["usage"]


def usage_header(used):
    """What x-postern-usage says of an answer."""
    thought = f", reasoning={used['reasoning']}" if used["reasoning"] else ""
    return f"input={used['input']}, output={used['output']}{thought}"


def script(*lines):
    """Sets how the provider answers its next requests; an empty line is a good answer."""
    request = urllib.request.Request(f"{MOCK}/mock/script", data="\n".join(lines).encode() + b"\n", method="POST")
    with urllib.request.urlopen(request):
        pass


def record(name):
    """What the gateway has told the proxy's access log about a request."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for found in records(name):
            return found
        time.sleep(0.02)
    raise AssertionError(f"the access log has no line of {name}")


def records(name):
    """All that it has told of the requests with one name, as far as they are over."""
    with open(ACCESS_LOG, encoding="utf-8") as log:
        whole = (line.strip().partition(" ") for line in log if line.endswith("\n"))  # the last may be half written
        return [json.loads(rest) for found, _, rest in whole if found == name]


def png(width=2, height=3):
    """A small picture, all black."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\0" * width for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def png_base64():
    return base64.b64encode(png()).decode()


# Tools of a coding assistant: what a long prompt has in front of every turn.
TOOL_NAMES = [
    "read_file", "write_file", "edit_file", "list_directory", "search", "run", "fetch", "todo", "ask_user", "apply_patch",
    "rename_symbol", "find_references", "go_to_definition", "format_code", "lint", "test", "debug", "profile", "commit", "diff",
    "log", "blame", "branch", "merge", "open_url", "screenshot", "click", "type_text", "notebook_run", "finish",
]  # fmt: skip

SYSTEM = "You are a careful engineer who works in a repository.\n" + "\n".join(
    f"Rule {i}: read before you write, say what you change, and keep every change as small as it can be." for i in range(120)
)


def parameters():
    """The JSON Schema of every tool's arguments."""
    return {
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "A path below the root of the repository."},
            "text": {"type": "string", "description": "What to write, or to look for."},
            "line": {"type": "integer", "minimum": 1},
        },
        "required": ["path"],
    }


def task():
    """A prompt that the mock answers with three rounds of tool calls, two of them parallel in the second."""
    return unique(
        'Please call read_file with {"path": "a.go"} then call edit_file with {"path": "a.go", "text": "x := 1", "line": 3}'
        ' and call lint with {"path": "b.go"} then call test with {"path": "./..."}'
    )


TASK_CALLS = [["read_file"], ["edit_file", "lint"], ["test"]]


def result(name, arguments):
    """What a tool answers."""
    return f"{name} of {arguments['path']} is done"
