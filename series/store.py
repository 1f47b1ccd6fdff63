# SPDX-License-Identifier: GPL-2.0
"""The git repository under build/ that holds every base and every composed tree."""
import contextlib
import os
import pathlib
import shutil
import subprocess

from toolbox import Trouble, need, output

# The user's own git settings must not change what comes out.
QUIET = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
         "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
SETTINGS = {"gc.auto": "0", "core.compression": "1", "core.logAllRefUpdates": "false",
            "advice.detachedHead": "false", "core.abbrev": "12"}


class Store:
    """A bare git repository, driven by plumbing only."""

    def __init__(self, build):
        """build: the folder for everything made; the repository is build/git, created if absent."""
        self.path = pathlib.Path(build).resolve() / "git"
        self.lock_path = self.path.parent / "git.lock"
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("GIT_")}
        self.environment.update(QUIET)

    def prepare(self):
        """Make the repository, or finish making it; safe to call again."""
        need("git", "git")
        if not (self.path / "prepared").exists():
            output(["git", "init", "-q", "--bare", self.path], env=self.environment)
            for name, value in SETTINGS.items():
                self.git("config", name, value)
            (self.path / "prepared").touch()
        self.sweep()

    def sweep(self):
        """Remove what a killed run left behind; the caller holds the lock."""
        leftovers = [*self.path.glob("index.*"), *self.path.glob("*.lock"),
                     *self.path.glob("refs/**/*.lock"), *self.path.glob("fast_import_crash_*"),
                     *self.path.glob("objects/pack/tmp_*"), *self.path.glob("unifdef-*")]
        for leftover in leftovers:
            if leftover.is_dir():
                shutil.rmtree(leftover)
            else:
                leftover.unlink()

    def git(self, *arguments, given=None, index=None, cwd=None, **more):
        """Run git on this repository and return its stdout.

        index: an index file of its own; more: further environment, such as the author's name.
        Raises Trouble with git's last words when it fails.
        """
        environment = dict(self.environment, **more)
        if index:
            # update-index insists on a work tree, though it touches none
            environment.update(GIT_INDEX_FILE=str(index), GIT_WORK_TREE=str(self.path))
        where = ["-C", cwd] if cwd else [f"--git-dir={self.path}"]
        return output(["git", *where, *arguments], env=environment, given=given)

    def commit_of(self, name):
        """Return the commit id that name stands for, or None."""
        try:
            return self.git("rev-parse", "-q", "--verify", f"{name}^{{commit}}").strip()
        except Trouble:
            return None

    def read(self, commit, path):
        """Return the bytes of the file at path in commit; raises Trouble if it is not there."""
        done = subprocess.run(["git", f"--git-dir={self.path}", "cat-file", "blob",
                               f"{commit}:{path}"], env=self.environment, capture_output=True)
        if done.returncode:
            raise Trouble(f"{path} is not in the tree {commit}")
        return done.stdout

    def add_file(self, index, path, source):
        """Put the file source, with its executable bit, into index at path."""
        blob = self.git("hash-object", "-w", "--no-filters", source).strip()
        mode = "100755" if os.access(source, os.X_OK) else "100644"
        self.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", index=index)

    @contextlib.contextmanager
    def scratch_index(self, commit):
        """Give an index file filled from commit; it is gone afterwards."""
        index = self.path / f"index.{os.getpid()}"
        try:
            self.git("read-tree", commit, index=index)
            yield index
        finally:
            for leftover in (index, index.with_name(f"{index.name}.lock")):
                leftover.unlink(missing_ok=True)
