# The emulated host, sourced by run.sh: QEMU without hardware help, this machine's files, and an x86 processor with
# AMD's virtualization, which QEMU emulates and Intel's it does not.

emulated() {
  "$here/install.sh"
  PATH=$host/qemu/usr/bin:$PATH:/usr/sbin:/sbin
  local mode=split status=0
  # One stream when both go to the same place, so that their lines keep their order.
  [ ! /dev/fd/1 -ef /dev/fd/2 ] || mode=merged
  [ "$1" != --shell ] || { mode=shell; set -- bash; }

  # MSB_HOME moves to the guest's disk. No journal, for the disk does not outlive the run; its 32 GiB are holes until
  # written.
  mkdir "$run/root"
  mv "$MSB_HOME" "$run/root/home"
  mkfs.ext4 -q -O ^has_journal -d "$run/root" "$run/disk" 32G >"$run/mkfs" 2>&1 || { cat "$run/mkfs" >&2; return 1; }
  rm -rf "$run/root"

  # The command with its environment and folder, for the guest to read. The folder is this user's alone.
  {
    export -p
    # These name sockets of this machine.
    printf 'unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS SSH_AUTH_SOCK\n'
    [ $mode != shell ] || printf 'stty rows %s cols %s\n' $(stty size)
    printf 'cd %q && exec %s\n' "$PWD" "$(printf '%q ' "$@")"
  } >"$run/command"
  {
    sed '/^$/q' "$here/guest.sh"
    printf 'NAME=%q HOME_DIR=%q KERNEL=%q RUN=%q CHECKOUT=%q MODE=%s\n' "$(uname -n)" "$MSB_HOME" "$host/kernel" "$run" "$checkout" "$mode"
    sed '1,/^$/d' "$here/guest.sh"
  } >"$run/init"
  chmod +x "$run/init"
  # The kernel reads archives that follow one another as one.
  { cat "$host/kernel/modules.cpio"; (cd "$run" && echo init | busybox cpio -o -H newc 2>/dev/null); } >"$run/initrd"

  local arguments=(
    -nodefaults -no-user-config -no-reboot -display none -machine q35
    # Without the fast string instructions, which QEMU emulates byte by byte, and kernels prefer where they are: boots
    # and commands take two thirds of the time.
    -accel tcg,thread=multi,tb-size=1024 -cpu "max,+svm,+npt,-erms,-fsrm" -m 8G
    # One processor, unless asked for more: what two do to each other costs more than half as much again.
    -smp "${MICROSANDBOX_TEST_HOST_CPUS:-1}"
    -kernel "$host/kernel/vmlinux" -initrd "$run/initrd"
    # QEMU 10.0 now and then loses an interrupt of a processor that runs microVMs. Only the next one makes up for it, and
    # with one-shot timers (nohz, highres) there may be none: the machine then stands still. A periodic timer always has
    # a next one. With tsc=reliable reading the clock needs no exit; the rest leaves out work that protects nobody here.
    -append "console=ttyS0 quiet loglevel=3 panic=-1 nohz=off highres=off tsc=reliable mitigations=off nokaslr audit=0 \
apparmor=0 init_on_alloc=0"
    -serial "file:$run/console"
    -virtfs local,path=/,mount_tag=host,security_model=none,multidevs=remap
    -drive "if=none,id=disk,file=$run/disk,format=raw,cache=unsafe" -device virtio-blk-pci,drive=disk
    -device virtio-rng-pci
    -device virtio-serial-pci
    -chardev "file,id=status,path=$run/status" -device virtserialport,nr=3,chardev=status
  )
  if [ $mode = shell ]; then
    arguments+=(-chardev stdio,id=tty,signal=off -device virtconsole,nr=4,chardev=tty)
    # QEMU must be in the terminal's own process group to set it to raw mode.
    timeout --foreground "$limit" qemu-system-x86_64 "${arguments[@]}" || status=$?
  else
    mkfifo "$run/out" "$run/err"
    cat "$run/out" &
    local readers=$!
    cat "$run/err" >&2 &
    readers="$readers $!"
    arguments+=(-chardev "file,id=out,path=$run/out" -device virtserialport,nr=1,chardev=out)
    arguments+=(-chardev "file,id=err,path=$run/err" -device virtserialport,nr=2,chardev=err)
    await setpriv --pdeathsig TERM timeout -k 10 "$limit" \
      qemu-system-x86_64 "${arguments[@]}" </dev/null >"$run/qemu" 2>&1 || status=$?
    # shellcheck disable=SC2086 # a list of numbers
    wait $readers || true
  fi
  [ $status != 124 ] || return 124
  if [ ! -s "$run/status" ]; then
    say "the emulated host ended before the command did (QEMU's exit code: $status); its last words:"
    tail -n 20 "$run/qemu" "$run/console" >&2
    return 125
  fi
  return "$(cat "$run/status")"
}
