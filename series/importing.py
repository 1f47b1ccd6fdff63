# SPDX-License-Identifier: GPL-2.0
"""Takes a linux-source tarball into the store as one commit."""
import gzip
import lzma
import subprocess
import tarfile
import zlib

from toolbox import Trouble, say

# What has to be in a tarball that this series can be laid over.
LANDMARKS = ("Makefile", "Kconfig", "mm/sparse-vmemmap.c", "mm/Kconfig", "arch/ia64/Kconfig")
IDENTITY = "Base tree <base@localhost>"


def import_base(store, tarball, version):
    """Return the commit id that holds tarball, importing it the first time.

    Raises Trouble if the tarball is damaged or is not such a kernel source.  An import that
    was cut off leaves no name behind and is made again.
    """
    name = f"refs/heads/{version}/base"
    found = store.commit_of(name)
    if found:
        return found
    say(f"base {version}: reading the source into {store.path} (half a minute)")
    command = ["git", f"--git-dir={store.path}", "fast-import", "--quiet", "--done",
               "--depth=0", "--force"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=store.environment) as writer:
        try:
            _feed(writer.stdin, tarball, version, name)
            writer.stdin.close()
            words = writer.stderr.read().decode(errors="replace").strip().splitlines()
            if writer.wait():
                raise Trouble(f"git fast-import failed: {words[-1] if words else 'no message'}")
        except (tarfile.TarError, EOFError, lzma.LZMAError, gzip.BadGzipFile,
                zlib.error) as error:
            raise Trouble(f"{tarball} is damaged ({error}); remove it, or name another "
                          "by BASE=") from None
        except BrokenPipeError:
            words = writer.stderr.read().decode(errors="replace").strip().splitlines()
            raise Trouble(f"git fast-import stopped: {words[-1] if words else 'no message'}") from None
        finally:
            # without the final word that it waits for, it changes nothing
            if writer.poll() is None:
                writer.kill()
    return store.commit_of(name)


def _unpacked(tarball):
    with open(tarball, "rb") as handle:
        begin = handle.read(6)
    for magic, module in ((b"\xfd7zXZ\0", lzma), (b"\x1f\x8b", gzip)):
        if begin.startswith(magic):
            return module.open(tarball)
    return open(tarball, "rb")


def _feed(stream, tarball, version, name):
    entries = []
    newest = 0
    with _unpacked(tarball) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
        for member in archive:
            path = member.name.removeprefix("./").partition("/")[2]
            if not path or not (member.isreg() or member.issym()):
                continue
            if '"' in path or "\n" in path:
                raise Trouble(f"{tarball} has a file with an impossible name: {path!r}")
            if member.issym():
                mode, data = "120000", member.linkname.encode()
            else:
                mode = "100755" if member.mode & 0o100 else "100644"
                data = archive.extractfile(member).read()
            entries.append((mode, path))
            newest = max(newest, int(member.mtime))
            stream.write(b"blob\nmark :%d\ndata %d\n" % (len(entries), len(data)))
            stream.write(data)
            stream.write(b"\n")
        # the compressor's checksum comes last, after what tar reads
        while plain.read(1 << 20):
            pass
    missing = set(LANDMARKS) - {path for _, path in entries}
    if missing:
        raise Trouble(f"{tarball} is not a Linux 6.1 source: it has no {sorted(missing)[0]}")
    # the tarball's own time, so that the same input gives the same commit
    subject = f"Debian linux-source-6.1 {version}\n".encode()
    stream.write(f"commit {name}\ncommitter {IDENTITY} {newest} +0000\n".encode())
    stream.write(b"data %d\n%s\n" % (len(subject), subject))
    for number, (mode, path) in enumerate(entries, 1):
        stream.write(f'M {mode} :{number} "{path}"\n'.encode())
    stream.write(b"\ndone\n")
