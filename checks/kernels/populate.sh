#!/bin/sh
# Makes a root that mmdebstrap has filled into a machine that boots, is on the network, and can be entered by ssh.
# $1 the root, $2 the public key of whoever enters, $3 a folder with kernels' packages, in a folder for each.
set -eu
root=$1 key=$2 kernels=$3

# What this machine has to reach its package sources.
cp -a /etc/ssl/certs/. "$root/etc/ssl/certs/"
echo 'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' >>"$root/etc/environment"
for file in /etc/npmrc; do [ ! -f "$file" ] || cp "$file" "$root$file"; done

echo guest >"$root/etc/hostname"
printf '127.0.0.1 localhost guest\n' >"$root/etc/hosts"
echo '/dev/vda / ext4 defaults 0 1' >"$root/etc/fstab"
mkdir -p "$root/etc/systemd/network" "$root/files"
printf '[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/10-ethernet.network"
# QEMU's own.
rm -f "$root/etc/resolv.conf"
echo 'nameserver 10.0.2.3' >"$root/etc/resolv.conf"
chroot "$root" systemctl enable -q systemd-networkd ssh

chroot "$root" useradd -m -s /bin/bash alice
! chroot "$root" getent group docker >/dev/null || chroot "$root" usermod -aG docker alice
for home in root home/alice; do
  mkdir -p "$root/$home/.ssh"
  cp "$key" "$root/$home/.ssh/authorized_keys"
  [ ! -f "$HOME/.npmrc" ] || cp "$HOME/.npmrc" "$root/$home/.npmrc"
done
chroot "$root" chown -R alice:alice /home/alice

for package in "$kernels"/*/*.deb; do
  # /lib is a link to /usr/lib, and stays one.
  dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink --exclude='./usr/share/*'
done
# Small, since an emulated machine unpacks it.
echo MODULES=list >"$root/etc/initramfs-tools/conf.d/modules"
printf 'virtio_pci\nvirtio_blk\next4\n' >>"$root/etc/initramfs-tools/modules"
for modules in "$root"/usr/lib/modules/*; do
  release=${modules##*/}
  # Where Debian's maintainer scripts would copy them.
  for name in vmlinuz config; do
    [ ! -f "$modules/$name" ] || cp "$modules/$name" "$root/boot/$name-$release"
  done
  chroot "$root" depmod "$release"
  chroot "$root" update-initramfs -c -k "$release"
done
