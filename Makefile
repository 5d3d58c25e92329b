# The front door. `make demo` and `make check` need nothing else done before.
.PHONY: all setup build release demo check bench fuzz soak format tidy install uninstall clean

PREFIX ?= /usr/local
DESTDIR ?=
NINJA = ninja --quiet -C build/release

all: release

release:
	@tools/setup build
	@cmake --preset release >/dev/null
	@$(NINJA) azimuth azimuth-tap

demo: release
	@AZM_BUILD=$(CURDIR)/build/release tests/demo.sh

check:
	@tools/setup check
	@tools/check

bench:
	@tools/setup check
	@cmake --preset release >/dev/null && $(NINJA)
	@tools/bench

# FUZZ_SECONDS per target
fuzz:
	@tools/setup check
	@tools/fuzz $(or $(FUZZ_SECONDS),600)

soak: release
	@tools/setup check
	@$(NINJA) bench_tap_replay bench_relay
	@AZM_BUILD=$(CURDIR)/build/release AZM_SOAK=1 /usr/bin/python3 -m pytest -q -s tests/scenario -m soak

format:
	@clang-format -i $$(git ls-files '*.c' '*.h')

tidy:
	@tools/tidy

install: release
	install -D -m 755 build/release/bin/azimuth $(DESTDIR)$(PREFIX)/bin/azimuth
	install -D -m 755 build/release/bin/azimuth-tap $(DESTDIR)$(PREFIX)/bin/azimuth-tap
	install -D -m 644 packaging/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/azimuth

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/azimuth $(DESTDIR)$(PREFIX)/bin/azimuth-tap
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/azimuth

clean:
	rm -rf build
