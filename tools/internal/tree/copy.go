package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Copy copies the files of the tree at from that Git has or would take into the
// folder to, as they are now, and returns how many they are.
func Copy(ctx context.Context, from, to string) (int, error) {
	names, err := Files(ctx, from)
	if err != nil {
		return 0, err
	}
	source, err := os.OpenRoot(from)
	if err != nil {
		return 0, fmt.Errorf("opening the tree: %w", err)
	}
	defer source.Close()
	target, err := os.OpenRoot(to)
	if err != nil {
		return 0, fmt.Errorf("opening the folder to copy to: %w", err)
	}
	defer target.Close()

	n := 0
	for _, name := range names {
		err := copyFile(source, target, name)
		if errors.Is(err, errDeleted) {
			continue
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, ctx.Err()
}

// errDeleted says that Git still has the file and the tree does not.
var errDeleted = errors.New("deleted")

// copyFile copies what Git keeps of a file: its content, or where a link leads,
// and whether it can be run.
func copyFile(source, target *os.Root, name string) error {
	info, err := source.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return errDeleted
	}
	if err != nil {
		return fmt.Errorf("copying: %w", err)
	}
	if err := target.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return fmt.Errorf("copying %s: %w", name, err)
	}
	switch info.Mode().Type() {
	case 0:
		err = copyContent(source, target, name, info.Mode().Perm())
	case fs.ModeSymlink:
		var to string
		if to, err = source.Readlink(name); err == nil {
			err = target.Symlink(to, name)
		}
	default:
		err = errors.New("neither a file nor a link")
	}
	if err != nil {
		return fmt.Errorf("copying %s: %w", name, err)
	}
	return nil
}

func copyContent(source, target *os.Root, name string, mode fs.FileMode) (err error) {
	in, err := source.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := target.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
