# The tests: included by the Makefile. `make check` is tests/check, which installs what is missing,
# builds by the targets below, and runs; `tests/check -k pattern` runs some of them.

-include tests/unit/unit.mk

RUN_PROGRAMS := $(patsubst tests/run/%.c,$(BUILD)/tests/run/%,$(sort $(wildcard tests/run/*.c)))

# -fno-builtin: the compiler may remove a malloc whose memory it sees unused.
$(BUILD)/tests/run/%: tests/run/%.c $(wildcard tests/run/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -fno-builtin-malloc -fno-builtin-free \
		-fno-builtin-calloc -fno-builtin-realloc $(CFLAGS) $< -o $@ $(LDFLAGS) -pthread

.PHONY: run-programs print-unit-programs
run-programs: $(RUN_PROGRAMS)

# How tests/check learns what the unit tests are.
print-unit-programs:
	@echo $(UNIT_PROGRAMS)

check:
	+@BUILD='$(BUILD)' CC='$(CC)' CFLAGS='$(CFLAGS)' LDFLAGS='$(LDFLAGS)' MAKE='$(MAKE)' tests/check
