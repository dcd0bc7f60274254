# Builds into $(BUILD) and nowhere else.
#
#   make            the library and its tools
#   make check      every test; installs what the tests need, reserves huge pages and puts them back
#   make check-build
#                   builds with every gcc and clang of the suite, in each way that distributions and
#                   developers build, runs the unit tests, and prints a table; ONLY=gcc-12/O2 for one
#   make torture    random calls on mappings, with and without huge pages, a million in each mode;
#                   SEED=1 STEPS=1000000
#   make demo       three programs on small and on huge pages, side by side
#   make examples   short programs that use the library
#   make bench      speed and memory, as ratios; installs what it measures; BENCH='--quick -k fork' for
#                   some of it
#   make install    PREFIX=/usr/local DESTDIR=; libraries to LIBDIR=PREFIX/lib, or with MULTIARCH=1 to
#                   the directory below it that the compiler's target has
#   make uninstall  removes what make install with the same variables has put there
#   make install-library
#                   only the library, for a second word size: BUILD=build32 CFLAGS='-O2 -m32'
#                   LIBDIR=/usr/local/lib32
#   make dist       a tarball of this tree, in $(BUILD)/dist
#   make deb        packages for Debian, in $(BUILD)/deb; make rpm likewise
#   make lint       what clang-format and shellcheck have to say; make format does the former
#   make clean      takes $(BUILD) away
#   make help       this list
#
# BUILD, CC, CFLAGS and LDFLAGS can be given, as make BUILD=/tmp/build CC=clang. WERROR=1 makes each
# warning an error.

# SPDX-License-Identifier: LGPL-2.1-or-later

BUILD   ?= build
CC      ?= cc
# The compiler's own, which may be for another CPU.
OBJCOPY ?= $(shell $(CC) -print-prog-name=objcopy)
CFLAGS  ?= -O2 -g
LDFLAGS ?=
PREFIX  ?= /usr/local
VERSION := 3.0
DESTDIR ?=

MULTIARCH ?=
LIBDIR    ?= $(PREFIX)/lib$(if $(MULTIARCH),/$(shell $(CC) $(CFLAGS) -print-multiarch))

# A fresh machine has no compiler: these goals do without, and install one before they build.
WITHOUT_COMPILER := check check-build torture demo bench deb rpm dist uninstall uninstall-library clean \
	format lint help

# The directory of src/arch/ that fits the compiler's target, CFLAGS (-m32) included.
ifneq ($(filter-out $(WITHOUT_COMPILER),$(or $(MAKECMDGOALS),all)),)
ifeq ($(shell command -v $(firstword $(CC)) 2>/dev/null),)
$(error no compiler named $(CC) here: `make check` and `make demo` install what they need)
endif
CPU := $(shell echo | $(CC) $(CFLAGS) -E -dM - | \
	sed -n 's/.* __\(x86_64\|i386\|aarch64\)__ .*/\1/p' | head -1)
ifeq ($(wildcard src/arch/$(CPU)/entry.h),)
$(error no src/arch directory for the target of $(CC))
endif
endif

# WERROR=1 makes each warning an error: for developers, CI and `make check-build`. A compiler that is
# newer than this tree may warn about new things, which must not keep a user from building.
WERROR   ?=
WARNINGS := -Wall -Wextra $(if $(filter-out 0,$(WERROR)),-Werror) -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes
COMPILE   = $(CC) -std=gnu11 -D_GNU_SOURCE -DLIBHUGETLBFS_VERSION='"$(VERSION)"' $(WARNINGS) \
	-Isrc -Isrc/arch/$(CPU) -Iinclude \
	-fPIC -fvisibility=hidden -fno-strict-aliasing $(if $(filter $(FAST_SOURCES),$<),$(CFLAGS),$(SMALL_CFLAGS)) \
	$(DEPENDENCIES)

# The library takes memory in every process, and most of it runs seldom: it is made small. Fast are
# the files where a program's calls for memory look up their place, and those that look at each byte.
FAST_SOURCES  = src/base/% src/mmap/% $(patsubst %,src/%.c,calls/mmap region/bit_runs region/empty \
	region/exchange region/free_runs region/lock region/ranges region/registry region/zeroes) src/tools/%
SMALL_CFLAGS  = $(patsubst -O2,-Os,$(CFLAGS))

# Each target lists the headers it was made from, by a name that holds for every spelling of BUILD
# (`make` and tests/check use the same directory, by a relative and by an absolute path).
DEPENDENCIES = -MMD -MP -MF $(basename $@).d -MT '$(patsubst $(BUILD)/%,$$(BUILD)/%,$@)'

# Before glibc 2.34 dlopen() and its like are in a library of their own. Only tests call them, so the
# linker is asked when the first test is linked. A sanitizer's library would bring it along.
LIBS_DLOPEN = $(eval LIBS_DLOPEN := $(shell \
	echo 'int dlclose(void *); int main(void) { return dlclose(0); }' | \
	$(CC) $(filter-out -fsanitize%,$(CFLAGS)) $(LDFLAGS) -x c - -o /dev/null 2>/dev/null || \
	echo -Wl,--as-needed -ldl))$(LIBS_DLOPEN)

# Few mappings at the start of every process: one read-only segment with the text.
LIBRARY_LINK = $(CC) -shared $(CFLAGS) $(LDFLAGS) -Wl,-soname,libhugetlbfs.so.0 \
	-Wl,--version-script=src/libhugetlbfs.map -Wl,-z,defs -Wl,-z,nodelete -Wl,-z,initfirst -Wl,-z,relro -Wl,-z,now \
	-Wl,-z,noseparate-code -nostartfiles

# In a static program the linker says where libc's functions are; the archive alone has that part.
STATIC_SOURCES  := src/hook/static_symbols.c
# What takes the place of libc's functions by its name would leave a static program without them.
SHARED_SOURCES  := src/calls/fork_exports.c src/exit_exports.c
# What is linked from these objects depends on the folders, too: a file that goes changes nothing else.
LIBRARY_FOLDERS := src $(patsubst %,src/%,base options proc pages copies region hook calls heap mmap \
	files segments usage api)
ALL_SOURCES     := $(filter-out $(STATIC_SOURCES) $(SHARED_SOURCES), \
	$(sort $(wildcard $(LIBRARY_FOLDERS:%=%/*.c))))
# What every process runs is linked first, so that it lies on few pages (64 kB of text are one page
# fault): first what has small variables, which share a page, then a few larger ones, then the rest.
START_SOURCES   := $(filter $(patsubst %,src/%.c,base/gate base/log base/program base/sys base/words init \
	options/options hook/symbols heap/adaptive heap/foreign_break heap/heap heap/policy heap/start \
	calls/fork_later calls/open calls/start calls/state calls/brk calls/mmap mmap/density region/exact \
	region/pool_share region/process region/remote_writers region/transparent pages/source),$(ALL_SOURCES)) \
	$(patsubst %,src/%.c,hook/text_write hook/patch heap/layout region/registry options/table options/config \
	pages/sizes pages/select pages/first_touch heap/owner heap/break region/region)
LIBRARY_SOURCES := $(START_SOURCES) $(filter-out $(START_SOURCES),$(ALL_SOURCES))
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:src/%.c=$(BUILD)/obj/%.o)
STATIC_OBJECTS  := $(STATIC_SOURCES:src/%.c=$(BUILD)/obj/%.o)
SHARED_OBJECTS  := $(SHARED_SOURCES:src/%.c=$(BUILD)/obj/%.o)

# A tool is one file src/tools/<tool>.c, or a directory src/tools/<tool>/; what several of them use
# is in src/tools/common/. A tool may need a library: LIBS_<tool>.
TOOL_NAMES := $(sort $(patsubst src/tools/%.c,%,$(wildcard src/tools/*.c)) \
	$(filter-out common,$(patsubst src/tools/%/,%,$(wildcard src/tools/*/))))

# Where the compiler has no libelf for its target, the tools that need it are left out.
LIBELF_TOOLS := hugeedit hugestat
ifneq ($(filter-out $(WITHOUT_COMPILER),$(or $(MAKECMDGOALS),all)),)
ifeq ($(shell printf '\043include <gelf.h>\nint main(void) { return 0; }\n' | \
	$(CC) $(CFLAGS) -x c - -o /dev/null -lelf 2>/dev/null && echo yes),)
$(info no libelf here for $(CC) $(CFLAGS): without $(filter $(LIBELF_TOOLS),$(TOOL_NAMES)))
TOOL_NAMES := $(filter-out $(LIBELF_TOOLS),$(TOOL_NAMES))
endif
endif
TOOLS      := $(TOOL_NAMES:%=$(BUILD)/bin/%)
COMMON_OBJECTS := $(patsubst src/%.c,$(BUILD)/obj/%.o,$(wildcard src/tools/common/*.c))
LIBS_hugeedit  := -lelf
LIBS_hugestat  := -lelf
LIBS_hugectl   := -lm

.PHONY: all check check-build demo bench deb rpm run-check run-demo run-bench install uninstall install-development \
	uninstall-development install-library uninstall-library dist clean format lint help
all: $(BUILD)/lib/libhugetlbfs.so $(BUILD)/lib/libhugetlbfs.a $(TOOLS) $(BUILD)/share/libhugetlbfs/ld

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(COMPILE) -c $< -o $@

# Link-time optimization sees neither what assembly code between functions defines nor what it uses.
$(BUILD)/obj/calls/syscall.o: override CFLAGS += -fno-lto

$(BUILD)/lib/libhugetlbfs.so.0: $(LIBRARY_OBJECTS) $(SHARED_OBJECTS) src/libhugetlbfs.map $(LIBRARY_FOLDERS)
	@mkdir -p $(@D)
	$(LIBRARY_LINK) $(LIBRARY_OBJECTS) $(SHARED_OBJECTS) -o $@

$(BUILD)/lib/libhugetlbfs.so: $(BUILD)/lib/libhugetlbfs.so.0
	ln -sf libhugetlbfs.so.0 $@

# With -flto gcc would leave in the archive what only gcc can read, all names included.
RELOCATABLE_CODE = $(if $(findstring -flto,$(CFLAGS)),$(shell echo | $(CC) -flto -r -nostdlib \
	-flinker-output=nolto-rel -x c - -o /dev/null 2>/dev/null && echo -flinker-output=nolto-rel))

# On i386 each object has functions of the compiler's that every object file may define, in section
# groups. Their names are local below, so that the linker must not drop them for another object's.
ifeq ($(CPU),i386)
RELOCATABLE_CODE += -Wl,--force-group-allocation
endif

# For static programs one object, which shows the names of hugetlbfs.h only: the library's own names
# are nothing to the program's. -d: common symbols get their place here, or they would stay global.
$(BUILD)/lib/libhugetlbfs.a: $(LIBRARY_OBJECTS) $(STATIC_OBJECTS) $(LIBRARY_FOLDERS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -r -nostdlib -Wl,-d $(RELOCATABLE_CODE) $(filter %.o,$^) -o $(BUILD)/obj/libhugetlbfs.o
	$(OBJCOPY) --localize-hidden $(BUILD)/obj/libhugetlbfs.o
	rm -f $@
	$(AR) rcs $@ $(BUILD)/obj/libhugetlbfs.o

# What tools take from the library, object by object.
$(BUILD)/obj/tools.a: $(LIBRARY_OBJECTS) $(LIBRARY_FOLDERS)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

# A tool takes from the archive what it uses.
define TOOL_RULE
$(BUILD)/bin/$(1): $(patsubst src/%.c,$(BUILD)/obj/%.o,$(wildcard src/tools/$(1).c src/tools/$(1)/*.c)) \
		$(COMMON_OBJECTS) $(BUILD)/obj/tools.a
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) $$^ $(LIBS_$(1)) -o $$@
endef
$(foreach tool,$(TOOL_NAMES),$(eval $(call TOOL_RULE,$(tool))))

# What `gcc -B` is pointed to: the linker in front of the linker, under every name that gcc looks for.
LINKER_NAMES := ld ld.bfd ld.gold ld.lld ld.mold
SHARE        := share/libhugetlbfs

$(BUILD)/$(SHARE)/ld: ldscripts/ld.hugetlbfs ldscripts/generate ldscripts/make-scripts
	@mkdir -p $(@D)/ldscripts
	sed 's/@VERSION@/$(VERSION)/' ldscripts/ld.hugetlbfs >$(@D)/ld.hugetlbfs.new
	chmod 755 $(@D)/ld.hugetlbfs.new
	mv $(@D)/ld.hugetlbfs.new $(@D)/ld.hugetlbfs
	install -m 755 ldscripts/generate $(@D)/ldscripts/
	ldscripts/make-scripts $(@D)/ldscripts
	for name in $(LINKER_NAMES); do ln -sf ld.hugetlbfs $(@D)/$$name || exit; done

# Tools with a table of options (src/tools/common/option_table.h) write their completion themselves.
TABLE_TOOLS := hugeadm hugectl hugeedit hugestat pagesize
WITH_TABLE  := $(filter $(TABLE_TOOLS),$(TOOL_NAMES))
COMPLETIONS := $(foreach shell,bash zsh,$(WITH_TABLE:%=$(BUILD)/completion/$(shell)/%))
COMPLETION_BASH := share/bash-completion/completions
COMPLETION_ZSH  := share/zsh/site-functions

define COMPLETION_RULE
$(BUILD)/completion/$(1)/%: $(BUILD)/bin/%
	@mkdir -p $$(@D)
	$$< --print-completion=$(1) >$$@.new
	@mv $$@.new $$@
endef
$(foreach shell,bash zsh,$(eval $(call COMPLETION_RULE,$(shell))))

.PHONY: completion
completion: $(COMPLETIONS)

-include $(wildcard $(BUILD)/obj/*.d $(BUILD)/obj/*/*.d $(BUILD)/obj/*/*/*.d)

# What is missing is installed first, so that the rest runs in a make that finds a compiler. What
# the tests need besides is named in files of theirs, and a test does without what can't be had.
check:
	@CC="$(CC)" tests/install-packages compiler
	@CC="$(CC)" tests/install-packages --optional $$(cat $(wildcard tests/needs tests/*/needs) /dev/null)
	@$(MAKE) --no-print-directory run-check

# The package lists name the compilers that the suite has.
check-build:
	@CC="$(CC)" tests/install-packages compiler
	@CC="$(CC)" tests/install-packages --optional libelf cmocka clang \
		$$(apt-cache search --names-only '^((gcc|clang)-[0-9]+|libclang-rt-[0-9]+-dev)$$' 2>/dev/null | sed 's/ .*//')
	+@BUILD='$(BUILD)' MAKE='$(MAKE)' tests/compilers/run $(if $(ONLY),-k '$(ONLY)')

demo:
	@CC="$(CC)" tests/install-packages compiler libelf python3
	@$(MAKE) --no-print-directory run-demo

bench:
	@CC="$(CC)" tests/install-packages compiler
	@CC="$(CC)" tests/install-packages --optional $$(cat bench/needs)
	@$(MAKE) --no-print-directory run-bench

# run-check
-include tests/tests.mk

PROGRAMS := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))

$(BUILD)/bench/%: bench/%.c $(wildcard bench/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) $(LDFLAGS) -pthread $< -o $@ -lm

# Its text and its place in the file agree: huge pages of the file itself need that.
$(BUILD)/bench/text: LDFLAGS += -Wl,-z,max-page-size=0x200000

.PHONY: programs
programs: $(PROGRAMS) $(BUILD)/bench/empty.so

run-demo:
	@echo "Building into $(BUILD)"
	@$(MAKE) -s all programs
	@BUILD="$(BUILD)" CC="$(CC)" bench/demo

run-bench:
	@$(MAKE) -s all programs
	@BUILD="$(BUILD)" bench/run $(BENCH)

# What loading a library costs that does nothing.
$(BUILD)/bench/empty.so: Makefile
	@mkdir -p $(@D)
	$(CC) -shared $(CFLAGS) $(LDFLAGS) -x c /dev/null -o $@

EXAMPLES := $(patsubst examples/%.c,$(BUILD)/examples/%,$(wildcard examples/*.c))

.PHONY: examples
examples: $(EXAMPLES)

# As a user would build them, beside the build directory's library.
$(BUILD)/examples/%: examples/%.c include/hugetlbfs.h $(BUILD)/lib/libhugetlbfs.so
	@mkdir -p $(@D)
	$(CC) -std=c99 $(WARNINGS) -Iinclude $(CFLAGS) $< -o $@ $(LDFLAGS) \
		-L$(BUILD)/lib -Wl,-rpath,'$$ORIGIN/../lib' -lhugetlbfs

# Two functions that share a manual page: <other name>=<page>
MAN3_ALIASES := free_huge_pages=get_huge_pages free_hugepage_region=get_hugepage_region \
	getpagesizes=gethugepagesizes hugetlbfs_find_path_for_size=hugetlbfs_find_path \
	hugetlbfs_unlinked_fd_for_size=hugetlbfs_unlinked_fd hugetlbfs_unmap=hugetlbfs_map
MAN3 := $(notdir $(wildcard man/*.3)) \
	$(foreach alias,$(MAN3_ALIASES),$(firstword $(subst =, ,$(alias))).3)

# Where everything goes, below DESTDIR. The recipes have it from the environment: make would take a
# path with a blank in it for two.
INSTALL_GOALS := $(foreach goal,install uninstall,$(goal) $(goal)-development $(goal)-library)
$(INSTALL_GOALS): export TO = $(DESTDIR)$(PREFIX)
$(INSTALL_GOALS): export TO_LIBRARY = $(DESTDIR)$(LIBDIR)
install install-development: export PC_PREFIX = $(PREFIX)
install-development: export PC_LIBDIR = $(LIBDIR)
DOCUMENTS := HOWTO NEWS README.md
# Section 3 is for development.
MAN_SECTIONS := 1 5 7 8
DOCUMENTATION := share/doc/libhugetlbfs
# hugeadm --setup, under the name that it has in the original.
SETUP_HELPER := huge_page_setup_helper.py
# Rules that allow confined programs to use the library. Nothing is loaded by installing them.
POLICIES := apparmor selinux
# Not enabled by being installed.
SYSTEMD_UNITS := lib/systemd/system
UNITS         := $(notdir $(wildcard packaging/systemd/*))

# What programs are built with. The two paths stand in the file with a backslash before each blank,
# as pkg-config reads them.
install-development:
	install -d "$$TO/include" "$$TO_LIBRARY/pkgconfig" "$$TO/share/man/man3"
	install -m 644 include/hugetlbfs.h "$$TO/include/"
	prefix=$$(printf %s "$$PC_PREFIX" | sed 's/[ \\&|]/\\&/g; s/\\ /\\\\ /g') && \
	libdir=$$(printf %s "$$PC_LIBDIR" | sed 's/[ \\&|]/\\&/g; s/\\ /\\\\ /g') && \
	case $$libdir in "$$prefix"/*) libdir="\$${prefix}$${libdir#"$$prefix"}" ;; esac && \
	sed "s|@PREFIX@|$$prefix|; s|@LIBDIR@|$$libdir|; s|@VERSION@|$(VERSION)|" \
		libhugetlbfs.pc.in >"$$TO_LIBRARY/pkgconfig/libhugetlbfs.pc"
	chmod 644 "$$TO_LIBRARY/pkgconfig/libhugetlbfs.pc"
	install -m 644 $(wildcard man/*.3) "$$TO/share/man/man3/"
	for alias in $(MAN3_ALIASES); do \
		ln -sf "$${alias#*=}.3" "$$TO/share/man/man3/$${alias%=*}.3" || exit; done

uninstall-development:
	rm -f "$$TO/include/hugetlbfs.h" "$$TO_LIBRARY/pkgconfig/libhugetlbfs.pc"
	for page in $(MAN3); do rm -f "$$TO/share/man/man3/$$page" || exit; done

# Both names: programs are linked by one or the other, and LD_PRELOAD is set to either.
install-library: $(BUILD)/lib/libhugetlbfs.so $(BUILD)/lib/libhugetlbfs.a
	install -d "$$TO_LIBRARY"
	install -m 755 $(BUILD)/lib/libhugetlbfs.so.0 "$$TO_LIBRARY/"
	ln -sf libhugetlbfs.so.0 "$$TO_LIBRARY/libhugetlbfs.so"
	install -m 644 $(BUILD)/lib/libhugetlbfs.a "$$TO_LIBRARY/"

# Where programs are told to preload it. Without the library each of them prints an error of ld.so.
LD_SO_PRELOAD := /etc/ld.so.preload

uninstall-library:
	rm -f "$$TO_LIBRARY/libhugetlbfs.so" "$$TO_LIBRARY/libhugetlbfs.so.0" \
		"$$TO_LIBRARY/libhugetlbfs.a"
	@[ -n "$(DESTDIR)" ] || ! grep -qs libhugetlbfs "$(LD_SO_PRELOAD)" || \
		echo "warning: $(LD_SO_PRELOAD) still names libhugetlbfs: each program prints an error" \
			"until that line is removed" >&2

install: all completion install-library install-development
	install -d "$$TO/bin" "$$TO/$(COMPLETION_BASH)" "$$TO/$(COMPLETION_ZSH)" \
		"$$TO/$(SHARE)" "$$TO/$(DOCUMENTATION)"
	install -m 755 $(TOOLS) "$$TO/bin/"
	ln -sf hugeadm "$$TO/bin/$(SETUP_HELPER)"
	for section in $(MAN_SECTIONS); do \
		install -d "$$TO/share/man/man$$section" && \
		install -m 644 man/*.$$section "$$TO/share/man/man$$section/" || exit; done
	ln -sf hugeadm.8 "$$TO/share/man/man8/$(SETUP_HELPER).8"
	install -m 644 $(DOCUMENTS) "$$TO/$(DOCUMENTATION)/"
	cp -RP $(BUILD)/$(SHARE)/. "$$TO/$(SHARE)/"
	install -m 644 src/tools/schema-1.json "$$TO/$(SHARE)/"
	install -d $(POLICIES:%="$$TO/$(SHARE)/%")
	for policy in $(POLICIES); do install -m 644 packaging/$$policy/* \
		"$$TO/$(SHARE)/$$policy/" || exit; done
	chmod -R u=rwX,go=rX "$$TO/$(SHARE)"
	ln -sf ../$(SHARE)/ld.hugetlbfs "$$TO/bin/ld.hugetlbfs"
	install -m 644 $(WITH_TABLE:%=$(BUILD)/completion/bash/%) "$$TO/$(COMPLETION_BASH)/"
	for tool in $(WITH_TABLE); do install -m 644 $(BUILD)/completion/zsh/$$tool \
		"$$TO/$(COMPLETION_ZSH)/_$$tool" || exit; done
	install -d "$$TO/$(SYSTEMD_UNITS)"
	prefix=$$(printf %s "$$PC_PREFIX" | sed 's/[\\&|]/\\&/g') && \
	for unit in $(UNITS); do sed "s|/usr/bin/|$$prefix/bin/|" packaging/systemd/$$unit \
		>"$$TO/$(SYSTEMD_UNITS)/$$unit" && \
		chmod 644 "$$TO/$(SYSTEMD_UNITS)/$$unit" || exit; done

# Also the tools that are not built here: they may have been where this was installed.
uninstall: uninstall-library uninstall-development
	rm -f "$$TO/share/man/man8/$(SETUP_HELPER).8"
	for tool in $(sort $(notdir $(TOOLS)) $(LIBELF_TOOLS)) ld.hugetlbfs $(SETUP_HELPER); do \
		rm -f "$$TO/bin/$$tool" || exit; done
	for page in $(notdir $(wildcard $(MAN_SECTIONS:%=man/*.%))); do \
		rm -f "$$TO/share/man/man$${page##*.}/$$page" || exit; done
	for unit in $(UNITS); do rm -f "$$TO/$(SYSTEMD_UNITS)/$$unit" || exit; done
	rm -rf "$$TO/$(SHARE)" "$$TO/$(DOCUMENTATION)"
	for tool in $(TABLE_TOOLS); do rm -f "$$TO/$(COMPLETION_BASH)/$$tool" \
		"$$TO/$(COMPLETION_ZSH)/_$$tool" || exit; done

# The files that git knows of, or, in a tree that came as such a tarball, all but what was built.
DIST_NAME := libhugetlbfs-$(VERSION)
dist:
	@mkdir -p $(BUILD)/dist
	@if [ -e .git ]; then git ls-files -z; else find . -type f -o -type l | \
		grep -v -e '^\./build/' -e '^\./$(BUILD)/' | sed 's|^\./||' | tr '\n' '\0'; fi | \
		tar --null --files-from=- --transform='flags=rSh;s|^|$(DIST_NAME)/|' --sort=name \
		--owner=root:0 --group=root:0 --mode=u=rwX,go=rX \
		--mtime="@$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 0)}" \
		-cf - | gzip -9n >$(BUILD)/dist/$(DIST_NAME).tar.gz
	@echo $(BUILD)/dist/$(DIST_NAME).tar.gz

deb:
	@CC="$(CC)" tests/install-packages compiler libelf debhelper
	@BUILD='$(BUILD)' packaging/make-deb

rpm:
	@CC="$(CC)" tests/install-packages compiler libelf rpmbuild
	@BUILD='$(BUILD)' packaging/make-rpm

# What is in the tree: C by the rules of .clang-format, which are those of clang-format 14, and shell
# by those of .shellcheckrc. The tree is what git knows of, so these two need it.
CLANG_FORMAT ?= $(firstword $(notdir $(wildcard /usr/bin/clang-format-14)) clang-format)
C_FILES       = $(shell git ls-files '*.c' '*.h')
SHELL_FILES   = $(shell git grep -lE '^\#!/bin/(ba)?sh$$')

format:
	@CC="$(CC)" tests/install-packages clang-format
	@$(CLANG_FORMAT) -i $(C_FILES)

lint:
	@CC="$(CC)" tests/install-packages clang-format shellcheck
	@$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
	@shellcheck -S warning $(SHELL_FILES)

clean:
	rm -rf $(BUILD)

# The lines at the top.
help:
	@sed -n '/^$$/q; s/^# \{0,1\}//p' Makefile
