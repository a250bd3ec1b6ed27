# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian package, built in a copy of the tree, and `make install`.

bats_require_minimum_version 1.5.0
load helpers/proc

# The package is built once, by the first test that wants it.
setup() {
  work_make
  COPY=$BATS_FILE_TMPDIR/tree
  DEB=$(compgen -G "$BATS_FILE_TMPDIR/uml-netutils_*.deb" || true)
}

teardown() {
  cleanup
}

# clean_env CMD [ARG...]: without the variables of a make around this test
clean_env() {
  env -i "PATH=$PATH" "HOME=$WORK" LC_ALL=C.UTF-8 "$@"
}

# copy_tree: the sources without what was built
copy_tree() {
  [ ! -e "$COPY" ] || return 0
  mkdir "$COPY.new"
  tar -c --exclude-vcs --exclude='./build*' --exclude="./${BUILD:-build}" \
    --exclude=./tests/guest . | tar -x --no-same-owner -C "$COPY.new"
  mv "$COPY.new" "$COPY"
}

# need_package: built, or skip. Where that fails, its log is shown.
need_package() {
  local tool
  for tool in dpkg-buildpackage dh; do
    command -v "$tool" >/dev/null || skip "needs $tool"
  done
  [ -z "$DEB" ] || return 0
  [ ! -e "$BATS_FILE_TMPDIR/tried" ] || {
    echo "the package did not build, see the first test"
    return 1
  }
  : >"$BATS_FILE_TMPDIR/tried"
  copy_tree
  (cd "$COPY" && clean_env "DEB_BUILD_OPTIONS=parallel=$(nproc)" \
    timeout -k 5 100 dpkg-buildpackage -b -us -uc) >"$WORK/log" 2>&1 </dev/null || {
    tail -n 30 "$WORK/log"
    return 1
  }
  DEB=$(compgen -G "$BATS_FILE_TMPDIR/uml-netutils_*.deb")
}

# field NAME: of the package
field() {
  timeout 10 dpkg-deb -f "$DEB" "$1"
}

# files DIR: what is in it, with the targets of links
files() {
  (cd "$1" && find . ! -type d -printf '%M %P %l\n' | sed 's/ $//' | LC_ALL=C sort)
}

@test "the Debian package builds, and has what it should have" {
  need_package
  timeout 20 dpkg-deb -x "$DEB" "$WORK/root"
  diff - <(files "$WORK/root") <<END
-rw-r--r-- usr/share/bash-completion/completions/tunctl
-rw-r--r-- usr/share/bash-completion/completions/uml_net
-rw-r--r-- usr/share/bash-completion/completions/uml_routerctl
-rw-r--r-- usr/share/doc/uml-netutils/NEWS.gz
-rw-r--r-- usr/share/doc/uml-netutils/README.md.gz
-rw-r--r-- usr/share/doc/uml-netutils/changelog.gz
-rw-r--r-- usr/share/doc/uml-netutils/copyright
-rw-r--r-- usr/share/doc/uml-netutils/examples/uml_net.conf
-rw-r--r-- usr/share/man/man1/uml_router.1.gz
-rw-r--r-- usr/share/man/man1/uml_routerctl.1.gz
-rw-r--r-- usr/share/man/man5/uml_net.conf.5.gz
-rw-r--r-- usr/share/man/man8/tunctl.8.gz
-rw-r--r-- usr/share/man/man8/uml_net.8.gz
-rwxr-xr-x etc/network/if-pre-up.d/uml-netutils
-rwxr-xr-x usr/bin/tunctl
-rwxr-xr-x usr/bin/uml_net
-rwxr-xr-x usr/bin/uml_router
-rwxr-xr-x usr/bin/uml_routerctl
-rwxr-xr-x usr/share/doc/uml-netutils/examples/vector-guest
lrwxrwxrwx usr/bin/uml_switch uml_router
lrwxrwxrwx usr/share/man/man1/uml_switch.1.gz uml_router.1.gz
END
  # All belong to root, whoever has built it.
  timeout 10 dpkg -c "$DEB" | awk '$2 != "root/root" { print; bad = 1 }
    END { exit bad }'
  field Depends | grep -q 'libcap-ng0 .*libjansson4 .*libmnl0 .*libpcap0.8 '
  [ "$(field Conflicts)" = uml-utilities ]
  [ "$(field Replaces)" = uml-utilities ]
}

@test "lintian has nothing to say about the package" {
  command -v lintian >/dev/null || skip "needs lintian"
  need_package
  # That a newer policy has come out is no fault of this tree.
  run timeout 60 env "HOME=$WORK" lintian --allow-root \
    --suppress-tags out-of-date-standards-version,newer-standards-version \
    "$(compgen -G "$BATS_FILE_TMPDIR/uml-netutils_*.changes")"
  echo "$output"
  [ "$status" -eq 0 ]
  [ -z "$output" ]
}

@test "the packaged programs switch a frame (the package's own test)" {
  local tool
  for tool in jq socat; do
    command -v "$tool" >/dev/null || skip "needs $tool"
  done
  need_package
  timeout 20 dpkg-deb -x "$DEB" "$WORK/root"
  run env "PATH=$WORK/root/usr/bin:$PATH" "TMPDIR=$WORK" \
    timeout -k 5 60 debian/tests/smoke
  echo "$output"
  [ "$status" -eq 0 ]
  [[ $output == *"one frame went through the switch"* ]]
}

@test "the package's own test fails with another program" {
  mkdir "$WORK/bin"
  ln -s /bin/true "$WORK/bin/uml_router"
  ln -s /bin/true "$WORK/bin/uml_switch"
  run -1 env "PATH=$WORK/bin:$PATH" "TMPDIR=$WORK" \
    timeout -k 5 60 debian/tests/smoke
}

@test "make uninstall takes away what make install has brought" {
  local dest="$WORK/a folder"
  copy_tree
  mkdir -p "$dest/opt/bin"
  echo mine >"$dest/opt/bin/other"
  install_to() {
    clean_env timeout -k 5 100 make -C "$COPY" "-j$(nproc)" "$1" \
      "DESTDIR=$dest" PREFIX=/opt MANDIR=/opt/man </dev/null
  }
  install_to install
  diff - <(files "$dest") <<END
-rw-r--r-- opt/bin/other
-rw-r--r-- opt/man/man1/uml_router.1
-rw-r--r-- opt/man/man1/uml_routerctl.1
-rw-r--r-- opt/man/man5/uml_net.conf.5
-rw-r--r-- opt/man/man8/tunctl.8
-rw-r--r-- opt/man/man8/uml_net.8
-rw-r--r-- opt/share/bash-completion/completions/tunctl
-rw-r--r-- opt/share/bash-completion/completions/uml_net
-rw-r--r-- opt/share/bash-completion/completions/uml_routerctl
-rwxr-xr-x opt/bin/tunctl
-rwxr-xr-x opt/bin/uml_net
-rwxr-xr-x opt/bin/uml_router
-rwxr-xr-x opt/bin/uml_routerctl
lrwxrwxrwx opt/bin/uml_switch uml_router
lrwxrwxrwx opt/man/man1/uml_switch.1 uml_router.1
END
  [ "$("$dest/opt/bin/uml_switch" --version)" = \
    "uml_router (uml-netutils) $(sed -n 's/^VERSION := //p' Makefile)" ]
  # Again over itself, and away twice.
  install_to install
  install_to uninstall
  install_to uninstall
  [ "$(files "$dest")" = "-rw-r--r-- opt/bin/other" ]
}

@test "one version everywhere" {
  local version page
  version=$(sed -n 's/^VERSION := //p' Makefile)
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]
  [ "$(head -n 1 NEWS)" = "uml-netutils $version" ]
  [ "$(sed -n '1s/^uml-netutils (\(.*\)) .*/\1/p' debian/changelog)" = "$version" ]
  for page in man/*.[0-9]; do
    grep -q "^\.TH .* \"uml-netutils $version\" " "$page"
  done
}
