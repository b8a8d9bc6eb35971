package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"example.com/herokuapp/tools/internal/tree"
)

// branch is where versions are made.
const branch = "main"

// release is a version to make.
type release struct {
	top     string // of the tree
	version string
	date    time.Time
	check   []string // the command that must pass
	do      bool     // make it, don't only show it
	out     io.Writer
}

// run makes the version, or shows it. If it returns an error, nothing was changed.
func (r *release) run(ctx context.Context) error {
	work, err := tree.ReadWorkspace(r.top)
	if err != nil {
		return err
	}
	if err := r.refuse(ctx); err != nil {
		return err
	}
	var tags []string
	for _, m := range work.Modules {
		tags = append(tags, m.Tag(r.version))
	}
	if strings.HasPrefix(work.Path, "example.com/") {
		r.say("Nobody can get modules from example.com: go run ./tools/rename gives them your path.\n")
	}
	return r.beside(ctx, func(dir string) error {
		if err := r.edit(ctx, dir); err != nil {
			return err
		}
		if r.do {
			return r.make(ctx, dir, tags)
		}
		return r.show(ctx, dir, tags)
	})
}

// refuse returns an error if no version can be made now.
func (r *release) refuse(ctx context.Context) error {
	tags, err := tree.Git(ctx, r.top, "tag", "--list")
	if err != nil {
		return err
	}
	if err := checkVersion(r.version, strings.Fields(tags)); err != nil {
		return err
	}
	if err := r.onBranch(ctx); err != nil {
		return err
	}
	return tree.Clean(ctx, r.top)
}

func (r *release) onBranch(ctx context.Context) error {
	head, err := tree.Git(ctx, r.top, "rev-parse", "--abbrev-ref", "HEAD")
	if err != nil {
		return err
	}
	if head = strings.TrimSpace(head); head != branch {
		return fmt.Errorf("versions are made on %s, and this is %s", branch, head)
	}
	return nil
}

// beside calls do with a separate work tree of the last commit, and removes it afterwards.
func (r *release) beside(ctx context.Context, do func(dir string) error) (err error) {
	scratch, err := os.MkdirTemp("", "release-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()

	dir := filepath.Join(scratch, "tree")
	if _, err := tree.Git(ctx, r.top, "worktree", "add", "--quiet", "--detach", dir); err != nil {
		return err
	}
	defer func() {
		_, gone := tree.Git(context.WithoutCancel(ctx), r.top, "worktree", "remove", "--force", dir)
		err = errors.Join(err, gone)
	}()
	return do(dir)
}

// show reports what make would do.
func (r *release) show(ctx context.Context, dir string, tags []string) error {
	if _, err := tree.Git(ctx, dir, "add", "--intent-to-add", "."); err != nil {
		return err
	}
	diff, err := tree.Git(ctx, dir, "diff")
	if err != nil {
		return err
	}
	r.say("%s\n", diff)
	r.say("Would run: %s\n", strings.Join(r.check, " "))
	r.say("Would commit this on %s and tag it: %s\n", branch, strings.Join(tags, " "))
	r.say("Nothing was changed. To do it: go run ./tools/release -do %s\n", r.version)
	return ctx.Err()
}

// make commits the edits in dir, checks the commit, and moves the tree to it.
func (r *release) make(ctx context.Context, dir string, tags []string) error {
	if _, err := tree.Git(ctx, dir, "add", "."); err != nil {
		return err
	}
	if _, err := tree.Git(ctx, dir, "commit", "--quiet", "--message", "release "+r.version); err != nil {
		return err
	}
	head, err := commitAt(ctx, dir)
	if err != nil {
		return err
	}
	if len(r.check) > 0 {
		check := tree.Command(ctx, dir, r.check[0], r.check[1:]...)
		check.Stdout, check.Stderr = r.out, r.out
		if err := check.Run(); err != nil {
			return fmt.Errorf("%s: %w; nothing was changed", strings.Join(r.check, " "), err)
		}
	}
	tagged, err := r.installable(ctx, dir)
	if err != nil {
		return err
	}
	if err := r.land(ctx, head, tagged, tags); err != nil {
		return fmt.Errorf("%w; nothing was changed", err)
	}
	r.say("Made %s. To publish it:\n\n\tgit push --atomic origin %s %s\n", r.version, branch, strings.Join(tags, " "))
	return nil
}

// land tags the one commit and moves the tree to the other: both or none.
func (r *release) land(ctx context.Context, head, tagged string, tags []string) (err error) {
	var made []string
	defer func() {
		if err != nil && len(made) > 0 {
			_, undone := tree.Git(context.WithoutCancel(ctx), r.top, append([]string{"tag", "--delete"}, made...)...)
			err = errors.Join(err, undone)
		}
	}()
	for _, tag := range tags {
		if _, err := tree.Git(ctx, r.top, "tag", "--annotate", "--message", tag, tag, tagged); err != nil {
			return err
		}
		made = append(made, tag)
	}
	// While the checks ran, the tree may have been worked on.
	if err := r.onBranch(ctx); err != nil {
		return err
	}
	_, err = tree.Git(ctx, r.top, "merge", "--quiet", "--ff-only", head)
	return err
}

func (r *release) say(format string, args ...any) { fmt.Fprintf(r.out, format, args...) }
