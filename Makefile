# SPDX-License-Identifier: GPL-2.0
#
# The one entry point.  It only puts words together: the work is done by the
# tools under series/ and tools/testing/vmemmap/, which can be called alone.

test_arch := $(ARCH)
ARCH    ?= x86_64
VARIANT ?= vmemmap
BASE    ?=
CONFIG  ?= default
ONLY    ?=
AIM     ?=
JOBS    ?= $(shell nproc)
FUZZ_SECONDS ?= 3600

top     := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
build   := $(top)/build
bed     := $(top)/tools/testing/vmemmap
python  := python3 -B

# Each step hands its answer to the next in a shell variable.
base    = base=$$($(python) $(bed)/base.py --build $(build) --base '$(BASE)')
tree    = $(base) && tree=$$($(python) $(top)/series/compose.py --build $(build) \
	--base "$$base" --variant '$(VARIANT)')
options = --build $(build) --tree "$$tree" --variant '$(VARIANT)' --arch '$(ARCH)'
kernel  = $(tree) && kernel=$$($(python) $(bed)/kernel.py $(options) \
	--config '$(CONFIG)' --jobs '$(JOBS)')
run     = $(python) $(bed)/run.py $(options) --kernel "$$kernel"
install = $(bed)/install-packages -a '$(ARCH)'

.PHONY: help tree kernel menuconfig run shell test soak fuzz series docs clean
.PHONY: bench bench-quick bench-report bench-publish
# the targets share build/; make's own parallelism would only mix them up
.NOTPARALLEL:

help:
	@sed -n 's/^#? \?//p' $(top)/Makefile

#? make run         build this series' kernel, boot it in QEMU, print its report
#? make test        run every test that can be run here
#? make soak        run guests for as long as leaks and races take to show
#? make fuzz        fuzz the memmap's code in user space, FUZZ_SECONDS=3600
#? make bench       compare the memory models; bench-quick does less of it
#? make bench-report   write its report of what has been measured so far
#? make bench-publish  copy its report to Documentation
#? make shell       boot the same kernel to a busybox prompt
#? make tree        compose a tree and print its path
#? make kernel      build a kernel and print its O= folder
#? make menuconfig  change a kernel's config; prints how to use the result
#? make series      write the mail-ready patches to build/series
#? make docs        build this series' documents to build/docs
#? make clean       remove build/ (tens of minutes to make again)
#?
#? ARCH=x86_64                        architecture (test, soak, bench: all)
#? VARIANT=vmemmap|mainline|classic|flatmem
#?                                    this series; the untouched base; the base
#?                                    without its virtual memmap; that with
#?                                    FLATMEM (for CONFIG=bench-no-numa)
#? BASE=VERSION|TARBALL|newest        which linux-source-6.1; the first one used
#?                                    stays in use until BASE= says otherwise
#? CONFIG=default|debug|FILE          kernel config
#? ONLY=TEXT                          test, soak, bench: only those with TEXT in
#?                                    their name
#? AIM=FOLDER                         bench: run this built AIM Suite VII
#? JOBS=N                             processes at a time

tree:
	@$(install) build
	@$(tree) && echo "$$tree"

kernel:
	@$(install) build
	@$(kernel) && echo "$$kernel"

menuconfig:
	@$(install) build menuconfig
	@$(tree) && $(python) $(bed)/menuconfig.py $(options) --config '$(CONFIG)'

run:
	@$(install) build guest
	@$(kernel) && $(run)

shell:
	@$(install) build guest
	@$(kernel) && $(run) --shell

test:
	@$(bed)/install-packages -a '$(or $(test_arch),every)' build guest test docs
	@$(base) && $(python) $(bed)/test.py --build $(build) --base "$$base" \
		--arch '$(test_arch)' --jobs '$(JOBS)' --only '$(ONLY)'

soak:
	@$(bed)/install-packages -a '$(or $(test_arch),every)' build guest
	@$(base) && $(python) $(bed)/test.py --soak --build $(build) --base "$$base" \
		--arch '$(test_arch)' --jobs '$(JOBS)' --only '$(ONLY)'

fuzz:
	@$(install) build test
	@$(tree) && $(python) $(bed)/hostfuzz.py --build $(build) --tree "$$tree" \
		--seconds '$(FUZZ_SECONDS)' --jobs '$(JOBS)'

# matplotlib is Debian's, and so is the python that has it
bench bench-quick bench-report:
	@$(bed)/install-packages -a '$(or $(test_arch),every)' build guest bench
	@$(base) && /usr/bin/python3 -B $(bed)/measure.py --build $(build) --base "$$base" \
		$(patsubst bench-%,--%,$(filter-out bench,$@)) --arch '$(test_arch)' \
		--jobs '$(JOBS)' --only '$(ONLY)' --aim '$(AIM)'

bench-publish:
	@$(python) $(bed)/publish.py --build $(build)

series:
	@$(install) build
	@$(base) && $(python) $(top)/series/mail.py --build $(build) --base "$$base"

docs:
	@$(install) build docs
	@$(tree) && $(python) $(bed)/docs.py --build $(build) --tree "$$tree"

clean:
	rm -rf $(build)
