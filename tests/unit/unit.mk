# The unit tests: one program a subject, built by `make unit` into $(BUILD)/tests/unit, each run
# without arguments. They link the library's objects with a gate of their own; what a constructor
# does is not theirs to test. They need cmocka.

# The jumps of another CPU are bytes like others, but addresses of 64 bits need room.
UNIT_ENTRY_TESTS_LEFT_OUT := $(if $(filter i386,$(CPU)),test_entry_x86_64 test_entry_aarch64)

UNIT_NAMES    := $(filter-out $(UNIT_ENTRY_TESTS_LEFT_OUT), \
	$(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c))))
UNIT_PROGRAMS := $(UNIT_NAMES:%=$(BUILD)/tests/unit/%)
UNIT_GATE     := $(BUILD)/tests/unit/gate.o $(BUILD)/tests/unit/gate_pool.o $(BUILD)/tests/unit/ground.o
UNIT_LIBRARY  := $(BUILD)/tests/unit/library.a

.PHONY: unit
unit: $(UNIT_PROGRAMS)

$(BUILD)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(COMPILE) -Itests/unit -c $< -o $@

$(UNIT_LIBRARY): $(filter-out $(BUILD)/obj/gate.o $(BUILD)/obj/init.o,$(LIBRARY_OBJECTS))
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^

$(UNIT_PROGRAMS): %: %.o $(UNIT_GATE) $(UNIT_LIBRARY)
	$(CC) $(CFLAGS) $(LDFLAGS) $< $(UNIT_GATE) $(UNIT_LIBRARY) -Wl,--wrap=getauxval -lcmocka -o $@

-include $(wildcard $(BUILD)/tests/unit/*.d)
