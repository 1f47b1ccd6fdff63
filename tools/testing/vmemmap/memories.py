# SPDX-License-Identifier: GPL-2.0
"""Guests whose memory grows, or is scattered over an address space: from data to a guest.Guest."""
import dataclasses

import guest
from toolbox import Trouble

_GIB = 1 << 30
# what the kernel's command line can have, less what is on it anyway
_WORDS = 1600


@dataclasses.dataclass(frozen=True)
class Memory:
    """Memory of a guest: its name in tables, all its bytes, and where what is far is.

    pieces: (address, bytes) of each far one.  far: data that say how the guest gets them.
    """
    name: str
    size: int
    pieces: tuple = ()
    far: dict = dataclasses.field(default_factory=dict, hash=False, compare=False)

    @property
    def low(self):
        """Bytes that are where memory always is."""
        return self.size - sum(size for _, size in self.pieces)


def contiguous(text):
    """Returns the Memory of a size such as "16G".  Raises ValueError."""
    return Memory(text, guest.size(text))


def scattered(data, far):
    """Returns a Memory in pieces.

    data: {"size", "low", "pieces"}.  far: where pieces go, "first" and "end".  Raises Trouble.
    """
    try:
        size, low = guest.size(data["size"]), guest.size(data["low"])
        first, end, count = guest.size(far["first"]), guest.size(far["end"]), data["pieces"]
    except KeyError as error:
        raise Trouble(f"scattered memory: {error} is missing") from None
    except ValueError as error:
        raise Trouble(f"scattered memory: {error}") from None
    name = f"{data['size']}-scattered-{count}"
    if count < 1 or (size - low) % count:
        raise Trouble(f"{name}: {size - low} bytes are not {count} equal pieces")
    piece, distance = (size - low) // count, (end - first) // count
    # each at the end of its share, so that the last one is at the end of all
    places = tuple((first + (number + 1) * distance - piece) // _GIB * _GIB
                   for number in range(count))
    if low <= 0 or not 0 < piece <= distance or piece % (1 << 27):
        raise Trouble(f"{name}: pieces of {piece} bytes are no sections, or have no room")
    return Memory(name, size, tuple((place, piece) for place in places), far)


def of_arch(data, quick):
    """Returns the Memories of an architecture.

    data: its table of scale.toml.  quick: only those of the quick run.  Raises Trouble.
    """
    try:
        found = [contiguous(text) for text in data["contiguous"]]
    except ValueError as error:
        raise Trouble(f"contiguous memory: {error}") from None
    far = data.get("scattered", {})
    found += [scattered(one, far) for one in far.get("memory", ())]
    wanted = [*data["quick"], *far.get("quick", ())]
    known = [memory.name for memory in found]
    for name in wanted:
        if name not in known:
            raise Trouble(f'quick: there is no memory "{name}"; known: {", ".join(known)}')
    return [memory for memory in found if not quick or memory.name in wanted]


def machine_of(memory):
    """Returns fields of a guest.Guest that give it this memory, and kernel parameters.

    The fields are memory, slots, maxmem, objects and devices.  Raises Trouble where the pieces do
    not fit on the command line.
    """
    fields = {"memory": memory.low}
    if not memory.pieces:
        return fields, ""
    told = memory.far["parameter"] + ",".join(f"{size >> 20}M@{place >> 30}G"
                                              for place, size in memory.pieces)
    if len(told) > _WORDS:
        raise Trouble(f"{memory.name}: too many pieces for a kernel's command line")
    fields.update(
        slots=len(memory.pieces), maxmem=guest.size(memory.far["maxmem"]),
        objects=tuple({"qom-type": "memory-backend-ram", "id": f"far{number}", "size": size}
                      for number, (_, size) in enumerate(memory.pieces)),
        devices=tuple({"driver": "pc-dimm", "id": f"dimm{number}", "memdev": f"far{number}",
                       "addr": place} for number, (place, _) in enumerate(memory.pieces)))
    return fields, f"{memory.far['parameters']} {told}"
