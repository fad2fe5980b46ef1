#!/bin/sh
# Builds the packages of kamaji-agent and kamaji-exporter: .deb where dpkg-deb is, .rpm where rpmbuild is. They are for
# the distribution that this runs on and those with the same libraries and no older C library; docs/packages.md has more.
#
#   packages.sh             builds both programs for release, and the packages into .build/packages
#   packages.sh --check     then has lintian, rpm and systemd-analyze judge them, and builds them once more to compare
#
#   PACKAGES       one of the two alone, where FORMATS is "deb"
#   OUT            where to, instead of .build/packages
#   FORMATS        "deb", "rpm" or "deb rpm"; what the machine has tools for when empty
#   PROGRAMS       a folder with programs that are built already
#   VERSION        of the packages, where that is not the programs' own
#   DEBFULLNAME, DEBEMAIL    who builds them
#   COMPRESSION    of .deb, instead of xz; "none" for packages that are needed soon and once
#   SHLIBS         "lax": libraries that no package has are no error, as with programs that need Swift's own beside them
set -eu
cd "$(dirname "$0")/.."
packages=${PACKAGES:-kamaji-agent kamaji-exporter}
out=${OUT:-.build/packages}
maintainer="${DEBFULLNAME:-Kamaji maintainers} <${DEBEMAIL:-noreply@users.noreply.github.com}>"

say() { printf '==> %s\n' "$*" >&2; }
complain() {
    printf 'packages: %s\n' "$*" >&2
    exit 1
}

if [ -z "${PROGRAMS:-}" ]; then
    # On other distributions the libraries' headers and rpmbuild are the builder's to install, as docs/packages.md says.
    if command -v apt-get >/dev/null 2>&1; then
        . scripts/prerequisites.sh
        install_from_debian binutils dpkg-dev rpm
        [ "${1:-}" != --check ] || install_from_debian groff lintian man-db systemd
    fi
    say "building for release (the first time takes some minutes)"
    KAMAJI_REVISION=${KAMAJI_REVISION:-$(scripts/revision.sh)}
    export KAMAJI_REVISION
    # Every address is fixed up before the program starts, and cannot be written to afterwards.
    flags="-c release --static-swift-stdlib --disable-local-rpath -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now"
    for package in $packages; do
        # shellcheck disable=SC2086
        swift build $flags --product "$package" >&2
    done
    # shellcheck disable=SC2086
    PROGRAMS=$(swift build $flags --show-bin-path)
fi
formats=${FORMATS:-}
if [ -z "$formats" ]; then
    ! command -v dpkg-deb >/dev/null || formats="deb"
    ! command -v rpmbuild >/dev/null || formats="$formats rpm"
    [ -n "$formats" ] || complain "neither dpkg-deb nor rpmbuild is here: install dpkg-dev or rpm-build"
fi
for package in $packages; do
    [ -x "$PROGRAMS/$package" ] || complain "there is no $PROGRAMS/$package: swift build --product $package"
    told=$("$PROGRAMS/$package" --version)
    [ "${told#* }" = "${first:=${told#* }}" ] || complain "$package is of version ${told#* }, the other of $first"
done
changelog=deploy/packages/changelog
if [ -z "${VERSION:-}" ]; then
    version=$first
    grep -q "^@PACKAGE@ ($version) " $changelog || complain "$changelog begins with another version than $version"
else
    version=$VERSION
fi
# What is the same inside is the same outside: every date is the changelog's.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -u -d "$(sed -n 's/^ -- @MAINTAINER@  //p' $changelog | head -n 1)" +%s)}
export SOURCE_DATE_EPOCH
umask 022

# What both kinds of package have, beneath $2.
stage() {
    package=$1 root=$2
    put() { install -D -m "${3:-644}" "$1" "$root$2"; }
    put "$PROGRAMS/$package" "/usr/bin/$package" 755
    strip --strip-all --remove-section=.comment --remove-section=.note "$root/usr/bin/$package"
    put "systemd/$package.service" "/usr/lib/systemd/system/$package.service"
    put "systemd/$package.preset" "/usr/lib/systemd/system-preset/80-$package.preset"
    for kind in sysusers tmpfiles; do
        [ ! -e "systemd/$package.$kind.conf" ] || put "systemd/$package.$kind.conf" "/usr/lib/$kind.d/$package.conf"
    done
    put "deploy/packages/$package/default" "/etc/default/$package"
    case $package in
    kamaji-agent) put "deploy/packages/$package/config.yaml" /etc/kamaji-agent/config.yaml ;;
    *) put "deploy/packages/$package/config.yaml" /etc/kamaji/exporter.yaml ;;
    esac
    [ "$package" != kamaji-exporter ] || {
        for file in docs/exporter.md docs/metrics.md docs/runbooks.md; do
            put $file "/usr/share/doc/$package/${file##*/}"
        done
        for file in deploy/prometheus/kamaji.rules.yml deploy/grafana/*.json; do
            put "$file" "/usr/share/doc/$package/examples/${file##*/}"
        done
    }
    put /dev/null "/usr/share/man/man8/$package.8"
    scripts/manual.py "deploy/packages/$package/$package.8" "$PROGRAMS/$package" >"$root/usr/share/man/man8/$package.8"
    gzip -9n "$root/usr/share/man/man8/$package.8"
    for shell in bash zsh fish; do
        "$PROGRAMS/$package" --generate-completion-script $shell >"$work/$shell"
    done
    # It is read, never run.
    sed -i '1{/^#!/d}' "$work/bash"
    put "$work/bash" "/usr/share/bash-completion/completions/$package"
    put "$work/fish" "/usr/share/fish/vendor_completions.d/$package.fish"
    put "$work/zsh" "$3/_$package"
}

filled() {
    sed -e "s|@PACKAGE@|$package|" -e "s|@VERSION@|$version|" -e "s|@MAINTAINER@|$maintainer|" \
        -e "s|@ARCHITECTURE@|$architecture|" -e "s|@SIZE@|${size:-}|" -e "s#@DEPENDS@#${depends:-}#" "$1"
}

# The libraries that a program needs, as Debian's packages of them. On 64-bit machines the time_t transition changed
# names and nothing else, so that either name will do.
depends() {
    mkdir -p "$work/shlibs/debian"
    printf 'Source: kamaji\n\nPackage: %s\nArchitecture: any\n' "$package" >"$work/shlibs/debian/control"
    lax=
    [ "${SHLIBS:-}" != lax ] || lax=--ignore-missing-info
    (cd "$work/shlibs" && dpkg-shlibdeps $lax -O -e"$1" 2>"$work/shlibs/complaints") >"$work/shlibs/depends" || {
        cat "$work/shlibs/complaints" >&2
        complain "what $package depends on cannot be told"
    }
    sed -n 's/^shlibs:Depends=//p' "$work/shlibs/depends" |
        if [ "$(getconf LONG_BIT)" = 64 ]; then sed -E \
            -e 's/\b(libcurl4|libssl3|libnghttp2-14)t64( \([^)]*\))?/\1\2/g' \
            -e 's/\b(libcurl4|libssl3)( \([^)]*\))?/\1t64\2 | \1\2/g'; else cat; fi
}

build_deb() {
    package=$1
    root=$work/deb/$package
    architecture=$(dpkg --print-architecture)
    stage "$package" "$root" /usr/share/zsh/vendor-completions
    doc=$root/usr/share/doc/$package
    mkdir -p "$doc" "$root/DEBIAN"
    filled deploy/packages/copyright >"$doc/copyright"
    filled $changelog | sed "1s/([^)]*)/($version)/" | gzip -9n >"$doc/changelog.gz"
    overrides=deploy/packages/$package/lintian-overrides
    [ ! -e "$overrides" ] || put "$overrides" "/usr/share/lintian/overrides/$package"
    for script in postinst prerm postrm; do
        install -m 755 "deploy/packages/$package/$script" "$root/DEBIAN/$script"
    done
    (cd "$root" && find etc -type f | LC_ALL=C sort | sed 's|^|/|') >"$root/DEBIAN/conffiles"
    size=$(du -k -s --apparent-size --exclude=DEBIAN "$root" | cut -f1)
    depends=$(depends "$root/usr/bin/$package")
    filled "deploy/packages/$package/control" >"$root/DEBIAN/control"
    (cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\n' | LC_ALL=C sort | xargs md5sum) \
        >"$root/DEBIAN/md5sums"
    find "$root" -type f ! -perm /111 -exec chmod 644 {} +
    dpkg-deb --root-owner-group "-Z${COMPRESSION:-xz}" --build "$root" "$out" >/dev/null
}

build_rpms() {
    for package in $packages; do
        stage "$package" "$work/rpm/$package" /usr/share/zsh/site-functions
        install -D -m 644 LICENSE "$work/rpm/$package/usr/share/licenses/$package/LICENSE"
    done
    rpmbuild -bb --quiet --nodeps --define "_topdir $work/rpmbuild" --define "stage $work/rpm" \
        --define "kamaji_version $(printf %s "$version" | tr - '~')" --define "kamaji_maintainer $maintainer" \
        deploy/packages/kamaji.spec >"$work/rpmbuild.log" 2>&1 || {
        cat "$work/rpmbuild.log" >&2
        complain "rpmbuild failed"
    }
    cp "$work"/rpmbuild/RPMS/*/*.rpm "$out/"
}

build_all() {
    out=$1
    work=$(mktemp -d)
    mkdir -p "$out"
    rm -f "$out"/*.deb "$out"/*.rpm
    case " $formats " in *" deb "*) for each in $packages; do build_deb "$each"; done ;; esac
    case " $formats " in *" rpm "*) build_rpms ;; esac
    rm -rf "$work"
}

check() {
    failed=0
    wrong() {
        printf 'packages: %s\n' "$*" >&2
        failed=1
    }
    # As root it would warn of just that.
    root_too=
    [ "$(id -u)" != 0 ] || root_too=--allow-root
    case " $formats " in *" deb "*)
        lintian $root_too --fail-on error,warning --show-overrides "$out"/*.deb >&2 || wrong "lintian complains"
        ;;
    esac
    case " $formats " in *" rpm "*)
        for file in "$out"/*.rpm; do
            rpm --checksig --nosignature "$file" >/dev/null || wrong "$file is damaged"
            ! rpm -qp --scripts --nosignature "$file" | grep '%' >&2 || wrong "$file has a macro left in a script"
        done
        ;;
    esac
    # What the units let their programs do; the bounds are in tenths.
    for bound in kamaji-agent:29 kamaji-exporter:19; do
        systemd-analyze security --offline=true --threshold="${bound#*:}" "systemd/${bound%:*}.service" >/dev/null ||
            wrong "${bound%:*}.service is more exposed than ${bound#*:} tenths"
    done
    again=$(mktemp -d)
    built=$out
    build_all "$again"
    for file in "$again"/*; do
        cmp "$file" "$built/${file##*/}" || wrong "${file##*/} is another one each time"
    done
    rm -rf "$again"
    out=$built
    for package in $packages; do
        newest=$(objdump -T "$PROGRAMS/$package" | grep -oE 'GLIBC_[0-9.]+' | sort -Vu | tail -n 1)
        say "$package needs a C library from $newest on"
    done
    return $failed
}

case $out in /*) ;; *) out=$PWD/$out ;; esac
work=
trap '[ -z "$work" ] || rm -rf "$work"' EXIT
build_all "$out"
[ "${1:-}" != --check ] || check || complain "the packages are not as they should be"
(cd "$out" && ls -l ./*.* | awk '{ print "==> " $9 ", " $5 " bytes" }') >&2
