#!/bin/bash
# Installs what the folder needs and this machine lacks. Does nothing, quickly, when nothing is missing.
#   install.sh image      what image.sh needs
#   install.sh registry   the registry that tests of pulls start
#   install.sh            all that, and what the emulated host needs
. "$(dirname "$0")/lib.sh"

what=${1:-all}
# Packages by the program that shows they are there.
case $what in
  image) wanted="busybox:busybox-static openssl:openssl" ;;
  registry) wanted="openssl:openssl" ;;
  *)
    wanted="busybox:busybox-static openssl:openssl qemu-system-x86_64:qemu-system-x86 mkfs.ext4:e2fsprogs modprobe:kmod \
      xz:xz-utils"
    ;;
esac

PATH=$PATH:/usr/sbin:/sbin
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo
updated=

# A machine that was never updated knows no packages, so the lists are read once, and only when something is missing.
apt_update() {
  [ -z "$updated" ] || return 0
  say "apt-get update"
  $sudo apt-get update -q </dev/null >&2
  updated=1
}

packages=
for pair in $wanted; do
  command -v "${pair%%:*}" >/dev/null || packages="$packages ${pair#*:}"
done
if [ -n "$packages" ]; then
  # apt does not wait for another one that reads lists or installs.
  lock
  apt_update
  say "apt-get install$packages"
  # shellcheck disable=SC2086 # a list of packages
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages </dev/null >&2
  unlock
fi
[ $what != image ] || exit 0

# The newest kernel there is, then kept: a finished one is used until the build directory is cleared.
if [ -e "$host/registry" ] &&
  { [ $what = registry ] || { [ -e "$host/kernel/modules.cpio" ] && [ -e "$host/qemu" ]; }; }; then exit 0; fi

lock
work=$host/install.new
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Unpacks a package under the build directory without installing it: no kernel in /boot, no service started.
unpack() { # PACKAGE FOLDER
  apt_update
  say "downloading $1"
  rm -rf "$work"; mkdir -p "$work/deb" "$work/root"
  # Without the option apt complains, for root, that its own user cannot write here.
  (cd "$work/deb" && apt-get download -q -o APT::Sandbox::User=root "$1" </dev/null >&2)
  say "unpacking $1"
  dpkg-deb -x "$work"/deb/*.deb "$work/root"
  "${3:-true}" "$work/root"
  mv "$work/root" "$2"
}

# The kernel as an uncompressed ELF file, which QEMU starts at once. Unpacking itself under emulation costs it seconds.
vmlinux() { # ROOT
  local image offset command magic
  image=$(echo "$1"/boot/vmlinuz-*)
  while read -r magic command; do
    for offset in $(LC_ALL=C grep -aobP "$magic" "$image" | cut -d: -f1); do
      tail -c "+$((offset + 1))" "$image" | $command >"$1/vmlinux" 2>/dev/null || true
      [ "$(head -c 4 "$1/vmlinux" | tail -c 3)" != ELF ] || return 0
    done
  done <<'FORMATS'
\xFD7zXZ\x00 xz -dc
\x28\xB5\x2F\xFD zstd -dc
\x1F\x8B\x08 gzip -dc
FORMATS
  cp "$image" "$1/vmlinux"
}

# What the guest loads, each module after those it needs, as an archive that emulated.sh puts its init script behind.
modules() { # ROOT
  local version dir file
  version=$(ls "$1/lib/modules")
  depmod -b "$1" "$version"
  dir=$work/initramfs
  mkdir -p "$dir/bin" "$dir/modules"
  cp "$(command -v busybox)" "$dir/bin/busybox"
  for name in virtio_pci virtio_console virtio_blk virtio_rng 9pnet_virtio 9p ext4 overlay kvm-amd tun; do
    modprobe -d "$1" -S "$version" --show-depends "$name"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
    # Newer Debian kernels compress their modules, which busybox cannot load.
    case $file in
      *.xz) xz -dc "$file" >"$dir/modules/$(basename "$file" .xz)" ;;
      *) cp "$file" "$dir/modules/" ;;
    esac
    basename "$file" .xz >>"$dir/modules/list"
  done
  (cd "$dir" && find . | busybox cpio -o -H newc 2>/dev/null) >"$1/modules.cpio"
}

kernel() { vmlinux "$1"; modules "$1"; }

if [ $what = all ] && [ ! -e "$host/kernel/modules.cpio" ]; then
  apt_update
  # The package of this name holds no files: it depends on the newest kernel's.
  name=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
  [ -n "$name" ] || die "apt knows no package linux-image-amd64; the emulated host needs Debian's kernel"
  rm -rf "$host/kernel"
  unpack "$name" "$host/kernel" kernel
fi

# The QEMU of Debian 12, 7.2, broke the guest's kernel once while it emulated AMD's virtualization. Debian's backports
# have a newer one that needs no newer libraries. It is unpacked beside the kernel and found there first; where
# it cannot be had, or is not needed, the folder stays empty and the installed one serves.
newer_qemu() {
  local version site options=(-q -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$work/lists" -o APT::Sandbox::User=root)
  rm -rf "$work"; mkdir -p "$work/deb" "$work/root" "$work/lists/partial"
  version=$(qemu-system-x86_64 --version | grep -o '[0-9]*' | head -n 1)
  site=$(apt-get indextargets --format '$(SITE) $(CODENAME) $(COMPONENT)' |
    awk '$2 == "bookworm" && $3 == "main" { print $1; exit }')
  if [ "$version" -lt 8 ] && [ -n "$site" ]; then
    say "downloading a newer QEMU"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site bookworm-backports main" >"$work/sources.list"
    apt-get "${options[@]}" update </dev/null >&2 &&
      (cd "$work/deb" && apt-get "${options[@]}" download qemu-system-x86 qemu-system-common qemu-system-data seabios) \
        </dev/null >&2 &&
      for package in "$work"/deb/*.deb; do dpkg-deb -x "$package" "$work/root"; done &&
      "$work/root/usr/bin/qemu-system-x86_64" --version >/dev/null ||
      { say "there is none to be had; QEMU $version serves"; rm -rf "$work/root"; mkdir "$work/root"; }
  fi
  mv "$work/root" "$host/qemu"
}

if [ $what = all ] && [ ! -e "$host/qemu" ]; then newer_qemu; fi

# Tests of pulls, credentials and TLS start it themselves, on loopback.
[ -e "$host/registry" ] || unpack docker-registry "$host/registry"
say "ready in $host"
