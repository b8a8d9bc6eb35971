package tree

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrDirty says that the tree is not as its last commit has it.
var ErrDirty = errors.New("the tree has changes that are not committed")

// Clean returns [ErrDirty], with the files, if the tree at dir has a change or a
// file that its last commit has not and Git would take.
func Clean(ctx context.Context, dir string) error {
	status, err := Git(ctx, dir, "status", "--porcelain")
	if err != nil {
		return err
	}
	if status != "" {
		return fmt.Errorf("%w:\n%s", ErrDirty, strings.TrimRight(status, "\n"))
	}
	return nil
}

// Files returns the names of the files of the tree at dir that Git has or would
// take, with forward slashes. One that was deleted but not committed is among them.
func Files(ctx context.Context, dir string) ([]string, error) {
	list, err := Git(ctx, dir, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	if err != nil {
		return nil, err
	}
	if list == "" {
		return nil, errors.New("no file here that Git has or would take")
	}
	return strings.Split(strings.TrimSuffix(list, "\x00"), "\x00"), nil
}
