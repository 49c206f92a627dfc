#!/bin/bash
# Signs medview.app, packs it into a disk image and has it notarised: make_dmg.sh medview.app TARGET.dmg
#
# MEDVIEW_SIGN     name of a "Developer ID Application" identity in the keychain; without it the app is signed ad hoc, and
#                  a Mac that downloads it asks its user for an exception
# MEDVIEW_NOTARY   name of a keychain profile made with `xcrun notarytool store-credentials`; without it: not notarised
set -euo pipefail
app=$1
target=$2
here=$(cd "$(dirname "$0")" && pwd)
identity=${MEDVIEW_SIGN:--}
options=(--force --timestamp=none)
if [ "$identity" != "-" ]; then
    options=(--force --timestamp --options runtime --entitlements "$here/entitlements.plist")
fi
# Inside out: a signature covers what is signed below it.
find "$app/Contents" -type f \( -name '*.dylib' -o -name '*.so' -o -perm -u+x \) -print0 |
    while IFS= read -r -d '' file; do
        if file -b "$file" | grep -q Mach-O; then codesign "${options[@]}" --sign "$identity" "$file"; fi
    done
codesign "${options[@]}" --sign "$identity" "$app"
codesign --verify --deep --strict "$app"
staged=$(mktemp -d)
cp -R "$app" "$staged/"
ln -s /Applications "$staged/Applications"
rm -f "$target"
hdiutil create -volname medview -srcfolder "$staged" -fs HFS+ -format UDZO "$target"
rm -rf "$staged"
if [ "$identity" != "-" ]; then codesign --timestamp --sign "$identity" "$target"; fi
if [ -n "${MEDVIEW_NOTARY:-}" ]; then
    xcrun notarytool submit "$target" --keychain-profile "$MEDVIEW_NOTARY" --wait
    xcrun stapler staple "$target"
fi
