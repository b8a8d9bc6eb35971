package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// makeScratch makes a folder in temp. It has the same name each time, unless there
// is one: the path of a file is part of what the build cache knows it by, and with
// another each time a walk would compile all modules anew and leave 100 MB there.
func makeScratch(temp string) (string, error) {
	dir := filepath.Join(temp, "herokucheck")
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		dir, err = os.MkdirTemp(temp, "herokucheck-")
	}
	if err != nil {
		return "", fmt.Errorf("making a temporary folder: %w", err)
	}
	return dir, nil
}

// remove removes the folder and all that it holds, the folders of a module cache
// too, in which nobody may write.
func remove(dir string) error {
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		return os.Chmod(path, 0o700) //nolint:gosec // a folder has to be entered
	})
	if err != nil {
		return fmt.Errorf("removing the temporary folder: %w", err)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("removing the temporary folder: %w", err)
	}
	return nil
}
