# SPDX-License-Identifier: GPL-2.0
"""Boots a kernel by way of EFI firmware: compiles our loader, and makes the volume it starts from.

The volume is a FAT image, one for each guest and kernel, written by mtools.  What the loader looks
for on it is told at the head of loader/ARCH/loader.c.
"""
import hashlib
import os
import subprocess

import acpitables
import archdata
import layout
import ram
import toolchain
from toolbox import Trouble, lock, need, output, write_whole

SOURCES = ("start.S", "loader.c", "efi.h", "loader.lds")
FLAGS = ("-O2", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-fno-common",
         "-fno-stack-protector", "-fno-tree-loop-distribute-patterns", "-nostdlib", "-static")
SECTOR = 512
# As large as they get, 32 KiB: firmware looks each cluster up with a transfer of its own.
CLUSTER = 64
# Beyond the files: tables of the file system, and each file's last cluster.
ROOM = 8 << 20


def firmware(arch, emulator):
    """Returns the path of the emulator's firmware, or None if it is nowhere to be found.

    arch: from machine.arch_facts(); emulator: the emulator's path.  The environment may name it;
    else it is looked for where an emulator is installed together with its firmware.
    """
    given = os.environ.get(arch.efi["firmware_variable"])
    if given:
        return os.path.abspath(given) if os.path.isfile(given) else None
    home = os.path.dirname(os.path.realpath(emulator))
    for beside in (".", "../share", "../share/qemu"):
        found = os.path.normpath(os.path.join(home, beside, arch.efi["firmware"]))
        if os.path.isfile(found):
            return found
    return None


def loader(name, build):
    """Returns the path of our loader for an architecture, compiled unless it is up to date.

    name: of the architecture; build: the build folder.  Raises Trouble.
    """
    data = archdata.load(name)
    folder = layout.BED / "loader" / data["name"]
    goal = os.path.join(build, "user", data["name"], "loader.efi")
    prefix = toolchain.prefix(build, data)
    digest = hashlib.sha256(" ".join((prefix, *FLAGS)).encode())
    for source in SOURCES:
        digest.update((folder / source).read_bytes())
    stamp = goal + ".made-from"
    try:
        with open(stamp, encoding="ascii") as file:
            if file.read() == digest.hexdigest() and os.path.exists(goal):
                return goal
    except OSError:
        pass
    os.makedirs(os.path.dirname(goal), exist_ok=True)
    program = goal + ".elf"
    try:
        output([f"{prefix}gcc", *FLAGS, f"-Wl,-T,{folder / 'loader.lds'}",
                "-Wl,--no-warn-rwx-segments", folder / "start.S", folder / "loader.c", "-lgcc",
                "-o", program])
        output([f"{prefix}objcopy", "-O", "binary", program, goal])
    except FileNotFoundError as error:
        raise Trouble(f"{error.filename} is not installed") from None
    write_whole(stamp, digest.hexdigest())
    return goal


def memory(guest, arch):
    """Returns how many bytes of RAM the emulator is to have, those hidden from the kernel too.

    Raises Trouble where there is no room for a DIMM.
    """
    return max([guest.memory] + [ram.reach(dimm.addr, dimm.size, arch.efi["ram"])
                                 for dimm in guest.dimms if not dimm.boot])


def hidden(guest, arch):
    """Returns [(start, bytes)] of what the kernel is not to hear of: holes, and DIMMs' memory.

    Raises Trouble where a DIMM has memory that the kernel hears of.
    """
    beyond = memory(guest, arch) - guest.memory
    unused = [(start, size) for part, start, size in
              ram.ranges([guest.memory, beyond], arch.efi["ram"]) if part]
    for dimm in guest.dimms:
        if dimm.boot:
            if ram.reach(dimm.addr, dimm.size, arch.efi["ram"]) > guest.memory:
                raise Trouble(f"guest {guest.name}: {dimm.name} is not there from the start")
        elif not any(start <= dimm.addr and dimm.addr + dimm.size <= start + size
                     for start, size in unused):
            raise Trouble(f"guest {guest.name}: {dimm.name} has to lie behind the memory that is "
                          "there from the start")
    return [*guest.hidden, *unused]


def settings(guest):
    """Returns what init has to hear of the guest's DIMMs, as a dict."""
    places = ",".join(f"{dimm.name}:{dimm.addr:x}:{dimm.size:x}:{dimm.node}:{dimm.boot:d}"
                      for dimm in guest.dimms)
    return {"PLACES": places} if places else {}


def volume(path, files):
    """Writes a FAT image whole.

    path: where to; files: {name on the volume: path of a file, or bytes}; names may have folders,
    each of which has to be named before what is in it.  Raises Trouble.
    """
    need("mformat", "mtools")
    size = ROOM + sum(len(data) if isinstance(data, bytes) else os.path.getsize(data)
                      for data in files.values() if data is not None)
    work = f"{path}.{os.getpid()}"
    # of no drive of this machine, whatever mtools are configured for
    env = {**os.environ, "MTOOLSRC": os.devnull, "MTOOLS_SKIP_CHECK": "1"}
    try:
        heads, sectors = 64, 32
        tracks = -(-size // (SECTOR * heads * sectors))
        output(["mformat", "-C", "-i", work, "-t", str(tracks), "-h", str(heads), "-s",
                str(sectors), "-c", str(CLUSTER), "-v", "TEST", "::"], env=env)
        for name, data in files.items():
            if data is None:
                output(["mmd", "-i", work, f"::{name}"], env=env)
            elif isinstance(data, bytes):
                subprocess.run(["mcopy", "-i", work, "-", f"::{name}"], input=data, env=env,
                               check=True, capture_output=True)
            else:
                output(["mcopy", "-i", work, data, f"::{name}"], env=env)
        os.replace(work, path)
    except subprocess.CalledProcessError as error:
        raise Trouble(f"{path}: mcopy failed: {error.stderr.decode(errors='replace')}") from None
    finally:
        if os.path.exists(work):
            os.remove(work)


def boot(guest, arch, kernel_dir, initramfs, cmdline):
    """Returns arguments for an emulator that starts firmware, which starts our loader.

    guest, arch: from guest.load() and machine.arch_facts(); kernel_dir: the kernel's O= folder;
    initramfs: its path, which lies in build/user/ARCH.  Raises Trouble.
    """
    build = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(initramfs))))
    image = f"{os.path.splitext(initramfs)[0]}-{guest.name}.img"
    files = {"EFI": None, "EFI/BOOT": None}
    with lock(f"{image}.lock"):
        files[f"EFI/BOOT/{arch.efi['name']}"] = loader(arch.name, build)
        files["vmlinux"] = os.path.join(kernel_dir, arch.image)
        files["initrd"] = initramfs
        files["cmdline"] = cmdline.encode() + b"\n"
        if ranges := hidden(guest, arch):
            files["hidden"] = "".join(f"{start:x} {size:x}\n" for start, size in ranges).encode()
        if guest.nodes:
            files["tables"] = (acpitables.srat(guest.nodes, arch.efi["ram"]) +
                               acpitables.slit(len(guest.nodes)))
        volume(image, files)
    return ["-drive", f"file={image.replace(',', ',,')},format=raw,if=scsi,snapshot=on"]
