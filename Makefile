# SPDX-License-Identifier: GPL-2.0-or-later
# One non-recursive makefile. make | make demo | make check | make lint | make bench | make lab | make install.
# MODE=release|asan|cov|fuzz: each has its own build tree, so that switching rebuilds nothing.
VERSION  := 0.1.0
MODE     ?= release
BUILD    := build/$(MODE)
PREFIX   ?= /usr/local
SBINDIR  ?= $(PREFIX)/sbin
DATADIR  ?= $(PREFIX)/share
MANDIR   ?= $(DATADIR)/man
CC       ?= cc
PKGCONF  ?= pkg-config
LIBS     := libarchive libcurl blkid mount ext2fs com_err gpgme libconfuse liblzma libzstd zlib uuid \
	    fdisk libgcrypt libcrypt jansson
TESTLIBS := cmocka

# make V=1 shows the commands
Q := $(if $(V),,@)

# $(call cc_has,FLAGS): those that this compiler knows (clang lacks some of gcc's)
cc_has = $(foreach f,$(1),$(shell $(CC) -Werror $(f) -fsyntax-only -x c /dev/null 2>/dev/null && echo $(f)))
WARN  := -Wall -Wextra -Wshadow -Wformat=2 -Wvla -Wundef -Wwrite-strings -Wpointer-arith \
	 -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wmissing-declarations \
	 -Wimplicit-fallthrough $(call cc_has,-Wcast-align=strict -Wlogical-op -Wduplicated-cond)
CFLAGS ?= -O2 -g
mode_cflags_release := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
mode_ldflags_release := -pie -Wl,-z,relro,-z,now
mode_cflags_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
mode_ldflags_asan := -fsanitize=address,undefined
mode_cflags_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
mode_ldflags_fuzz := -fsanitize=fuzzer,address,undefined
mode_cflags_cov := -O0 --coverage
mode_ldflags_cov := --coverage
ifeq ($(filter $(MODE),release asan cov fuzz),)
$(error MODE must be release, asan, cov or fuzz, not '$(MODE)')
endif

DEFS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DMKD_VERSION='"$(VERSION)"' \
	-DMKD_PROFILE_DIR='"$(DATADIR)/mkdomu/profiles"' \
	-DMKD_HOOK_DIR='"$(DATADIR)/mkdomu/hooks"'
# = and not :=, so that 'make setup' can run before the libraries are there
LIB_CFLAGS = $(shell $(PKGCONF) --cflags $(LIBS))
CFLAGS_ALL = -std=gnu11 $(DEFS) -Iinclude $(WARN) $(CPPFLAGS) $(CFLAGS) $(mode_cflags_$(MODE)) \
	     -ffile-prefix-map=$(CURDIR)=. -pthread
LDFLAGS_ALL = $(LDFLAGS) $(mode_ldflags_$(MODE)) -pthread
LDLIBS   = $(shell $(PKGCONF) --libs $(LIBS)) -lbz2
ifdef WERROR
CFLAGS_ALL += -Werror
endif

lib_src  := $(filter-out builder/main.c,$(wildcard builder/*.c builder/*/*.c)) $(wildcard hooks/*.c)
test_src := $(wildcard tests/unit/test_*.c)
test_lib := $(filter-out $(test_src),$(wildcard tests/unit/*.c))
headers  := $(wildcard include/mkdomu/*.h)
# Calls that tests/unit/fault.c can make fail; some go by another name where they are fortified.
faults   := malloc calloc realloc reallocarray aligned_alloc strdup vasprintf __vasprintf_chk \
	    open64 __open64_2 openat64 read pread64 write pwrite64 fsync fdatasync renameat \
	    renameat2 linkat unlinkat ftruncate64 fchmod flock socket bind mkdir mkdtemp fstat64 \
	    lseek64 poll opendir readdir64 pthread_create mnt_new_table mnt_new_iter \
	    blkid_new_probe fdisk_new_context \
	    gcry_check_version gcry_md_open ext2fs_read_inode_full ext2fs_flush2 \
	    ext2fs_inode_csum_set ext2fs_allocate_tables ext2fs_copy_bitmap
obj       = $(patsubst %.c,$(BUILD)/%.o,$(1))
# Each tests/fuzz/fuzz_NAME.c is a libFuzzer program and, on the inputs that are kept, a unit test.
fuzz_src := $(wildcard tests/fuzz/fuzz_*.c)
fuzz_lib := $(filter-out $(fuzz_src),$(wildcard tests/fuzz/*.c))
fuzzers  := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/fuzz/%,$(fuzz_src))
replays  := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/test_%,$(fuzz_src))
tests    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(test_src)) $(replays)
e2e      := $(sort $(wildcard tests/e2e/*.sh))
all_src  := $(lib_src) $(test_src) $(test_lib) $(fuzz_src) $(fuzz_lib) $(wildcard builder/main.c)

.PHONY: FORCE all setup unit check demo bench coverage lint layers errnos headers-standalone \
	format format-check tidy install uninstall clean
.DELETE_ON_ERROR:
all: $(BUILD)/mkdomu

$(BUILD)/libmkdomu.a: $(call obj,$(lib_src))
	@rm -f $@
	$(Q)$(AR) rcsD $@ $^
$(BUILD)/mkdomu: $(call obj,builder/main.c) $(BUILD)/libmkdomu.a
	@echo '  LD  $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS)
$(filter-out $(replays),$(tests)): $(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(call obj,$(test_lib)) $(BUILD)/libmkdomu.a
	@mkdir -p $(@D)
	@echo '  LD  $@'
	$(Q)$(CC) $(LDFLAGS_ALL) $(faults:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS) \
		$(shell $(PKGCONF) --libs $(TESTLIBS))
$(replays): $(BUILD)/tests/test_%: $(BUILD)/tests/fuzz/%.o $(call obj,$(fuzz_lib)) $(BUILD)/libmkdomu.a
	@mkdir -p $(@D)
	@echo '  LD  $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS)
$(fuzzers): $(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/fuzz_%.o \
	$(call obj,$(filter-out %/replay.c,$(fuzz_lib))) $(BUILD)/libmkdomu.a
	@mkdir -p $(@D)
	@echo '  LD  $@'
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS)
# What takes minutes and gigabytes of memory: make stress [MODE=asan]
stress   := $(patsubst tests/stress/%.c,$(BUILD)/stress/%,$(wildcard tests/stress/*.c))
$(stress): $(BUILD)/stress/%: $(BUILD)/tests/stress/%.o $(call obj,$(test_lib)) $(BUILD)/libmkdomu.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) $(faults:%=-Wl,--wrap=%) -o $@ $^ $(LDLIBS) \
		$(shell $(PKGCONF) --libs $(TESTLIBS))
.PHONY: stress
stress: $(BUILD)/mkdomu $(stress)
	@TEST_TIMEOUT=3600 JOBS=1 tests/run --mode $(MODE) $(wildcard tests/stress/*.sh) $(stress)
# Small programs of the end-to-end tests (independent oracles): tests/tools/NAME.c
$(BUILD)/tools/%: tests/tools/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -std=gnu11 -D_GNU_SOURCE -Wall -o $@ $< $($*_libs)
xlcheck_libs := -lxlutil -lxenlight
tools    := $(patsubst tests/tools/%.c,$(BUILD)/tools/%,$(wildcard tests/tools/*.c))

# flags.txt changes only when the command line does; then every object is stale.
$(BUILD)/%.o: %.c $(BUILD)/flags.txt
	@mkdir -p $(@D)
	@echo '  CC  $<'
	$(Q)$(CC) $(CFLAGS_ALL) $(LIB_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/flags.txt: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS" | cmp -s - $@ || printf '%s\n' "$$FLAGS" > $@
export FLAGS = $(CC) $(CFLAGS_ALL)
FORCE:
-include $(patsubst %.c,$(BUILD)/%.d,$(all_src))

# Debian packages that are missing; asks apt only when some are.
setup:
	@tests/tools/setup build check

# Unit tests alone: make unit [MODE=asan] [T=name]
unit: $(if $(T),$(BUILD)/tests/test_$(T),$(tests))
	@tests/run --mode $(MODE) $(if $(T),$(BUILD)/tests/test_$(T),$(tests))

# Everything, in the release build and under ASan+UBSan; sets itself up.
check: setup
	@$(MAKE) --no-print-directory -j2 MODE=release check-build
	@$(MAKE) --no-print-directory -j2 MODE=asan check-build
	@tests/run --all
.PHONY: check-build
check-build: $(BUILD)/mkdomu $(tests) $(tools) layers
# make fuzz [FUZZ_SECONDS=60] [T=name]: libFuzzer on each target, see tests/fuzz/README.md
.PHONY: fuzz fuzz-merge fuzz-build
FUZZ_SECONDS ?= 60
fuzz fuzz-merge:
	@tests/tools/setup build fuzz
	@$(MAKE) --no-print-directory -j2 MODE=fuzz CC=clang fuzz-build
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(if $(filter fuzz-merge,$@),--merge) $(T)
fuzz-build: $(if $(T),$(BUILD)/fuzz/$(T),$(fuzzers))
# One end-to-end test on one build: make e2e T=torture [MODE=asan]
.PHONY: e2e
e2e: $(BUILD)/mkdomu $(tools)
	@tests/run --mode $(MODE) $(if $(T),tests/e2e/$(T).sh,$(e2e))

# In a virtual machine with Debian's kernel: device-mapper, LVM, md, partitions. make vm [T=lvm]
.PHONY: vm
vm: $(BUILD)/mkdomu $(BUILD)/tools/xlcheck
	@tests/tools/setup build check lab
	@TEST_TIMEOUT=1600 tests/run --mode $(MODE) $(if $(T),tests/lab/vm-$(T).sh,$(sort $(wildcard tests/lab/vm-*.sh)))
# Guests under real Xen, in QEMU's emulation: the core of the matrix, all of it, or ROW=name ...
.PHONY: lab lab-full
lab lab-full:
	@tests/tools/setup build check lab
	@$(MAKE) --no-print-directory -j2 all
	@tests/lab/run $(if $(ROW),$(ROW),$(if $(filter lab-full,$@),full,core))

demo:
	@tests/tools/setup build demo
	@$(MAKE) --no-print-directory -j2 all
	@tests/demo

bench:
	@tests/tools/setup build bench
	@$(MAKE) --no-print-directory -j2 all
	@tests/bench
# what an entry costs as there are more of them
.PHONY: bench-growth
bench-growth: all
	@tests/bench growth

# gcov ships with gcc; prints one line a file and fails under MIN_COV percent in all.
MIN_COV ?= 80
coverage:
	$(MAKE) MODE=cov unit
	gcov -n $(patsubst %.c,build/cov/%.gcda,$(lib_src)) 2>/dev/null | awk -v min=$(MIN_COV) ' \
		/^File/ { f = $$2 } \
		f ~ /builder|hooks/ && /^Lines/ { split($$2, a, /[:%]/); hit += a[2] * $$4 / 100; all += $$4; print f, a[2] "%"; f = "" } \
		END { printf "total %.1f%%\n", 100 * hit / all; exit 100 * hit / all < min }'

lint: layers errnos headers-standalone format-check tidy
errnos:
	@tests/tools/errnos
layers:
	@tests/tools/check-layers.sh
headers-standalone:
	@for h in $(headers); do $(CC) $(CFLAGS_ALL) -fsyntax-only -x c $$h || exit 1; done
c_files := $(lib_src) $(wildcard builder/main.c) $(headers) \
	   $(wildcard tests/unit/*.[ch] tests/fuzz/*.[ch] tests/stress/*.c tests/tools/*.c)
format:
	clang-format -i $(c_files)
format-check:
	@clang-format --dry-run -Werror $(c_files)
tidy:
	cppcheck --quiet --error-exitcode=1 --enable=warning,portability,performance \
		 --inline-suppr --suppress=missingIncludeSystem -Iinclude builder hooks
	@mkdir -p build; printf '%s\n' $(lib_src) $(wildcard builder/main.c) | xargs -P2 -n8 \
		sh -c 'eval "clang-tidy --quiet $$* -- $$TIDY_FLAGS" 2>/dev/null' sh >build/tidy.log; \
		r=$$?; cat build/tidy.log; exit $$r
export TIDY_FLAGS = -std=gnu11 $(DEFS) -Iinclude $(LIB_CFLAGS)

install: all
	install -D -m 0755 $(BUILD)/mkdomu $(DESTDIR)$(SBINDIR)/mkdomu
	install -d $(DESTDIR)$(DATADIR)/mkdomu/profiles
	install -m 0644 profiles/*.conf $(DESTDIR)$(DATADIR)/mkdomu/profiles
	install -D -m 0644 man/mkdomu.8 $(DESTDIR)$(MANDIR)/man8/mkdomu.8
	install -D -m 0644 man/mkdomu-hooks.7 $(DESTDIR)$(MANDIR)/man7/mkdomu-hooks.7
	install -d $(DESTDIR)$(DATADIR)/doc/mkdomu/hooks
	install -m 0755 hooks/examples/* $(DESTDIR)$(DATADIR)/doc/mkdomu/hooks
	install -D -m 0644 man/mkdomu-smoke.8 $(DESTDIR)$(MANDIR)/man8/mkdomu-smoke.8
	install -d $(DESTDIR)$(DATADIR)/mkdomu/lab/lablib
	install -m 0755 $(addprefix tests/lab/,boot prepare debs dom0-init guest-init) $(DESTDIR)$(DATADIR)/mkdomu/lab
	install -m 0644 $(wildcard tests/lab/lablib/*.py tests/lab/lablib/*.sh) $(DESTDIR)$(DATADIR)/mkdomu/lab/lablib
	sed 's|@LAB@|$(DATADIR)/mkdomu/lab|' tests/lab/mkdomu-smoke >$(DESTDIR)$(SBINDIR)/mkdomu-smoke
	chmod 0755 $(DESTDIR)$(SBINDIR)/mkdomu-smoke
uninstall:
	rm -f $(addprefix $(DESTDIR)$(SBINDIR)/,mkdomu mkdomu-smoke)
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man8/,mkdomu.8 mkdomu-smoke.8)
	rm -f $(DESTDIR)$(MANDIR)/man7/mkdomu-hooks.7
	rm -rf $(DESTDIR)$(DATADIR)/mkdomu $(DESTDIR)$(DATADIR)/doc/mkdomu
clean:
	rm -rf build
