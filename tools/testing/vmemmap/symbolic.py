# SPDX-License-Identifier: GPL-2.0
"""Runs functions of LLVM's IR on all values at once, and asks z3 what holds of them.

For integer arithmetic: a function has values in registers and scalar variables, it branches and
loops, and calls host_assume() and host_prove().  Each path through it is followed as long as some
values go there.  Anything else in a function is an error, so what is told as proved was understood.
"""
import itertools
import re
import subprocess

from toolbox import Trouble

STEPS = 20000           # of all paths of a function: there is a loop without a bound
BINARY = {"add": "bvadd", "sub": "bvsub", "mul": "bvmul", "udiv": "bvudiv", "urem": "bvurem",
          "sdiv": "bvsdiv", "srem": "bvsrem", "and": "bvand", "or": "bvor", "xor": "bvxor",
          "shl": "bvshl", "lshr": "bvlshr", "ashr": "bvashr"}
COMPARE = {"eq": "=", "ult": "bvult", "ule": "bvule", "ugt": "bvugt", "uge": "bvuge",
           "slt": "bvslt", "sle": "bvsle", "sgt": "bvsgt", "sge": "bvsge"}
FLAGS = r"(?:(?:nuw|nsw|exact) )*"


class Refuted(Exception):
    """Something does not hold: the line of host_prove() and the arguments for which."""


class _Nowhere(Exception):
    """No values go on from here."""


class Solver:
    """A z3 process: assertions on a stack."""

    def __init__(self, program="z3"):
        self._process = subprocess.Popen([program, "-in", "-smt2"], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self.tell("(set-logic QF_BV)")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def tell(self, command):
        """Send a command that z3 does not answer."""
        self._process.stdin.write(command + "\n")

    def ask(self, command):
        """Send a command and return z3's answer, one line."""
        self.tell(command)
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        if not answer or "error" in answer or answer in ("unknown", "timeout"):
            raise Trouble(f"z3 says '{answer}' to {command}")
        return answer

    def possible(self):
        """Are there values for which all that is asserted holds?"""
        return self.ask("(check-sat-using qfbv)") == "sat"


class Function:
    """A function of a module: arguments [(register, bits)] and {block: [instruction]}."""

    def __init__(self, text):
        head, *lines = text.splitlines()
        self.name = re.search(r"@(\w+)\(", head)[1]
        listed = re.search(r"@\w+\((.*?)\) ", head)[1]
        self.arguments = [(word.split()[-1], width(word.split()[0]))
                          for word in listed.split(", ") if word]
        self.first = str(len(self.arguments))
        self.blocks = {}
        at = self.first
        for line in lines:
            line = re.sub(r"(, !.*| #\d+|;.*)$", "", line).strip()
            line = re.sub(r"inttoptr \(i64 (-?\d+) to [^()]*\)", r"\1", line)
            if label := re.match(r"(\w+):", line):
                at = label[1]
            elif line and line != "}":
                self.blocks.setdefault(at, []).append(line)


def functions(module, prefix):
    """Return the Functions of a module's text whose names begin with prefix."""
    found = re.findall(rf"^(define [^\n]*@{prefix}\w*\(.*?^}})", module, re.M | re.S)
    return [Function(re.sub(r"\n +i(\d+) (\d+), label (%\d+)", r" i\1 \2, label \3", text))
            for text in found]


def width(kind):
    """Return the bits of an LLVM type; raises Trouble for what is no integer or pointer."""
    if kind.endswith("*"):
        return 64
    if re.fullmatch(r"i\d+", kind):
        return int(kind[1:])
    raise Trouble(f"no integer: {kind}")


class Run:
    """One function on all values; lines: what was proved, {line: number of paths}."""

    def __init__(self, solver, function, structs):
        """structs: {name of a type: bytes}, for pointers to it."""
        self._solver = solver
        self._function = function
        self._structs = structs
        self._names = itertools.count()
        self._steps = 0
        self.lines = {}

    def all(self):
        """Follow every path.  Raises Refuted, or Trouble for what is not understood."""
        self._solver.tell("(push)")
        registers = {}
        for register, bits in self._function.arguments:
            registers[register] = f"arg{register[1:]}"
            self._solver.tell(f"(declare-const arg{register[1:]} (_ BitVec {bits}))")
        self._block(self._function.first, None, registers, {})
        self._solver.tell("(pop)")

    def _block(self, label, before, registers, memory):
        self._steps += 1
        if self._steps > STEPS:
            raise Trouble(f"{self._function.name}: more than {STEPS} steps")
        try:
            self._inside(label, before, dict(registers), dict(memory))
        except _Nowhere:
            pass

    def _inside(self, label, before, registers, memory):
        new = {}
        for line in self._function.blocks[label]:
            if " = phi " in line:
                name, kind, rest = re.match(r"(%\d+) = phi (\S+) (.*)", line).groups()
                value = dict((source, text) for text, source in
                             re.findall(r"\[ (\S+), %(\w+) \]", rest))[before]
                new[name] = self._value(value, width(kind), registers)
                continue
            registers.update(new)
            new = {}
            if line.startswith(("br ", "ret ", "unreachable", "switch ")):
                self._leave(line, label, registers, memory)
                return
            self._step(line, registers, memory)
        raise Trouble(f"{self._function.name}: block {label} has no end")

    def _leave(self, line, label, registers, memory):
        if line == "ret void":
            return
        if only := re.fullmatch(r"br label %(\w+)", line):
            self._block(only[1], label, registers, memory)
            return
        both = re.fullmatch(r"br i1 (\S+), label %(\w+), label %(\w+)", line)
        if not both:
            raise Trouble(f"{self._function.name}: {line}")
        condition = self._value(both[1], 1, registers)
        for bit, goal in (("#b1", both[2]), ("#b0", both[3])):
            self._solver.tell("(push)")
            self._solver.tell(f"(assert (= {condition} {bit}))")
            if self._solver.possible():
                self._block(goal, label, registers, memory)
            self._solver.tell("(pop)")

    def _value(self, text, bits, registers):
        if text.startswith("%"):
            return registers[text]
        if text in ("true", "false"):
            return "#b1" if text == "true" else "#b0"
        if text == "null":
            text = "0"
        if not re.fullmatch(r"-?\d+", text):
            raise Trouble(f"{self._function.name}: the value of {text}")
        return f"(_ bv{int(text) % (1 << bits)} {bits})"

    def _set(self, registers, name, bits, term):
        known = f"v{next(self._names)}"
        self._solver.tell(f"(define-fun {known} () (_ BitVec {bits}) {term})")
        registers[name] = known

    def _step(self, line, registers, memory):
        name, _, rest = line.rpartition(" = ") if line.startswith("%") else ("", "", line)
        for pattern, method in STEP:
            if match := re.fullmatch(pattern, rest):
                method(self, match, name, registers, memory)
                return
        raise Trouble(f"{self._function.name}: {line}")

    def _binary(self, match, name, registers, _memory):
        bits = width(match[2])
        one, two = (self._value(match[nr], bits, registers) for nr in (3, 4))
        self._set(registers, name, bits, f"({BINARY[match[1]]} {one} {two})")

    def _compare(self, match, name, registers, _memory):
        one, two = (self._value(match[nr], width(match[2]), registers) for nr in (3, 4))
        term = f"({COMPARE.get(match[1], '=')} {one} {two})"
        term = f"(not {term})" if match[1] == "ne" else term
        self._set(registers, name, 1, f"(ite {term} #b1 #b0)")

    def _select(self, match, name, registers, _memory):
        bits = width(match[2])
        condition = self._value(match[1], 1, registers)
        one, two = (self._value(match[nr], bits, registers) for nr in (3, 4))
        self._set(registers, name, bits, f"(ite (= {condition} #b1) {one} {two})")

    def _convert(self, match, name, registers, _memory):
        old, bits = width(match[2]), width(match[4])
        value = self._value(match[3], old, registers)
        if bits < old:
            value = f"((_ extract {bits - 1} 0) {value})"
        elif bits > old:
            value = f"((_ {'sign' if match[1] == 'sext' else 'zero'}_extend {bits - old}) {value})"
        self._set(registers, name, bits, value)

    def _element(self, match, name, registers, _memory):
        size = self._structs.get(match[1]) or width(match[1]) // 8
        base, index = (self._value(match[nr], 64, registers) for nr in (3, 4))
        self._set(registers, name, 64, f"(bvadd {base} (bvmul {index} (_ bv{size} 64)))")

    def _load(self, match, name, registers, memory):
        if match[2] not in memory:
            raise Trouble(f"{self._function.name}: {match[2]} is read before it is written")
        registers[name] = memory[match[2]]

    def _store(self, match, _name, registers, memory):
        memory[match[3]] = self._value(match[2], width(match[1]), registers)

    def _assume(self, match, _name, registers, _memory):
        self._solver.tell(f"(assert (= {self._value(match[1], 1, registers)} #b1))")
        if not self._solver.possible():
            raise _Nowhere

    def _prove(self, match, _name, registers, _memory):
        condition, line = self._value(match[1], 1, registers), int(match[2])
        self._solver.tell("(push)")
        self._solver.tell(f"(assert (= {condition} #b0))")
        if self._solver.possible():
            values = [f"{register} = {self._solver.ask(f'(get-value ({register}))')}"
                      for register in (f"arg{nr}" for nr in range(len(self._function.arguments)))]
            raise Refuted(f"{self._function.name}, line {line}: not for {', '.join(values)}")
        self._solver.tell("(pop)")
        self.lines[line] = self.lines.get(line, 0) + 1


VALUE = r"([%\w.-]+)"
STEP = [
    (rf"({'|'.join(BINARY)}) {FLAGS}(\S+) {VALUE}, {VALUE}", Run._binary),
    (rf"icmp ({'|'.join(COMPARE)}|ne) (\S+) {VALUE}, {VALUE}", Run._compare),
    (rf"select i1 {VALUE}, (\S+) {VALUE}, \S+ {VALUE}", Run._select),
    (rf"(zext|sext|trunc|ptrtoint|inttoptr|bitcast) (\S+) {VALUE} to (\S+)", Run._convert),
    (rf"getelementptr (?:inbounds )?(\S+), (\S+) {VALUE}, i64 {VALUE}", Run._element),
    (r"load (\S+), \S+ @(\w+), align \d+", Run._load),
    (rf"store (\S+) {VALUE}, \S+ @(\w+), align \d+", Run._store),
    (rf"(?:tail )?call void @host_assume\(i1 noundef zeroext {VALUE}\)", Run._assume),
    (rf"(?:tail )?call void @host_prove\(i1 noundef zeroext {VALUE}, i32 noundef (\d+)\)",
     Run._prove),
]
