"""Resolves every project below a folder with DVC's own Python API and prints what it found as JSON.

Usage: resolve.py FOLDER. Each sub-folder is a project. Nothing is run and nothing is written.
"""

import json
import os
import sys

from dvc.dependency import ParamsDependency
from dvc.dvcfile import is_valid_filename, load_file
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.repo.graph import build_graph


def relative(repo, item):
    if item.fs.protocol != "local":
        return item.def_path
    path = os.path.relpath(item.fs_path, repo.root_dir)
    return item.def_path if path.startswith("..") and os.path.isabs(item.def_path) else path


def describe(repo, stage):
    params, deps = {}, []
    for dep in stage.deps:
        if isinstance(dep, ParamsDependency):
            # A file that is written in two ways is two dependencies to DVC; together they are the keys of both.
            path = relative(repo, dep)
            whole = not dep.params or params.get(path, []) is None
            params[path] = None if whole else [*params.get(path, []), *dep.params]
        else:
            deps.append(relative(repo, dep))
    return {
        "cmd": stage.cmd,
        "wdir": os.path.relpath(stage.wdir, repo.root_dir),
        "deps": deps,
        "params": params,
        "outs": [
            {
                "path": relative(repo, out),
                "kind": "plot" if out.plot else "metric" if out.metric else "output",
                "cache": out.use_cache,
                "persist": out.persist,
            }
            for out in stage.outs
        ],
        "frozen": stage.frozen,
        "always_changed": stage.always_changed,
        "desc": stage.desc,
        "lock_paths": sorted(d.def_path for d in [*stage.deps, *stage.outs]),
    }


def message(error):
    return f"{type(error).__name__}: {error}"


def resolve_file(repo, path, result):
    name = os.path.relpath(path, repo.root_dir)
    found = []
    try:
        file = load_file(repo, path)
        if name.endswith(".dvc"):
            return [file.stage]
        keys = list(file.stages)
        top = [file.metrics, file.params, file.plots, file.artifacts]
        result["top"][name] = {"metrics": top[0], "params": top[1]}
    except Exception as error:
        result["file_errors"][name] = message(error)
        return found
    result["files"].append(name)
    for key in keys:
        address = key if name == "dvc.yaml" else f"{name}:{key}"
        try:
            stage = file.stages[key]
            result["stages"][address] = describe(repo, stage)
            found.append(stage)
        except Exception as error:
            result["stage_errors"][address] = message(error)
    return found


def resolve_project(root):
    result = {
        "files": [], "file_errors": {}, "stages": {}, "stage_errors": {}, "edges": [], "graph_error": None, "top": {},
    }
    os.chdir(root)
    repo = Repo(root)
    stages = []
    outs = set()
    for folder, folders, files in repo.dvcignore.walk(repo.fs, root, followlinks=False):
        for file in files:
            if is_valid_filename(file):
                loaded = resolve_file(repo, os.path.join(folder, file), result)
                outs.update(out.fs_path for stage in loaded for out in stage.outs)
                stages.extend(loaded)
        folders[:] = [name for name in folders if os.path.join(folder, name) not in outs]
    try:
        graph = build_graph(stages)
        result["edges"] = sorted([a.addressing, b.addressing] for a, b in graph.edges)
    except DvcException as error:
        result["graph_error"] = message(error)
    return result


def main(folder):
    projects = sorted(entry for entry in os.listdir(folder) if os.path.isdir(os.path.join(folder, entry)))
    results = {}
    for name in projects:
        if name.startswith("."):
            continue
        try:
            results[name] = resolve_project(os.path.join(os.path.realpath(folder), name))
        except Exception as error:
            results[name] = {"crash": message(error)}
    json.dump(results, sys.stdout)


main(sys.argv[1])
