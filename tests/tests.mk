# The tests: included by the Makefile, whose `make check` installs what is missing and comes here.
# tests/check builds by the targets below and runs; `tests/check -k pattern` runs some of them.
# SPDX-License-Identifier: LGPL-2.1-or-later

-include tests/unit/unit.mk

# Programs that the tests run, of ours: $(BUILD)/tests/cases/ and $(BUILD)/tests/helpers/.
RUN_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/cases/*.c tests/helpers/*.c)))

# -fno-builtin: the compiler may remove a malloc whose memory it sees unused.
$(RUN_PROGRAMS): $(BUILD)/tests/%: tests/%.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -Itests/lib -Isrc/arch/$(CPU) -fno-builtin-malloc \
		-fno-builtin-free -fno-builtin-calloc -fno-builtin-realloc $(CFLAGS) $(DEPENDENCIES) $< -o $@ \
		$(LDFLAGS) -pthread $(LIBS_DLOPEN)

# Programs that call the library by name.
LINKED_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/helpers/linked/*.c)))

$(LINKED_PROGRAMS): $(BUILD)/tests/%: tests/%.c $(BUILD)/lib/libhugetlbfs.so
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -Itests/lib -Iinclude $(CFLAGS) $(DEPENDENCIES) $< -o $@ \
		$(LDFLAGS) -pthread -L$(BUILD)/lib -lhugetlbfs

-include $(wildcard $(BUILD)/tests/cases/*.d $(BUILD)/tests/helpers/*.d $(BUILD)/tests/helpers/linked/*.d)

.PHONY: unit run-programs print-unit-programs
run-programs: $(RUN_PROGRAMS) $(LINKED_PROGRAMS)

# How tests/check learns what the unit tests are.
print-unit-programs:
	@echo $(UNIT_PROGRAMS)

# The nightly form of the tortures: so many steps in each mode, beginning with that seed.
STEPS ?= 1000000
SEED  ?= 1

.PHONY: torture
torture:
	@CC="$(CC)" tests/install-packages compiler
	@TORTURE_STEPS='$(STEPS)' TORTURE_SEED='$(SEED)' LIMIT="$${LIMIT:-14400}" BUILD='$(BUILD)' CC='$(CC)' \
		CFLAGS='$(CFLAGS)' LDFLAGS='$(LDFLAGS)' MAKE='$(MAKE)' tests/check -k '^(mmap-torture|torture-threads)'

run-check:
	+@BUILD='$(BUILD)' CC='$(CC)' CFLAGS='$(CFLAGS)' LDFLAGS='$(LDFLAGS)' MAKE='$(MAKE)' tests/check
