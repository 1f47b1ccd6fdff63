# SPDX-License-Identifier: GPL-2.0
"""From a guest's data and its architecture's facts to an emulator command line."""
import dataclasses
import json
import os
import shutil

import archdata
import efi
import stripped
from guest import shared
from toolbox import Trouble

QEMU_KEYS = ("binary", "package", "machine", "cpu", "console", "control", "image")


@dataclasses.dataclass(frozen=True)
class Arch:
    """Facts of an architecture: its emulator, its kernel image, its guests' user space."""
    name: str
    binary: str
    package: str
    machine: str
    cpu: str
    console: str
    control: str
    image: str
    extra: tuple
    loader: str
    cmdline: str
    user: dict
    allow: tuple
    may_skip: tuple = ()
    env: dict = dataclasses.field(default_factory=dict)
    variable: str = ""
    efi: dict = dataclasses.field(default_factory=dict)


def arch_facts(name):
    """Returns the Arch of that name from arch/<name>.toml and guests/<name>.toml.

    Raises Trouble where a file or a key is missing.
    """
    data = archdata.load(name)
    name = data["name"]
    qemu = data.get("qemu", {})
    for key in QEMU_KEYS:
        if not isinstance(qemu.get(key), str):
            raise Trouble(f'arch/{name}.toml: [qemu] "{key}" is missing')
    where = f"guests/{name}.toml"
    ours = shared(name)
    if "user" not in ours:
        raise Trouble(f"{where}: [user] is missing")
    return Arch(name=name, **{key: qemu[key] for key in QEMU_KEYS},
                extra=tuple(qemu.get("extra", ())), loader=qemu.get("loader", "direct"),
                cmdline=ours.get("cmdline", ""), user=ours["user"],
                allow=tuple(ours.get("allow", ())),
                may_skip=tuple(ours.get("may_skip", ())),
                env=ours.get("env", {}), variable=qemu.get("variable", ""), efi=data.get("efi", {}))


def for_guest(arch, guest):
    """Returns the Arch with the user space that a guest asks for.  Raises Trouble."""
    if not guest.user:
        return arch
    if not isinstance(arch.user.get(guest.user), dict):
        raise Trouble(f"guests/{arch.name}.toml: [user.{guest.user}] is missing")
    return dataclasses.replace(arch, user={**arch.user[guest.user], "name": guest.user})


def emulator(arch):
    """Returns the path of the architecture's emulator, or None if it is not there.

    The environment may name it, by "variable" of arch/<name>.toml; else it is looked for on PATH.
    """
    return shutil.which(os.environ.get(arch.variable) or arch.binary)


def lacking(arch):
    """Returns what is missing for booting guests of an architecture, in one line; "" if nothing."""
    found = emulator(arch)
    if not found:
        named = arch.variable and os.environ.get(arch.variable)
        if named:
            return f"{arch.variable}={named} is no program"
        hint = f" and {arch.variable} does not name it" if arch.variable else ""
        return f"{arch.binary} is not on PATH{hint}"
    if arch.efi and not efi.firmware(arch, found):
        variable = arch.efi["firmware_variable"]
        named = os.environ.get(variable)
        if named:
            return f"{variable}={named} is no file"
        return (f"the firmware {arch.efi['firmware']} is not beside {found} and {variable} "
                "does not name it")
    return ""


def need_emulator(arch):
    """Raises Trouble that says what to do if guests of an architecture cannot be booted."""
    reason = lacking(arch)
    if reason:
        package = f"; as root: apt-get install {arch.package}" if arch.package else ""
        raise Trouble(reason + package)


def kernel_cmdline(guest, arch, settings=None):
    """Returns the kernel command line, with what is meant for init after the "--".

    settings: more NAME=value for init (a dict).
    """
    words = [f"console={arch.console}", "printk.devkmsg=on", "kunit.enable=1", "panic=-1",
             "oops=panic", arch.cmdline, guest.cmdline, "--", f"CONTROL=/dev/{arch.control}"]
    places = efi.settings(guest) if arch.efi else {}
    words += [f"{key}={value}" for key, value in
              {**arch.env, **places, **guest.env, **(settings or {})}.items()]
    if not guest.check:
        words.append("CHECK=no")
    if guest.tests:
        words.append("TESTS=" + ",".join(guest.tests))
    return " ".join(word for word in words if word)


def _ram(name, size):
    # reserve=off: a guest may have more memory than the host, as long as it leaves it alone.
    return ["-object", json.dumps({"qom-type": "memory-backend-ram", "id": name, "size": size,
                                   "reserve": False})]


def _memory(guest, arch):
    """Returns the arguments for RAM and NUMA nodes, and machine properties that they need."""
    memory = efi.memory(guest, arch) if arch.efi else guest.memory
    size = f"{memory >> 10}K"
    if guest.slots:
        size += f",slots={guest.slots},maxmem={guest.maxmem >> 10}K"
    argv = ["-m", size]
    # Our EFI loader tells the kernel about nodes where the emulator cannot
    if not guest.nodes or arch.efi:
        return argv + _ram("ram", memory), ["memory-backend=ram"]
    for number, node in enumerate(guest.nodes):
        numa = f"node,nodeid={number}"
        if node.memory:
            argv += _ram(f"ram{number}", node.memory)
            numa += f",memdev=ram{number}"
        argv += ["-numa", numa + "".join(f",cpus={cpu}" for cpu in node.cpus)]
    return argv, []


def _drive(drive, files):
    if drive.file:
        return f"if=virtio,format=raw,readonly=on,file={files[drive.file].replace(',', ',,')}"
    # What is written to it is in a temporary file of the emulator's
    return f"if=virtio,driver=null-co,size={drive.size},read-zeroes=on,snapshot=on"


def direct_boot(_guest, arch, kernel_dir, initramfs, cmdline):
    """Returns arguments for an emulator that loads kernel, initramfs and command line itself.

    kernel_dir: the kernel's O= folder.
    """
    return ["-kernel", os.path.join(kernel_dir, arch.image), "-initrd", initramfs,
            "-append", cmdline]


# How a kernel gets into an emulator; [qemu] loader names one, "direct" if it does not.
LOADERS = {"direct": direct_boot, "efi": efi.boot}


def command(guest, arch, kernel_dir, initramfs, lines, settings=None, dump=""):
    """Returns the emulator's command line as a list.

    kernel_dir: the kernel's O= folder.  lines: {"console": …, "control": …, "qmp": …}, each a
    -chardev specification without its id; a console that is "stdio" is interactive.
    settings: more NAME=value for init.  dump: the file that gets the guest's dump, which is there
    already, or "" if nobody wants it.  Raises Trouble for an unknown loader.
    """
    if arch.loader not in LOADERS:
        raise Trouble(f'arch/{arch.name}.toml: unknown loader "{arch.loader}"')
    memory, properties = _memory(guest, arch)
    machine = ",".join([guest.board or arch.machine] +
                       ([guest.machine] if guest.machine else []) + properties)
    # If this process is killed, so is the emulator: no guest is left running by itself.
    program = emulator(arch) or arch.binary
    argv = ["setpriv", "--pdeathsig", "KILL", program]
    argv += ["-machine", machine, "-accel", "tcg", "-cpu", guest.cpu or arch.cpu,
             "-smp", f"{guest.smp},sockets={guest.smp},cores=1,threads=1",
             "-nodefaults", "-no-user-config", "-display", "none", *arch.extra]
    if not guest.reboots:
        argv.append("-no-reboot")
    if dump and guest.dump == "machine":
        # its memory stays
        argv.append("-no-shutdown")
    argv += memory
    if arch.efi:
        argv += ["-bios", efi.firmware(arch, program) or arch.efi["firmware"]]
    for name, line in lines.items():
        argv += ["-chardev", f"{line},id={name}"]
    argv += ["-serial", "chardev:console"]
    # Firmware may take the last one for its console
    if guest.actions:
        argv += ["-serial", "chardev:control"]
    if "qmp" in lines:
        argv += ["-mon", "chardev=qmp,mode=control"]
    for item in guest.objects:
        argv += ["-object", json.dumps({"reserve": False, **item}
                                       if item.get("qom-type") == "memory-backend-ram" else item)]
    for item in guest.netdevs:
        argv += ["-netdev", json.dumps(item)]
    for item in guest.devices:
        argv += ["-device", json.dumps(item)]
    files = {"initramfs": initramfs}
    if any(drive.file == "kernel" for drive in guest.drives):
        files["kernel"] = stripped.image(arch, kernel_dir)
    for drive in guest.drives:
        argv += ["-drive", _drive(drive, files)]
    if dump and guest.dump == "crash-kernel":
        argv += ["-drive", f"if=virtio,format=raw,file={dump.replace(',', ',,')}"]
    return argv + LOADERS[arch.loader](guest, arch, kernel_dir, initramfs,
                                       kernel_cmdline(guest, arch, settings))
