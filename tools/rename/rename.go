package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"example.com/herokuapp/tools/internal/tree"
)

// rename gives the modules of the tree at top the path to.
func rename(ctx context.Context, top, to string, dirty bool, out io.Writer) error {
	work, err := tree.ReadWorkspace(top)
	if err != nil {
		return err
	}
	if err := checkPath(work, to); err != nil {
		return err
	}
	if to == work.Path {
		fmt.Fprintf(out, "The modules have the path %s.\n", to)
		return nil
	}
	if !dirty {
		if err := tree.Clean(ctx, top); err != nil {
			return fmt.Errorf("%w\ncommit them, or rename with -dirty", err)
		}
	}
	names, err := tree.Files(ctx, top)
	if err != nil {
		return err
	}
	// Nothing is written before everything is known to work.
	changed, err := changes(top, names, work.Path, to)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		if err := os.WriteFile(filepath.Join(top, name), []byte(changed[name]), 0o600); err != nil { // an existing file keeps its mode
			return fmt.Errorf("%w: the tree is renamed in part; git restore undoes it", err)
		}
	}
	fmt.Fprintf(out, "%s is now %s, in %d files. What to do next: make test check, and commit.\n", work.Path, to, len(changed))
	return nil
}

// checkPath returns an error if the modules of the workspace can't have the path.
func checkPath(work *tree.Workspace, to string) error {
	if err := module.CheckPath(to); err != nil {
		return fmt.Errorf("%w: want a path such as github.com/you/repo", err)
	}
	if _, major, ok := module.SplitPathVersion(to); !ok || major != "" {
		return fmt.Errorf("malformed module path %q: it ends with a version, which would not be that of the modules below", to)
	}
	for _, m := range work.Modules {
		for _, required := range m.File.Require {
			other := required.Mod.Path
			if !work.Has(other) && (other == to || strings.HasPrefix(other, to+"/")) {
				return fmt.Errorf("%s is the path of others: %s requires %s", to, m.Path(), other)
			}
		}
	}
	return nil
}

// changes returns the new contents of those of the files that change.
func changes(top string, names []string, from, to string) (map[string]string, error) {
	changed := map[string]string{}
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(top, name))
		if err != nil {
			return nil, err
		}
		text := string(content)
		renamed := replace(text, from, to)
		if renamed == text {
			continue
		}
		// In a file that is not formatted, or is broken on purpose, only the path changes.
		if tidy, err := layout(name, text); err == nil && tidy == text {
			if renamed, err = layout(name, renamed); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		changed[name] = renamed
	}
	return changed, nil
}
