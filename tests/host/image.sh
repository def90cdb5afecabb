#!/bin/bash
# Writes the image that the VM tests boot, an OCI archive of a static busybox, without any network.
#   image.sh OUT.tar
. "$(dirname "$0")/lib.sh"

name=localhost/busybox:test
[ $# = 1 ] || die "usage: image.sh OUT.tar"
out=$1
"$here/install.sh" image
busybox=$(PATH=$PATH:/usr/sbin:/sbin command -v busybox)
# The same program and the same recipe make the same archive, so it is made once.
cache=$host/image-$(cat "$busybox" "$here/image.sh" | sha256sum | cut -c1-16).tar

if [ ! -e "$cache" ]; then
  lock
  work=$host/image.new
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  rm -rf "$work"
  say "making the image $name"

  root=$work/root
  mkdir -p "$root"/{bin,dev,etc,home/guest,proc,root,run,sys,tmp,usr/bin,var/tmp}
  chmod 700 "$root/root"
  chmod 1777 "$root/tmp" "$root/var/tmp"
  cp "$busybox" "$root/bin/busybox"
  chmod 755 "$root/bin/busybox"
  for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
  done
  # Scripts begin with this path.
  ln -s ../../bin/busybox "$root/usr/bin/env"
  printf '%s\n' root:x:0:0:root:/root:/bin/sh guest:x:1000:1000:guest:/home/guest:/bin/sh >"$root/etc/passwd"
  printf '%s\n' root:x:0: guest:x:1000: >"$root/etc/group"
  printf '%s\n' ID=busybox 'PRETTY_NAME="busybox test image"' >"$root/etc/os-release"

  # Fixed order, times and owners, or two machines would make two digests.
  pack() { tar --format=ustar --sort=name --mtime=@0 --numeric-owner "$@"; }
  pack --owner=0 --group=0 -C "$root" -cf "$work/layer" --exclude=./home/guest .
  pack --owner=1000 --group=1000 -C "$root" -rf "$work/layer" ./home/guest

  blobs=$work/oci/blobs/sha256
  mkdir -p "$blobs"
  blob() { # TYPE FILE: moves the file among the blobs and prints its descriptor's members
    local sum size
    sum=$(sha256sum "$2" | cut -d' ' -f1)
    size=$(stat -c %s "$2")
    mv "$2" "$blobs/$sum"
    printf '"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%s' "$1" "$sum" "$size"
  }
  case $(uname -m) in aarch64) arch=arm64 ;; *) arch=amd64 ;; esac
  # The layer is not compressed, so its digest is also the identity of its content.
  layer=$(blob layer.v1.tar "$work/layer")
  diff=$(printf '%s' "$layer" | grep -o 'sha256:[0-9a-f]*')
  printf '%s' "{\"created\":\"1970-01-01T00:00:00Z\",\"architecture\":\"$arch\",\"os\":\"linux\"," \
    '"config":{"Env":["PATH=/bin:/usr/bin"],"Cmd":["/bin/sh"],"WorkingDir":"/"},' \
    "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"$diff\"]}}" >"$work/config"
  config=$(blob config.v1+json "$work/config")
  printf '%s' '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",' \
    "\"config\":{$config},\"layers\":[{$layer}]}" >"$work/manifest"
  manifest=$(blob manifest.v1+json "$work/manifest")
  printf '%s' "{\"schemaVersion\":2,\"manifests\":[{$manifest,\"annotations\":" \
    "{\"org.opencontainers.image.ref.name\":\"$name\"}}]}" >"$work/oci/index.json"
  printf '%s' '{"imageLayoutVersion":"1.0.0"}' >"$work/oci/oci-layout"
  pack --owner=0 --group=0 -C "$work/oci" -cf "$work/archive" .
  mv "$work/archive" "$cache"
fi
cp "$cache" "$out.new.$$" && mv "$out.new.$$" "$out"
