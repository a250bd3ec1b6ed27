# SPDX-License-Identifier: GPL-2.0-or-later
#
# One non-recursive Makefile for the whole suite. `make V=1` shows the
# commands; everything that is built lies below $(BUILD).

VERSION := 0.1.0

PREFIX     ?= /usr/local
DESTDIR    ?=
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
BUILD      ?= build
CC         ?= cc
PKG_CONFIG ?= pkg-config
INSTALL    ?= install
CFLAGS     ?= -O2 -g

WARNINGS := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wwrite-strings \
	-Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough -Wno-unused-parameter

LIBS := libcap-ng libmnl jansson
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBS) 2>/dev/null)
PKG_LIBS   := $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null)

ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(PKG_CFLAGS) -I. -D_GNU_SOURCE \
	-DVERSION='"$(VERSION)"' -MMD -MP $(CPPFLAGS) $(CFLAGS)

# Sources: each program is its folder, linked with all of common/.
COMMON_SRC := $(wildcard common/*.c)
ROUTER_SRC := $(filter-out uml_router/main.c uml_router/uml_routerctl.c, \
	$(wildcard uml_router/*.c))
HELPER_SRC := $(wildcard tests/helpers/*.c)
UNIT_SRC   := $(wildcard tests/unit/test_*.c)
BENCH_SRC  := $(wildcard bench/*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

COMMON_OBJ := $(call obj,$(COMMON_SRC))
ROUTER_OBJ := $(call obj,$(ROUTER_SRC))
CLIENT_OBJ := $(call obj,tests/helpers/client.c)
FAKE_OBJ   := $(call obj,tests/unit/fake.c)
REPLAY_OBJ := $(call obj,tests/fuzz/replay.c)

PROGRAMS := $(BUILD)/uml_router/uml_router $(BUILD)/uml_router/uml_routerctl
MANPAGES := $(wildcard man/*.1)
PEER     := $(BUILD)/tests/helpers/peer
UNITS    := $(patsubst %.c,$(BUILD)/%,$(UNIT_SRC))
# A fuzz target run over its corpus is a unit test; with clang, a fuzzer.
REPLAYS  := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/unit/test_%,$(FUZZ_SRC))
FUZZERS  := $(patsubst %.c,$(BUILD)/%,$(FUZZ_SRC))
BENCHES  := $(patsubst %.c,$(BUILD)/%,$(BENCH_SRC))

ifeq ($(V),1)
Q :=
say :=
else
Q := @
say = @printf '  %-6s %s\n' $(1) $(2);
endif

.PHONY: all install uninstall check check-unit demo bench lint format sanitize \
	fuzz fuzzers clean helpers units
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS)

$(BUILD)/%.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

link = $(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(PKG_LIBS) $(LDLIBS)

$(BUILD)/uml_router/uml_router: $(BUILD)/uml_router/main.o $(ROUTER_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(BUILD)/uml_router/uml_routerctl: $(BUILD)/uml_router/uml_routerctl.o $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(PEER): $(BUILD)/tests/helpers/peer.o $(CLIENT_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(UNITS): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(FAKE_OBJ) $(ROUTER_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(REPLAYS): $(BUILD)/tests/unit/test_%: $(BUILD)/tests/fuzz/%.o $(REPLAY_OBJ) \
		$(FAKE_OBJ) $(ROUTER_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(FUZZERS): LDFLAGS += -fsanitize=fuzzer
$(FUZZERS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(FAKE_OBJ) \
		$(ROUTER_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(BENCHES): $(BUILD)/bench/%: $(BUILD)/bench/%.o $(CLIENT_OBJ) $(ROUTER_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

helpers: $(PEER)

units: $(UNITS) $(REPLAYS)

fuzzers: $(FUZZERS)

# These install missing packages first, and only then build: only a second make
# can find the libraries.
demo:
	$(Q)BUILD=$(BUILD) examples/two-guests

check:
	$(Q)tests/helpers/install-deps build check
	$(Q)$(MAKE) --no-print-directory all helpers units
	$(Q)BUILD=$(BUILD) tests/run

bench:
	$(Q)tests/helpers/install-deps build bench
	$(Q)$(MAKE) --no-print-directory all $(BENCHES)
	$(Q)BUILD=$(BUILD) bench/frames
	$(Q)BUILD=$(BUILD) bench/scale

# The unit tests alone: no root, no guests, no other packages.
check-unit: units
	$(Q)BUILD=$(BUILD) tests/run $(UNITS) $(REPLAYS)

# The same with the address and undefined-behaviour sanitizers, programs built
# too; in a folder of its own.
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined
sanitize:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/sanitize \
		CFLAGS="$(SANITIZE) -fno-sanitize-recover=undefined" \
		all helpers check-unit

# Each fuzz target for FUZZ_SECONDS. What is found lies in $(BUILD)/fuzz; put
# it into tests/fuzz/corpus/NAME, and the unit tests replay it for ever.
FUZZ_SECONDS ?= 10
fuzz:
	$(Q)tests/helpers/install-deps build fuzz
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang \
		CFLAGS="$(SANITIZE),fuzzer-no-link -fno-sanitize-recover=undefined" \
		fuzzers
	$(Q)BUILD=$(BUILD)/fuzz tests/fuzz/run $(FUZZ_SECONDS)

# uml_switch, the name of the ancestor, is a link to uml_router.
install: all
	$(call say,INST,"$(DESTDIR)$(BINDIR)")
	$(Q)$(INSTALL) -d "$(DESTDIR)$(BINDIR)"
	$(Q)$(INSTALL) -m 755 $(PROGRAMS) "$(DESTDIR)$(BINDIR)"
	$(Q)ln -sf uml_router "$(DESTDIR)$(BINDIR)/uml_switch"
	$(call say,INST,"$(DESTDIR)$(MANDIR)/man1")
	$(Q)$(INSTALL) -d "$(DESTDIR)$(MANDIR)/man1"
	$(Q)$(INSTALL) -m 644 $(MANPAGES) "$(DESTDIR)$(MANDIR)/man1"
	$(Q)ln -sf uml_router.1 "$(DESTDIR)$(MANDIR)/man1/uml_switch.1"

uninstall:
	$(Q)rm -f $(foreach f,uml_switch $(notdir $(PROGRAMS)),"$(DESTDIR)$(BINDIR)/$(f)")
	$(Q)rm -f $(foreach f,uml_switch.1 $(notdir $(MANPAGES)),"$(DESTDIR)$(MANDIR)/man1/$(f)")

clean:
	$(Q)rm -rf $(BUILD)

-include $(patsubst %.c,$(BUILD)/%.d,$(wildcard common/*.c uml_router/*.c \
	tests/helpers/*.c tests/unit/*.c tests/fuzz/*.c bench/*.c))
