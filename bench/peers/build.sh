#!/bin/sh
# build.sh OWNER/REPOSITORY COMMIT SIDE: what people have a webhook run. Fetches the commit, builds what is in it, pushes it.
# Of the environment: GITHUB_API, GITHUB_TOKEN, REGISTRY, DOCKER, DOCKER_HOST, DOCKER_BUILDKIT.
set -e
repository=$1 commit=$2 side=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
curl -fsSL -H "Authorization: Bearer $GITHUB_TOKEN" "$GITHUB_API/repos/$repository/tarball/$commit" |
    tar -xz --strip-components=1 -C "$work"
cd "$work"
tag=$(printf %.12s "$commit")
for dockerfile in Dockerfile */Dockerfile; do
    [ -f "$dockerfile" ] || continue
    folder=$(dirname "$dockerfile")
    image=$REGISTRY/bench-$side/$([ "$folder" = . ] && echo app || echo "$folder"):$tag
    "$DOCKER" build -q --label "org.opencontainers.image.revision=$commit" -t "$image" "$folder"
    "$DOCKER" push -q "$image"
done
