#!/usr/bin/env bash
# Puts this checkout where the units of deploy/systemd expect it; run as root from the checkout, again for every new version.
# What is there already (settings, keys, data) is left as it is. INSTALL_ROOT=/somewhere installs below another folder to look
# at; WITHOUT_LIBRARIES=1 leaves the environment out.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
root=${INSTALL_ROOT:-}
program=$root/opt/hailong settings=$root/etc/hailong data=$root/var/lib/hailong units=$root/etc/systemd/system

if [ -z "$root" ] && [ "$(id -u)" != 0 ]; then
  echo "Run it as root, or set INSTALL_ROOT to look at what it does." >&2
  exit 1
fi
owner=root group=root user=root
if [ -z "$root" ]; then
  id hailong >/dev/null 2>&1 || useradd --system --home-dir /var/lib/hailong --shell /usr/sbin/nologin hailong
  group=hailong user=hailong
elif [ "$(id -u)" != 0 ]; then
  owner=$(id -un) group=$(id -gn) user=$owner
fi

echo "Program: $program"
mkdir -p "$program"
git -C "$here" archive --format=tar HEAD | tar -x -C "$program"
if [ "${WITHOUT_LIBRARIES:-}" != 1 ]; then
  make -C "$program" setup
fi

echo "Settings: $settings"
install -d -m 0750 -o "$owner" -g "$group" "$settings"
install -d -m 0700 -o "$user" -g "$group" "$data"
if [ ! -e "$settings/hailong.env" ]; then
  install -m 0640 -o "$owner" -g "$group" "$here/deploy/systemd/hailong.env" "$settings/hailong.env"
fi
if [ ! -e "$settings/secret-key" ]; then
  (umask 077 && head -c 48 /dev/urandom | base64 -w 0 >"$settings/secret-key.new")
  install -m 0640 -o "$owner" -g "$group" "$settings/secret-key.new" "$settings/secret-key"
  rm "$settings/secret-key.new"
fi

echo "Units: $units"
mkdir -p "$units"
install -m 0644 "$here"/deploy/systemd/hailong-*.service "$here"/deploy/systemd/hailong-*.timer "$units"
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi

cat <<'NEXT'
Next, once:
  1. /etc/hailong/hailong.env: the address, the province's name. /etc/hailong/database-url (0640): postgresql://hailong_app@/hailong
  2. PostgreSQL: deploy/postgresql/roles.sql as a superuser; manage.py migrate and deploy/postgresql/grants.sql as hailong_owner
  3. deploy/nginx-main.conf as /etc/nginx/nginx.conf, deploy/nginx.conf as its site; or deploy/Caddyfile to Caddy
  4. systemctl enable --now hailong-web hailong-tasks hailong-seal.timer hailong-backup.timer, hailong-dispatch where messages are sent
  5. manage.py check --deploy says nothing; manage.py first_admin --name "..." prints the first link
After a new version: 2 (migrate, grants), then systemctl restart hailong-web hailong-tasks hailong-dispatch.
NEXT
