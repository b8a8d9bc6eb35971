package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"example.com/herokuapp/tools/internal/program"
)

// Whoever runs the image relies on these. The Dockerfile has the same.
const (
	entrypoint = "/app"
	userID     = 65532
	user       = "65532:65532"
	port       = "8000/tcp"
	volume     = "/data"
)

func platforms() []program.Platform {
	return []program.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}}
}

// newIndex builds the image for each platform.
func newIndex(ctx context.Context, source program.Source) (v1.ImageIndex, error) {
	base, err := baseLayer(source.Time)
	if err != nil {
		return nil, err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, on := range platforms() {
		image, err := newImage(ctx, source, on, base)
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: on.OS, Architecture: on.Arch}},
		})
	}
	annotated, ok := mutate.Annotations(index, labels(source)).(v1.ImageIndex)
	if !ok {
		return nil, fmt.Errorf("annotations made of an index a %T", annotated)
	}
	return annotated, nil
}

func newImage(ctx context.Context, source program.Source, on program.Platform, base v1.Layer) (v1.Image, error) {
	binary, err := built(ctx, source, on)
	if err != nil {
		return nil, err
	}
	top, err := newLayer(source.Time, []file{{name: entrypoint, mode: 0o755, content: binary}})
	if err != nil {
		return nil, err
	}
	created := v1.Time{Time: source.Time}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.ConfigFile(image, &v1.ConfigFile{
		OS: on.OS, Architecture: on.Arch, Created: created, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint:   []string{entrypoint},
			User:         user,
			WorkingDir:   volume,
			ExposedPorts: map[string]struct{}{port: {}},
			Volumes:      map[string]struct{}{volume: {}},
			Labels:       labels(source),
			StopSignal:   "SIGTERM",
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(image,
		mutate.Addendum{Layer: base, MediaType: types.OCILayer, History: v1.History{Created: created, CreatedBy: "tools/image: authorities, /data"}},
		mutate.Addendum{Layer: top, MediaType: types.OCILayer, History: v1.History{Created: created, CreatedBy: "tools/image: the program"}},
	)
}

// built returns the program for the platform.
func built(ctx context.Context, source program.Source, on program.Platform) ([]byte, error) {
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "app")
	if err := source.Build(ctx, on, out); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// labels returns the image's labels, which have the names of the OCI Image Format Specification.
func labels(source program.Source) map[string]string {
	const key = "org.opencontainers.image."
	found := map[string]string{
		key + "title":       "counter",
		key + "description": "A page-view counter: each view counts exactly once",
		key + "licenses":    "MIT",
		key + "revision":    source.Revision,
		key + "created":     source.Time.Format(time.RFC3339),
	}
	if source.Version != "" {
		found[key+"version"] = source.Version
	}
	if !strings.HasPrefix(source.Path, "example.com/") { // until it is renamed, nothing is there
		found[key+"source"] = "https://" + source.Path
	}
	return found
}
