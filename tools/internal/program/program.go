// Package program builds the program for others: static, without a trace of the machine that
// built it, and with its version and revision linked in. The same commit, built by the same Go,
// gives the same bytes. It needs git and go.
package program

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"example.com/herokuapp/tools/internal/tree"
)

// Source is the tree that the program is built from.
type Source struct {
	Top  string // the tree's folder
	Path string // of the module at the top
	// Version is the version, such as v0.2.0, or empty if the commit is not tagged with one.
	Version string
	// Revision is the commit, with ", modified" if the tree differs from it.
	Revision string
	// Time is when it was committed.
	Time time.Time
}

// Read reads what Git knows of the tree at top.
func Read(ctx context.Context, top string) (Source, error) {
	work, err := tree.ReadWorkspace(top)
	if err != nil {
		return Source{}, err
	}
	commit, err := tree.Git(ctx, top, "show", "--no-patch", "--format=%H %ct", "HEAD")
	if err != nil {
		return Source{}, err
	}
	revision, seconds, _ := strings.Cut(strings.TrimSpace(commit), " ")
	committed, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return Source{}, fmt.Errorf("the time of the last commit: %w", err)
	}
	if err := tree.Clean(ctx, top); err != nil {
		revision += ", modified"
	}
	// Without a tag there is no version, which is not an error.
	version, _ := tree.Git(ctx, top, "describe", "--exact-match", "--tags", "--match", "v[0-9]*")
	return Source{top, work.Path, strings.TrimSpace(version), revision, time.Unix(committed, 0).UTC()}, nil
}

// Platform is an operating system and an architecture, as Go names them.
type Platform struct{ OS, Arch string }

// String returns the platform as in linux/amd64.
func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Build builds the program for the platform into the file out.
func (s Source) Build(ctx context.Context, on Platform, out string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	link := fmt.Sprintf("-s -w -buildid= -X '%[1]s/app/internal/config.linkedVersion=%[2]s' -X '%[1]s/app/internal/config.linkedRevision=%[3]s'",
		s.Path, s.Version, s.Revision)
	build := tree.Command(ctx, s.Top, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", link, "-o", out, "./app")
	build.Env = append(build.Env, "CGO_ENABLED=0", "GOOS="+on.OS, "GOARCH="+on.Arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=")
	if _, err := tree.Run(build); err != nil {
		return fmt.Errorf("build the program for %s: %w", on, err)
	}
	return nil
}
