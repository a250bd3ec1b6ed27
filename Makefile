# SPDX-License-Identifier: GPL-2.0-or-later
#
# One non-recursive Makefile for the whole suite. `make V=1` shows the
# commands; everything that is built lies below $(BUILD).

VERSION := 0.1.0

PREFIX     ?= /usr/local
DESTDIR    ?=
BINDIR     ?= $(PREFIX)/bin
MANDIR     ?= $(PREFIX)/share/man
COMPDIR    ?= $(PREFIX)/share/bash-completion/completions
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

# tunctl and uml_net run once per device, often in a loop: what they can have in
# themselves, the dynamic linker need not look for. A library without an archive
# stays dynamic; tunctl loads two of them when it needs them (tunctl/lazy.c).
archive = $(if $(findstring /,$(1)),$(1),$(2))
static  = $(call archive,$(shell $(CC) -print-file-name=lib$(1:-l%=%).a),$(1))
STATIC_LIBS = $(foreach lib,$(PKG_LIBS),$(if $(filter -l%,$(lib)),$(call \
	static,$(lib)),$(lib)))
LAZY_LIBS   = %mnl %mnl.a %cap-ng %cap-ng.a

# tunctl starts faster by a hundredth with code and constants in one segment, as
# it was usual before 2018. Say TUNCTL_LDFLAGS= to have them apart, and where the
# linker does not know this (gold).
TUNCTL_LDFLAGS ?= -Wl,-z,noseparate-code

# The switch needs nothing of libpcap but the machine that runs filters, and is
# not to carry the libraries that libpcap needs. uml_routerctl compiles filters.
CTL_LIBS    := $(shell $(PKG_CONFIG) --libs libpcap 2>/dev/null)
ROUTER_LIBS  = $(call static,-lpcap)

# The switch is optimised as a whole when it is linked, for the way of a frame
# goes through many files. Its objects hold finished code too, of which tests are
# linked. Say LTO= to do without; who has -flto or a sanitizer in CFLAGS does.
FAT_LTO := -flto=auto -ffat-lto-objects
LTO ?= $(if $(findstring -flto,$(CFLAGS))$(findstring -fsanitize,$(CFLAGS)),,$(shell \
	$(CC) -Werror $(FAT_LTO) -x c -c /dev/null -o /dev/null 2>/dev/null && \
	echo $(FAT_LTO)))
LTO := $(LTO)
LINK_LTO = $(if $(LTO),-fno-lto)

ALL_CFLAGS = -std=gnu11 $(WARNINGS) $(PKG_CFLAGS) -I. -D_GNU_SOURCE \
	-ffunction-sections -DVERSION='"$(VERSION)"' -MMD -MP $(CPPFLAGS) $(CFLAGS) \
	$(OBJ_LTO)

# Sources: each program is its folder, linked with all of common/.
COMMON_SRC := $(wildcard common/*.c)
CTL_SRC    := $(wildcard uml_router/ctl_*.c)
ROUTER_SRC := $(filter-out uml_router/main.c uml_router/uml_routerctl.c \
	$(CTL_SRC),$(wildcard uml_router/*.c))
TUNCTL_SRC := $(filter-out tunctl/main.c,$(wildcard tunctl/*.c))
NET_SRC    := $(filter-out uml_net/main.c,$(wildcard uml_net/*.c))
HELPER_SRC := $(wildcard tests/helpers/*.c)
UNIT_SRC   := $(wildcard tests/unit/test_*.c)
BENCH_SRC  := $(wildcard bench/*.c)
FUZZ_SRC   := $(wildcard tests/fuzz/fuzz_*.c)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

COMMON_OBJ := $(call obj,$(COMMON_SRC))
ROUTER_OBJ := $(call obj,$(ROUTER_SRC))
CTL_OBJ    := $(call obj,$(CTL_SRC))
# What of uml_routerctl asks nobody for anything, and is tested alone.
PURE_CTL_OBJ := $(call obj,uml_router/ctl_packet.c)
TUNCTL_OBJ := $(call obj,$(TUNCTL_SRC))
NET_OBJ    := $(call obj,$(NET_SRC))
CLIENT_OBJ := $(call obj,tests/helpers/client.c)
FAKE_OBJ   := $(call obj,tests/unit/fake.c tests/helpers/vguest.c)
LOAD_OBJ   := $(call obj,$(wildcard bench/lib/*.c))
VGUEST_OBJ := $(call obj,tests/helpers/vguest.c)
REPLAY_OBJ := $(call obj,tests/fuzz/replay.c)

PROGRAMS := $(BUILD)/uml_router/uml_router $(BUILD)/uml_router/uml_routerctl \
	$(BUILD)/tunctl/tunctl $(BUILD)/uml_net/uml_net
MANPAGES := $(wildcard man/*.1)
MANPAGE5 := $(wildcard man/*.5)
MANPAGE8 := $(wildcard man/*.8)
COMPLETIONS := $(wildcard */*.bash-completion)
PEER     := $(BUILD)/tests/helpers/peer
UNITS    := $(patsubst %.c,$(BUILD)/%,$(UNIT_SRC))
# A fuzz target run over its corpus is a unit test; with clang, a fuzzer.
REPLAYS  := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/unit/test_%,$(FUZZ_SRC))
FUZZERS  := $(patsubst %.c,$(BUILD)/%,$(FUZZ_SRC))
BENCHES  := $(patsubst %.c,$(BUILD)/%,$(BENCH_SRC))
# A test is linked with the program that its name holds, else with the switch.
tested = $(or $(strip $(foreach program,tunctl uml_net,$(if $(findstring \
	_$(program)_,_$(1)_),$(program)))),uml_router)
TESTED_tunctl     := $(TUNCTL_OBJ)
TESTED_uml_net    := $(NET_OBJ)
TESTED_uml_router := $(FAKE_OBJ) $(ROUTER_OBJ) $(PURE_CTL_OBJ)

ifeq ($(V),1)
Q :=
say :=
else
Q := @
say = @printf '  %-6s %s\n' $(1) $(2);
endif

.PHONY: all install uninstall check check-unit demo bench lint format sanitize tsan \
	fuzz fuzzers clean helpers units format \
	lint-layout lint-clang lint-cppcheck lint-shell lint-man
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAMS)

$(BUILD)/%.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# libdl: where dlopen(3) was before glibc 2.34.
link = $(Q)$(CC) $(CFLAGS) $(LINK_LTO) $(OWN_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) \
	-Wl,--gc-sections,--as-needed $(PKG_LIBS) $(MORE_LIBS) -ldl $(LDLIBS)

$(BUILD)/uml_router/uml_router $(UNITS) $(REPLAYS) $(FUZZERS) $(BENCHES): \
	MORE_LIBS = $(ROUTER_LIBS)
$(BUILD)/uml_router/uml_routerctl: MORE_LIBS = $(CTL_LIBS)

$(BUILD)/uml_router/main.o $(ROUTER_OBJ) $(COMMON_OBJ): OBJ_LTO = $(LTO)
$(BUILD)/uml_router/uml_router: LINK_LTO = $(LTO)
$(BUILD)/uml_router/uml_router: $(BUILD)/uml_router/main.o $(ROUTER_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(BUILD)/uml_router/uml_routerctl: $(BUILD)/uml_router/uml_routerctl.o $(CTL_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(BUILD)/uml_net/uml_net: PKG_LIBS := $(STATIC_LIBS)
$(BUILD)/tunctl/tunctl: PKG_LIBS := $(filter-out $(LAZY_LIBS),$(STATIC_LIBS))
$(BUILD)/tunctl/tunctl: OWN_LDFLAGS = $(TUNCTL_LDFLAGS)

$(BUILD)/tunctl/tunctl: $(BUILD)/tunctl/main.o $(TUNCTL_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(BUILD)/uml_net/uml_net: $(BUILD)/uml_net/main.o $(NET_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(PEER): $(BUILD)/tests/helpers/peer.o $(CLIENT_OBJ) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(BUILD)/bench/offload: $(ROUTER_OBJ)
$(BENCHES): $(BUILD)/bench/%: $(BUILD)/bench/%.o $(LOAD_OBJ) $(VGUEST_OBJ) $(CLIENT_OBJ) \
		$(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

.SECONDEXPANSION:
$(UNITS): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o \
		$$(TESTED_$$(call tested,$$*)) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(REPLAYS): $(BUILD)/tests/unit/test_%: $(BUILD)/tests/fuzz/%.o \
		$(REPLAY_OBJ) $$(TESTED_$$(call tested,$$*)) $(COMMON_OBJ)
	$(call say,LD,$@)
	$(link)

$(FUZZERS): LDFLAGS += -fsanitize=fuzzer
$(FUZZERS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o \
		$$(TESTED_$$(call tested,$$*)) $(COMMON_OBJ)
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

# Short runs; more --rounds and --seconds for figures to keep.
BENCH_ARGS ?= --seconds 1 --rounds 3
bench:
	$(Q)tests/helpers/install-deps build bench
	$(Q)$(MAKE) --no-print-directory all $(BENCHES)
	$(Q)for name in tunctl uml_net frames scale tap-to-tap pairs guest guest-to-guest \
		vhost short-queues; do \
		printf '\n== bench/%s\n' $$name; \
		BUILD=$(BUILD) bench/$$name $(BENCH_ARGS) || bad=1; \
	done; printf '\n== bench/offload\n'; $(BUILD)/bench/offload && [ -z "$$bad" ]

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

# What several workers touch, with the sanitizer of threads: the test of workers,
# and suites whose ports are all on a second worker, which do not mind that the
# switch is many times slower so.
TSAN_SUITES ?= workers stream vlan tap
tsan:
	$(Q)tests/helpers/install-deps build check
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan \
		CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=thread -Wno-tsan" \
		all helpers $(BUILD)/tsan/tests/unit/test_workers
	$(Q)BUILD=$(BUILD)/tsan tests/run $(BUILD)/tsan/tests/unit/test_workers
	$(Q)BUILD=$(BUILD)/tsan UML_ROUTER_WORKERS=2 \
		TSAN_OPTIONS=halt_on_error=1 tests/run \
		$(TSAN_SUITES:%=tests/%.bats)

# Each fuzz target for FUZZ_SECONDS. What is found lies in $(BUILD)/fuzz; put
# it into tests/fuzz/corpus/NAME, and the unit tests replay it for ever.
FUZZ_SECONDS ?= 10
fuzz:
	$(Q)tests/helpers/install-deps build fuzz
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang \
		CFLAGS="$(SANITIZE),fuzzer-no-link -fno-sanitize-recover=undefined" \
		fuzzers
	$(Q)BUILD=$(BUILD)/fuzz tests/fuzz/run $(FUZZ_SECONDS)

# Layout, static analysis, manual pages. Nothing is built.
C_FILES = $(wildcard common/*.[ch] uml_router/*.[ch] uml_net/*.[ch] \
	tunctl/*.[ch] bench/*.[ch] bench/lib/*.[ch] tests/helpers/*.[ch] \
	tests/unit/*.[ch] tests/fuzz/*.[ch])
SHELL_FILES = $(wildcard tests/*.bats tests/helpers/*.bash */*.bash-completion) \
	$(shell grep -rlIE '^\#!/bin/(ba)?sh' .ci bench debian examples tests)
# Not asked of clang: what cannot be avoided in C, in the headers of libraries,
# or with flexible arrays; and the comments, which are kernel-doc.
CLANG_WARNINGS := -Weverything -Wno-padded -Wno-unused-parameter \
	-Wno-declaration-after-statement -Wno-disabled-macro-expansion \
	-Wno-gnu-zero-variadic-macro-arguments -Wno-reserved-identifier \
	-Wno-reserved-macro-identifier -Wno-covered-switch-default \
	-Wno-switch-enum -Wno-assign-enum -Wno-cast-align -Wno-cast-qual \
	-Wno-bad-function-cast -Wno-missing-noreturn -Wno-documentation \
	-Wno-documentation-unknown-command -Wno-unknown-warning-option \
	-Wno-atomic-implicit-seq-cst
lint:
	$(Q)tests/helpers/install-deps build lint
	$(Q)$(MAKE) --no-print-directory -k lint-layout lint-clang \
		lint-cppcheck lint-shell lint-man

lint-layout:
	$(call say,LINT,"layout of C")
	$(Q)clang-format --dry-run -Werror $(C_FILES)

lint-clang:
	$(call say,LINT,"clang's warnings")
	$(Q)for file in $(filter %.c,$(C_FILES)); do \
		clang $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(CLANG_WARNINGS) \
			-Werror -fsyntax-only $$file || bad=1; done; [ -z "$$bad" ]
	$(call say,LINT,"headers alone")
	$(Q)for file in $(filter %.h,$(C_FILES)); do \
		clang $(filter-out -MMD -MP,$(ALL_CFLAGS)) -Wno-unused-function \
			-Werror -fsyntax-only -x c $$file || bad=1; done; [ -z "$$bad" ]

# ctunullpointer: a test that asks whether a port is gone is taken for one
# that passes NULL.
lint-cppcheck:
	$(call say,LINT,cppcheck)
	$(Q)cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability -I. -D_GNU_SOURCE \
		--suppress=ctunullpointer \
		-DVERSION='"$(VERSION)"' $(filter %.c,$(C_FILES))

lint-shell:
	$(call say,LINT,shellcheck)
	$(Q)shellcheck --external-sources --source-path=SCRIPTDIR $(SHELL_FILES)

lint-man:
	$(call say,LINT,"manual pages")
	$(Q)mandoc -T lint -W warning $(wildcard man/*.[1-8])

format:
	$(Q)clang-format -i $(C_FILES)

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
	$(call say,INST,"$(DESTDIR)$(MANDIR)/man5")
	$(Q)$(INSTALL) -d "$(DESTDIR)$(MANDIR)/man5"
	$(Q)$(INSTALL) -m 644 $(MANPAGE5) "$(DESTDIR)$(MANDIR)/man5"
	$(call say,INST,"$(DESTDIR)$(MANDIR)/man8")
	$(Q)$(INSTALL) -d "$(DESTDIR)$(MANDIR)/man8"
	$(Q)$(INSTALL) -m 644 $(MANPAGE8) "$(DESTDIR)$(MANDIR)/man8"
	$(call say,INST,"$(DESTDIR)$(COMPDIR)")
	$(Q)$(INSTALL) -d "$(DESTDIR)$(COMPDIR)"
	$(Q)for file in $(COMPLETIONS); do \
		name=$${file##*/}; $(INSTALL) -m 644 $$file \
			"$(DESTDIR)$(COMPDIR)/$${name%.bash-completion}" || exit 1; done

uninstall:
	$(Q)rm -f $(foreach f,uml_switch $(notdir $(PROGRAMS)),"$(DESTDIR)$(BINDIR)/$(f)")
	$(Q)rm -f $(foreach f,uml_switch.1 $(notdir $(MANPAGES)),"$(DESTDIR)$(MANDIR)/man1/$(f)")
	$(Q)rm -f $(foreach f,$(notdir $(MANPAGE5)),"$(DESTDIR)$(MANDIR)/man5/$(f)")
	$(Q)rm -f $(foreach f,$(notdir $(MANPAGE8)),"$(DESTDIR)$(MANDIR)/man8/$(f)")
	$(Q)rm -f $(foreach f,$(notdir $(COMPLETIONS:.bash-completion=)),"$(DESTDIR)$(COMPDIR)/$(f)")

clean:
	$(Q)rm -rf $(BUILD)

-include $(patsubst %.c,$(BUILD)/%.d,$(wildcard common/*.c uml_router/*.c tunctl/*.c uml_net/*.c \
	tests/helpers/*.c tests/unit/*.c tests/fuzz/*.c bench/*.c bench/lib/*.c))
