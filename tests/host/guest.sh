#!/bin/busybox sh
# The first process of the emulated host: puts this machine's file system together, runs the command, switches off.
# emulated.sh writes NAME, HOME_DIR, KERNEL, RUN, CHECKOUT and MODE below this line; only busybox is here to work with.

/bin/busybox mkdir -p /proc /sys /dev /host /disk /new
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done </modules/list

# The machine's own files come over 9p. What the guest writes goes to its disk and is gone with it, for the guest may
# not change the machine, except in the checkout, where a command's reports and updated files are expected.
mount -t 9p -o version=9p2000.L,trans=virtio,msize=512000,cache=loose,access=client host /host
mount -t ext4 -o noatime /dev/vda /disk
mkdir -p /disk/upper /disk/work
mount -t overlay -o lowerdir=/host,upperdir=/disk/upper,workdir=/disk/work host /new
cd /new || poweroff -f
mount --bind "/host$CHECKOUT" "./$CHECKOUT"
mkdir -p ".$HOME_DIR" lib/modules
# microVMs need user extended attributes and real inodes: straight on the disk, no overlay between.
mount --bind /disk/home ".$HOME_DIR"
version=$(uname -r)
[ -e "lib/modules/$version" ] || ln -s "$KERNEL/lib/modules/$version" "lib/modules/$version"

for dir in proc sys dev; do mount --bind "/$dir" "$dir"; done
mkdir -p dev/pts dev/shm
mount -t devpts -o mode=620,ptmxmode=666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mount -t cgroup2 cgroup2 sys/fs/cgroup
ln -sf /proc/self/fd dev/fd
ln -sf /proc/self/fd/0 dev/stdin
ln -sf /proc/self/fd/1 dev/stdout
ln -sf /proc/self/fd/2 dev/stderr
hostname "$NAME"
ip link set lo up
# Each level of a page table costs a nested guest several look-ups in software, and huge pages save one.
for file in enabled shmem_enabled; do echo always >"sys/kernel/mm/transparent_hugepage/$file"; done
ulimit -n 65536

# The ports of emulated.sh, by their numbers; the number before depends on where QEMU put the device.
port() { echo /dev/vport*p"$1"; }

if [ "$MODE" = shell ]; then
  # /dev/hvc0 is the terminal of run.sh.
  setsid -c chroot . /bin/bash "$RUN/command" <>dev/hvc0 >&0 2>&1
  echo $? >"$(port 3)"
else
  # The command gets pipes, as under any test runner: the ports behind them can only be opened once.
  mkfifo run/out run/err
  cat run/out >"$(port 1)" &
  if [ "$MODE" = merged ]; then
    chroot . /bin/bash "$RUN/command" </dev/null >run/out 2>&1
  else
    cat run/err >"$(port 2)" &
    chroot . /bin/bash "$RUN/command" </dev/null >run/out 2>run/err
  fi
  status=$?
  # What the command left running may hold its pipes open, so the rest of its output is not waited for without end.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    jobs | grep -q Running || break
    sleep 0.2
  done
  sync -f "./$CHECKOUT"
  echo $status >"$(port 3)"
fi
poweroff -f
