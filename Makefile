# SPDX-License-Identifier: GPL-3.0-or-later
#
# One Makefile, not recursive. Everything built goes under $(O); `make
# O=/elsewhere` builds out of the tree. `make help` lists the targets.

# --- what a user may set ------------------------------------------------------
O         ?= build
BUILD     ?= release# release | debug | asan | tsan | cov | fuzz
CLANG     ?= clang
BPFTOOL   ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PREFIX    ?= /usr/local
UNITDIR   ?= $(PREFIX)/lib/systemd/system
SYSCONFDIR ?= /etc
ZSHDIR    ?= $(PREFIX)/share/zsh/site-functions
DESTDIR   ?=
FUZZ_TIME ?= 60# seconds for each fuzz target
DEMO_ARGS ?=
V         ?= 0

# --- packages -----------------------------------------------------------------
# What `make deps` installs from Debian 12; iproute2, nftables and procps are for the
# tests, graphviz only draws.
PACKAGES := bpftool clang gcc graphviz iproute2 libbpf-dev \
            libcmocka-dev libelf-dev libgsl-dev libjansson-dev libmnl-dev \
            libopenblas-dev libpcap-dev libseccomp-dev libsqlite3-dev libyaml-dev linux-libc-dev \
            nftables pkg-config procps zlib1g-dev
PKGS     := sqlite3 yaml-0.1 libbpf libmnl libpcap libseccomp jansson

# --- flags --------------------------------------------------------------------
WARN := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion \
        -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef \
        -Wcast-qual -Wwrite-strings -Wpointer-arith -Wswitch-enum \
        -Werror=implicit-function-declaration -Werror=unused-result
ifeq ($(CI),true)
WARN += -Werror
endif

MODE_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
MODE_debug   := -O0 -g3
MODE_asan    := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
                -fsanitize=address,undefined
MODE_tsan    := -O1 -g -fsanitize=thread
MODE_cov     := -O0 -g --coverage
MODE_fuzz    := -O1 -g -fno-sanitize-recover=all \
                -fsanitize=fuzzer-no-link,address,undefined
MODE         := $(strip $(BUILD))
$(if $(MODE_$(MODE)),,$(error BUILD=$(MODE): want release, debug, asan, tsan, cov or fuzz))

# Same sources and compiler, same bytes, wherever the tree lies.
REPRO    := -ffile-prefix-map=$(CURDIR)=.
CPPFLAGS += -I. -isystem $(B)/gen -D_GNU_SOURCE
CFLAGS   += -std=gnu17 $(WARN) $(MODE_$(MODE)) $(REPRO)
LDFLAGS  += $(filter -fsanitize=% --coverage,$(MODE_$(MODE))) -Wl,--as-needed
# plain `pkg-config --libs gsl` would bring a BLAS that is 60 times slower
LDLIBS    = $(shell pkg-config --libs $(PKGS)) -lgsl -lopenblas -lm

# --- sources: one archive for each layer, highest first -----------------------
B        := $(O)/$(MODE)
LAYERS   := cli datasets model collector store graph
DIRS_graph     := graph/base graph
DIRS_store     := collector/store
DIRS_collector := collector/trace collector
DIRS_model     := model
DIRS_datasets  := datasets
DIRS_cli       := cli/demo cli/trace cli
# what a test of the layer links, lowest last
BELOW_graph     := graph
BELOW_store     := store graph
BELOW_collector := collector store graph
BELOW_model     := model store graph
BELOW_datasets  := datasets model store graph
BELOW_cli       := cli datasets model collector store graph
src       = $(filter-out cli/main.c,$(sort $(foreach d,$(DIRS_$(1)),$(wildcard $(d)/*.c))))
obj       = $(patsubst %.c,$(B)/%.o,$(1))
BPF      := $(sort $(wildcard bpf/*.bpf.c))
SKELS    := $(patsubst bpf/%.bpf.c,$(B)/gen/bpf/%.skel.h,$(BPF))
ARCHIVES := $(foreach l,$(LAYERS),$(if $(call src,$(l)),$(B)/lib$(l).a))
PROGS    := $(if $(wildcard cli/main.c),$(B)/rca)
TESTS    := $(patsubst %.c,$(B)/%,$(sort $(shell find tests/unit -name "*_test.c")))
SIMTEST  := $(B)/tests/sim/sim_test
KTESTS   := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/bpf/*_test.c)))
CLITESTS := $(sort $(wildcard tests/cli/*_test.sh))
BENCHES  := $(patsubst %.c,$(B)/%,$(sort $(wildcard tests/bench/*_bench.c)))
FUZZERS  := $(sort $(wildcard tests/fuzz/*_fuzz.c))
SOURCES   = $(sort $(shell git ls-files '*.[ch]' 2>/dev/null || \
                     find . -name '*.[ch]' -not -path './build*'))
HOSTED    = $(filter-out %.bpf.c,$(filter %.c,$(SOURCES)))

ifeq ($(V),0)
Q   := @
say  = @printf '  %-8s %s\n' $(1) $(2)
endif

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all build check quick check-sim check-cli check-bpf check-kernels check-qemu check-incidents bench demo deps deps-dev
.PHONY: install uninstall deb check-deb check-boot
.PHONY: fuzz fuzz-run fuzz-replay sanitize tsan valgrind format lint coverage clean help

all: deps ## install what is missing, then build
	@$(MAKE) --no-print-directory build

build: $(ARCHIVES) $(PROGS) ## build only

# --- packages: only what is missing, only with the right to -------------------
deps: ## install the packages that the build needs (apt; root or sudo)
	@tests/check/deps.sh $(PACKAGES)

deps-dev: ## and those of lint, valgrind and fuzz
	@tests/check/deps.sh $(PACKAGES) clang-format clang-tidy cppcheck mandoc \
	    libclang-rt-dev shellcheck valgrind

# --- rules --------------------------------------------------------------------
# Every object depends on the flags it was built with.
STAMP = $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(STAMP)' | cmp -s - $@ || echo '$(STAMP)' > $@
.PHONY: FORCE

$(B)/%.o: %.c $(B)/flags | $(SKELS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Skeletons count as system headers, which -MMD leaves out.
$(patsubst %.c,$(B)/%.o,$(wildcard collector/*.c collector/trace/*.c)): $(SKELS)

# The same cases on every machine: no fused multiply-add.
$(B)/datasets/simulate%.o: CFLAGS += -ffp-contract=off

define archive
$(B)/lib$(1).a: $(call obj,$(call src,$(1)))
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) qcsD $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call archive,$(l))))

$(B)/rca: $(B)/cli/main.o $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# A test of a layer links that layer and those below it: an upward call does
# not link. tests/unit/LAYER/...; collector/store is the layer `store`. A test
# that is written but not listed in main() does not compile.
$(B)/tests/unit/%.o: private CFLAGS += -Werror=unused-function
OOM       := $(foreach f,malloc calloc realloc strdup,-Wl,--wrap=$(f))
layer      = $(if $(filter tests/unit/collector/store/%,$(1)),store,$(word 3,$(subst /, ,$(1))))
below      = $(filter $(foreach l,$(BELOW_$(1)),$(B)/lib$(l).a),$(ARCHIVES))
define unit
$(1): $(1).o $(B)/tests/harness/oom.o $(call below,$(call layer,$(patsubst $(B)/%,%,$(1))))
	$$(call say,LD,$$@)
	$$(Q)$$(CC) $$(LDFLAGS) $$(OOM) -o $$@ $$^ $$(LDLIBS) -lcmocka
endef
$(foreach t,$(TESTS),$(eval $(call unit,$(t))))

$(SIMTEST): $(patsubst %.c,$(B)/%.o,$(wildcard tests/sim/*.c)) $(foreach l,$(BELOW_datasets),$(B)/lib$(l).a)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(B)/tests/bpf/%: $(B)/tests/bpf/%.o $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(B)/tests/bench/%: $(B)/tests/bench/%.o $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# what a test of the commands reads
$(B)/tests/cli/%: $(B)/tests/cli/%.o $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/harness/fuzz_main.o $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Style and script of the HTML report, as text that C holds.
REPORT := $(B)/gen/cli/report_css.h $(B)/gen/cli/report_js.h
$(B)/gen/cli/report_%.h: cli/report.%
	@mkdir -p $(@D)
	$(Q){ echo 'static const char report_$*[] ='; \
	    sed 's/[\\"]/\\&/g; s/.*/    "&\\n"/' $<; echo ';'; } > $@
$(B)/cli/html.o: $(REPORT)

# Kernel side. -g for BTF; bpf/vmlinux_min.h declares the fields that are read
# and CO-RE relocates them, so the build does not depend on the build host.
BPF_CFLAGS := -g -O2 -Wall -Werror -target bpf -mcpu=v3 -I. $(REPRO) \
              -D__TARGET_ARCH_$(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/') \
              -idirafter /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null)
$(B)/gen/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@.tmp $<
	$(Q)$(BPFTOOL) gen object $@ $@.tmp && rm $@.tmp
$(B)/gen/bpf/%.skel.h: $(B)/gen/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@
.SECONDARY:

# --- tests --------------------------------------------------------------------
# `check` installs what is missing first; `quick` does not.
check: deps ## everything that must hold: tests, corpus, layers, headers, bans
	@$(MAKE) --no-print-directory build fuzz-replay
	@tests/check/layers.sh
	@tests/check/headers.sh $(CC)
	@tests/check/banned.sh
	@$(MAKE) --no-print-directory check-cli
	@$(MAKE) --no-print-directory check-bpf
	@$(MAKE) --no-print-directory quick check-sim

quick: $(TESTS) ## unit tests only
	@set -e; for t in $(TESTS); do $$t; done

check-sim: $(SIMTEST) ## simulated incidents: how often the default method is right
	@$<

check-cli: $(PROGS) $(B)/tests/bench/html_bench $(B)/tests/cli/trace_fixture ## the commands as a user types them
	@set -e; for t in $(CLITESTS); do $$t $(B)/rca; done

check-bpf: $(KTESTS) $(PROGS) ## kernel side, as root; skips where not allowed
	@set -e; for t in $(KTESTS); do $$t; done

# The application that the incidents hit.
VICTIM := $(B)/tests/incident/victim
$(VICTIM): $(VICTIM).o
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libmnl) -lm -lpthread

check-incidents: $(PROGS) $(VICTIM) ## seven real incidents of a network, as root: 4 minutes
	@tests/incident/run.sh $(B)/rca $(VICTIM) $(INCIDENTS)

check-kernels: $(KTESTS) $(PROGS) ## the same in Debian's own kernel, emulated
	@tests/bpf/qemu.sh $(O)/qemu $^

check-qemu: check-kernels

sanitize: ## unit, corpus and command tests under ASan + UBSan
	$(Q)UBSAN_OPTIONS=print_stacktrace=1 $(MAKE) BUILD=asan build quick fuzz-replay check-cli

tsan: ## unit tests under ThreadSanitizer
	$(Q)$(MAKE) BUILD=tsan quick

# The simulated incidents would take minutes, and so would loading eBPF programs
# again and again, or a seccomp filter that memcheck does not know, or children
# that end at once, or the kernel's types read a hundred times; `sanitize` runs
# these, too.
valgrind: $(TESTS) ## unit tests under memcheck
	@printf '%s\n' $(filter-out %/sim_test %/past_test %/detect_store_test %/disk_test %/confine_test %/trouble_test %/names_host_test,$(TESTS)) | \
	    OPENBLAS_NUM_THREADS=1 RCA_TEST_ROUNDS=4 xargs -P $$(nproc) -n 1 \
	    valgrind -q --leak-check=full --error-exitcode=9

# Each fuzz target is a plain program over its corpus in `check` and runs under
# libFuzzer in `fuzz`. A crash is fixed together with its corpus file.
fuzz-replay: $(patsubst %.c,$(B)/%,$(FUZZERS))
	@set -e; for f in $^; do n=$$(basename $$f _fuzz); \
	    $$f tests/fuzz/corpus/$$n/*; done

fuzz: ## run every fuzz target for FUZZ_TIME seconds
	$(Q)$(MAKE) --no-print-directory BUILD=fuzz CC=$(CLANG) fuzz-run

fuzz-run: $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%.exe,$(FUZZERS))
	@printf '%s\n' $^ | xargs -P $$(nproc) -n 1 sh -c \
	    'n=$$(basename $$1 _fuzz.exe); \
	    echo "  FUZZ     $$n"; mkdir -p $(B)/corpus/$$n; \
	    $$1 -max_total_time=$(strip $(FUZZ_TIME)) -artifact_prefix=$(B)/$$n- \
	        -print_final_stats=0 -verbosity=0 $(B)/corpus/$$n \
	        tests/fuzz/corpus/$$n || exit 255' sh
$(B)/tests/fuzz/%.exe: $(B)/tests/fuzz/%.o $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

bench: $(BENCHES) $(PROGS) ## time: median of repeated runs, TSV on stdout
	@set -e; for b in $(BENCHES); do $$b; done

coverage: ## line and branch coverage of the unit tests
	$(Q)find $(O)/cov -name '*.gcda' -delete 2>/dev/null; true
	$(Q)$(MAKE) --no-print-directory BUILD=cov quick > /dev/null
	@cd $(O)/cov && gcov -b -n $$(find . -name '*.gcda' -not -path './tests/*') \
	    2>/dev/null | grep -A4 "^File '\(graph\|model\|collector\|datasets\|cli\)/"

# --- upkeep -------------------------------------------------------------------
format: ## rewrite sources in the project's format
	clang-format -i $(SOURCES)

# Neither clang's analyzer nor cppcheck knows __cleanup__: leaks are left to
# LSan, memcheck and tests/harness/oom.h. clang-tidy 14 takes one file at a
# time: given several it sees uninitialized va_lists that are none. Its analyzer
# would take nine tenths of the time: it stays within functions (DEPTH=deep goes
# into calls, four times as long) and leaves out tests, which run anyway.
DEPTH := shallow
TIDY   = clang-tidy --quiet $(foreach a,-analyzer-config mode=$(DEPTH),\
             --extra-arg=-Xclang --extra-arg=$(a))
lint: $(SKELS) $(REPORT) ## formatting, clang-tidy, cppcheck, shellcheck
	$(Q)clang-format --dry-run -Werror $(SOURCES)
	$(Q)printf '%s\n' $(HOSTED) | xargs -P $$(nproc) -n 1 sh -c \
	    'case $$1 in tests/*) set -- "$$1" --checks=-clang-analyzer-*;; esac; \
	    $(TIDY) "$$@" -- $(CPPFLAGS) -std=gnu17 2>/dev/null' sh
	$(Q)cppcheck --quiet -j $$(nproc) --std=c11 --enable=warning,performance,portability \
	    --suppress=memleak --suppress=resourceLeak --inline-suppr \
	    --error-exitcode=1 -I. $(HOSTED)
	$(Q)shellcheck tests/check/*.sh tests/bench/*.sh datasets/*.sh tests/bpf/*.sh tests/incident/*.sh $(CLITESTS) .ci/run .githooks/pre-commit

# A configuration that is there is left alone. The unit and the user's entry
# come from debian/: the package installs the same files.
MAN := $(sort $(wildcard docs/man/*.[158]))
SHARE = $(DESTDIR)$(PREFIX)/share
install: build ## install under $(DESTDIR)$(PREFIX)
	install -D -m 0755 -t $(DESTDIR)$(PREFIX)/bin $(PROGS)
	install -D -m 0644 -t $(DESTDIR)$(PREFIX)/share/rca datasets/recorded.db \
	    docs/explain.schema.json docs/trace.schema.json
	for m in $(MAN); do install -D -m 0644 \
	    -t $(DESTDIR)$(PREFIX)/share/man/man$${m##*.} $$m || exit 1; done
	install -d $(SHARE)/bash-completion/completions \
	    $(SHARE)/fish/vendor_completions.d $(DESTDIR)$(ZSHDIR)
	$(PROGS) completion bash > $(SHARE)/bash-completion/completions/rca
	$(PROGS) completion fish > $(SHARE)/fish/vendor_completions.d/rca.fish
	$(PROGS) completion zsh > $(DESTDIR)$(ZSHDIR)/_rca
	install -D -m 0644 -T debian/rca.sysusers \
	    $(DESTDIR)$(PREFIX)/lib/sysusers.d/rca.conf
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/rca
	sed 's|/usr/bin/|$(PREFIX)/bin/|' debian/rca.rca-collect.service \
	    > $(DESTDIR)$(UNITDIR)/rca-collect.service
	sed 's|/usr/bin/|$(PREFIX)/bin/|' debian/rca.rca-watch.service \
	    > $(DESTDIR)$(UNITDIR)/rca-watch.service
	test -e $(DESTDIR)$(SYSCONFDIR)/rca/rca.yaml || install -m 0644 \
	    -t $(DESTDIR)$(SYSCONFDIR)/rca docs/rca.yaml

uninstall: ## remove what was installed; configuration and data stay
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGS)))
	rm -rf $(DESTDIR)$(PREFIX)/share/rca
	for m in $(MAN); do \
	    rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	rm -f $(SHARE)/bash-completion/completions/rca \
	    $(SHARE)/fish/vendor_completions.d/rca.fish $(DESTDIR)$(ZSHDIR)/_rca
	rm -f $(DESTDIR)$(PREFIX)/lib/sysusers.d/rca.conf
	rm -f $(DESTDIR)$(UNITDIR)/rca-collect.service \
	    $(DESTDIR)$(UNITDIR)/rca-watch.service

# Of what git knows (or all, in an archive without it), in a folder of its own:
# dpkg-buildpackage writes beside the tree, and debhelper into it.
deb: ## Debian package, checked by lintian, in $(O)/deb
	@tests/check/deps.sh $(PACKAGES) build-essential debhelper lintian
	rm -rf $(O)/deb
	mkdir -p $(O)/deb/rca
	{ git ls-files 2>/dev/null || find . -path './build*' -prune -o -type f -print; } | \
	    tar -cf - --verbatim-files-from -T - | tar -xf - -C $(O)/deb/rca
	cd $(O)/deb/rca && dpkg-buildpackage -us -uc -b
	rm -r $(O)/deb/rca
	lintian --allow-root --fail-on error,warning $(O)/deb/*.changes
	@ls $(O)/deb/*.deb

check-deb: deb ## the package: the same bytes again; installed, used and purged
	@tests/check/package.sh $(O)/deb

check-boot: deb ## the package's systemd unit, in Debian 12 and its kernel, emulated
	@tests/check/boot.sh $(O)/deb

demo: deps ## a real application, a real fault, an explanation: about 2 minutes
	@$(MAKE) --no-print-directory build
	@$(B)/rca demo -o rca-demo $(DEMO_ARGS)

clean: ## remove everything built
	rm -rf $(O)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | \
	    expand -t 16

-include $(shell find $(B) -name '*.d' 2>/dev/null)
