"""docs/STATUS.md as a schema: its tables say which fields a status file may and must have."""
import re

from processes import ROOT

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
KINDS = {
    "text": lambda v: isinstance(v, str) and v != "",
    "number": lambda v: type(v) is int and v >= 0,
    "bool": lambda v: isinstance(v, bool),
    "time": lambda v: isinstance(v, str) and TIME.fullmatch(v) is not None,
    "object": lambda v: isinstance(v, dict) and v != {},
    "map": lambda v: isinstance(v, dict) and all(type(n) is int for n in v.values()),
    "names": lambda v: isinstance(v, list) and all(isinstance(n, str) for n in v),
    "list": lambda v: isinstance(v, list) and v != [],
}


def fields(heading):
    """Path -> (kind, always) of the table under a heading."""
    text = (ROOT / "docs" / "STATUS.md").read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \|.*\| ([^|]+) \|$", text, re.M)
    assert rows, "no table"
    return {path: (kind, there == "always") for path, kind, there in rows}


def problem_codes():
    text = (ROOT / "docs" / "STATUS.md").read_text().split("## Problems\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", text, re.M))


def check(value, table, prefix="", deep=True):
    """Every field is in the table and of its kind, and what is always there is there."""
    known = {path[len(prefix):]: row for path, row in table.items()
             if path.startswith(prefix) and not re.search(r"[.\[]", path[len(prefix):])}
    for name, (kind, always) in known.items():
        assert name in value or not always, f"{prefix}{name} is missing"
    for name, inner in value.items():
        path = prefix + name
        assert name in known, f"{path} is not in docs/STATUS.md"
        assert KINDS[known[name][0]](inner), f"{path} is no {known[name][0]}: {inner!r}"
        if known[name][0] == "object":
            check(inner, table, path + ".")
        if known[name][0] == "list":
            for element in inner:
                check(element, table, path + "[].")
    return value
