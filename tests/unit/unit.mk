# The unit tests: one program a subject, built by `make unit` into $(BUILD)/tests/unit, each run
# without arguments. They link the library's objects with a gate of their own; what a constructor
# does is not theirs to test. They need cmocka.
# SPDX-License-Identifier: LGPL-2.1-or-later

# The jumps of another CPU are bytes like others, but addresses of 64 bits need room.
UNIT_ENTRY_TESTS_LEFT_OUT := $(if $(filter i386,$(CPU)),test_entry_x86_64 test_entry_aarch64)

# A tool that is not built here has no parts to test.
UNIT_TOOL_TESTS_LEFT_OUT := $(if $(filter hugestat,$(TOOL_NAMES)),,test_hugestat)

UNIT_NAMES    := $(filter-out $(UNIT_ENTRY_TESTS_LEFT_OUT) $(UNIT_TOOL_TESTS_LEFT_OUT), \
	$(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c))))
UNIT_PROGRAMS := $(UNIT_NAMES:%=$(BUILD)/tests/unit/%)
UNIT_GATE     := $(BUILD)/tests/unit/gate.o $(BUILD)/tests/unit/gate_pool.o $(BUILD)/tests/unit/fixture.o
UNIT_LIBRARY  := $(BUILD)/tests/unit/library.a

# The library with a gate that fails on demand, for whole programs: tests/library/every-call-fails-*.sh
FAULTS_LIBRARY := $(BUILD)/tests/libhugetlbfs-faults.so
FAULTS_OBJECTS := $(filter-out $(BUILD)/obj/base/gate.o,$(LIBRARY_OBJECTS)) \
	$(BUILD)/tests/unit/gate_faults.o

.PHONY: unit unit-programs
unit: unit-programs $(FAULTS_LIBRARY)
unit-programs: $(UNIT_PROGRAMS)

$(FAULTS_LIBRARY): $(FAULTS_OBJECTS) src/libhugetlbfs.map $(LIBRARY_FOLDERS)
	$(LIBRARY_LINK) $(FAULTS_OBJECTS) -o $@

$(BUILD)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(COMPILE) -Itests/unit -c $< -o $@

$(UNIT_LIBRARY): $(filter-out $(BUILD)/obj/base/gate.o $(BUILD)/obj/init.o,$(LIBRARY_OBJECTS)) \
		$(LIBRARY_FOLDERS)
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

$(filter-out %/test_hugestat %/test_hugectl,$(UNIT_PROGRAMS)): %: %.o $(UNIT_GATE) $(UNIT_LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) $< $(UNIT_GATE) $(UNIT_LIBRARY) -Wl,--wrap=getauxval -lcmocka -pthread $(LIBS_DLOPEN) -o $@

# A tool's parts are tested without its main().
UNIT_HUGESTAT := $(patsubst src/%.c,$(BUILD)/obj/%.o, \
	$(filter-out src/tools/hugestat/hugestat.c, \
	$(wildcard src/tools/hugestat/*.c src/tools/common/*.c)))
$(BUILD)/tests/unit/test_hugestat: %: %.o $(UNIT_HUGESTAT) $(UNIT_GATE) $(UNIT_LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) $< $(UNIT_HUGESTAT) $(UNIT_GATE) $(UNIT_LIBRARY) \
		-Wl,--wrap=getauxval -lcmocka -pthread $(LIBS_hugestat) $(LIBS_DLOPEN) -o $@

UNIT_HUGECTL := $(patsubst src/%.c,$(BUILD)/obj/%.o, \
	$(filter-out src/tools/hugectl/hugectl.c,$(wildcard src/tools/hugectl/*.c)))
$(BUILD)/tests/unit/test_hugectl: %: %.o $(UNIT_HUGECTL) $(COMMON_OBJECTS) $(UNIT_GATE) $(UNIT_LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) $< $(UNIT_HUGECTL) $(COMMON_OBJECTS) $(UNIT_GATE) $(UNIT_LIBRARY) \
		-Wl,--wrap=getauxval -lcmocka -pthread $(LIBS_hugectl) $(LIBS_DLOPEN) -o $@

-include $(wildcard $(BUILD)/tests/unit/*.d)
