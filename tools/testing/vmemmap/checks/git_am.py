# SPDX-License-Identifier: GPL-2.0
"""git am of the mail-ready series onto the untouched base gives exactly the composed tree."""
import shutil

from bench import Failed


def check(bench):
    """Apply the mails as a maintainer would and compare the trees' ids."""
    store = bench.store
    place = bench.build / "trees" / bench.version / "git-am"
    touched = store.git("diff", "--name-only", "--no-renames", bench.series.base,
                        bench.series.tip("vmemmap"))
    shutil.rmtree(place, ignore_errors=True)
    store.git("worktree", "prune")
    store.git("worktree", "add", "-f", "--no-checkout", "--detach", place, bench.series.base)
    try:
        # the index is whole; on disk only what the patches touch, which saves 1 GB
        store.git("sparse-checkout", "set", "--no-cone", "--stdin", cwd=place,
                  given="".join(f"/{name}\n" for name in touched.splitlines()))
        store.git("reset", "-q", "--hard", bench.series.base, cwd=place)
        bench.run("git-am", ["git", "-C", place, "am", "-q", *bench.patches()],
                  env=dict(store.environment, GIT_COMMITTER_NAME="Test",
                           GIT_COMMITTER_EMAIL="test@localhost"))
        result = store.git("rev-parse", "HEAD^{tree}", cwd=place)
        count = int(store.git("rev-list", "--count", f"{bench.series.base}..HEAD", cwd=place))
    finally:
        shutil.rmtree(place, ignore_errors=True)
        store.git("worktree", "prune")
    wanted = store.git("rev-parse", f"{bench.series.tip('vmemmap')}^{{tree}}")
    if result != wanted:
        names = store.git("diff", "--name-only", result.strip(), wanted.strip()).split()
        raise Failed(f"git am gives another tree than compose: {' '.join(names[:5])}")
    if count != len(bench.series.commits):
        raise Failed(f"git am made {count} commits of {len(bench.series.commits)}")
    return f"{count} patches"
